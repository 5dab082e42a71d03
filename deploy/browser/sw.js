// Keeps the page on the device: these files and no others. The build puts their list before this text:
// const VERSION = "…"; const FILES = { path: digest, … };

const OURS = `cutout ${registration.scope} `;
const CACHE = OURS + VERSION;
const DIGESTS = new Map(Object.entries(FILES).map(([path, digest]) => [new URL(path, registration.scope).href, digest]));

async function keep() {
  // With digests: a folder that is half of one version and half of another is not kept.
  const requests = [...DIGESTS].map(([url, integrity]) => new Request(url, { integrity, cache: "no-cache" }));
  const cache = await caches.open(CACHE);
  await cache.addAll(requests);
}

async function takeOver() {
  const old = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await clients.claim();
}

async function answer(request, url) {
  const cache = await caches.open(CACHE);
  return (await cache.match(url)) ?? fetch(request);
}

addEventListener("install", (event) => event.waitUntil(keep()));
addEventListener("activate", (event) => event.waitUntil(takeOver()));
addEventListener("fetch", (event) => {
  // The page's two addresses have one answer.
  const url = event.request.url.replace(/[?#].*/, "").replace(/\/index\.html$/, "/");
  if (event.request.method === "GET" && DIGESTS.has(url)) event.respondWith(answer(event.request, url));
});
