// The page that works in the browser, driven as a person would: node ondevice.mjs FOLDER
// FOLDER has site/cutout/ with the page, photos/ and expected/, the results that `cutout run` made of the photos.
import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alphas, check, downloads, finish, focused, launch, open, visible } from "./browser.mjs";
import { alphaAt, applied, painting } from "./page/brush.mjs";
import { look } from "./page/looks.mjs";
import { choose, idle, ready, select, SIZES, size, text } from "./page/tab.mjs";
import { start } from "./server.mjs";

const [work] = process.argv.slice(2);
const photo = (name) => join(work, "photos", name);
const broken = join(work, "broken.png");
writeFileSync(broken, readFileSync(photo("coffee.png")).subarray(0, 5000));

/** A static server. */
async function serve(folder) {
  const server = await start("python3", ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder]);
  server.stderr.resume(); // or it would wait for a reader of its log
  return server;
}

const server = await serve(join(work, "site"));
const home = `${server.url}/cutout/`;
const icon = `${server.url}/favicon.ico`; // wanted when the style sheet is seen alone
process.on("exit", () => server.stop());
const browser = await launch("chromium", join(work, "profile"));
const downloaded = await downloads(browser, work);

// Every request of the page, its workers and its service worker; and the workers, to reach into.
const requests = [];
const workers = [];
function watch(sessionId) {
  browser.on("Network.requestWillBeSent", ({ request }) => requests.push(request.url), sessionId);
  const attach = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true };
  // A service worker answers once it runs, and attaches to nothing.
  return Promise.allSettled([browser.send("Network.enable", {}, sessionId), browser.send("Target.setAutoAttach", attach, sessionId)]);
}
browser.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
  if (targetInfo.type === "page") return;
  if (targetInfo.type === "worker") workers.push(sessionId);
  watch(sessionId);
  browser.send("Runtime.runIfWaitingForDebugger", {}, sessionId);
});

const words = "document.getElementById('status').textContent";
const settled = `(${ready}) || ${visible("error")}`;
const error = (tab) => tab.evaluate("document.getElementById('error').textContent");

/** From the idle page: begins with images, waits for the first one's end, and gives every word of the status on the way. */
async function attend(tab, ...images) {
  await tab.evaluate(`(() => {
    globalThis.said = [];
    globalThis.observer = new MutationObserver(() => said.push(${words}));
    observer.observe(document.getElementById("status"), { childList: true, characterData: true, subtree: true });
  })()`);
  await tab.upload("#file", ...images);
  await tab.until(settled);
  await tab.until(idle);
  return tab.evaluate("observer.disconnect(), said");
}

async function visit() {
  const tab = await open(browser);
  await watch(tab.sessionId);
  // Caches of an older version and of somebody else, as they may be when the page comes.
  await tab.go(`${home}page.css`);
  await tab.evaluate(`Promise.all(["cutout ${home} older", "theirs"].map((name) => caches.open(name)))`);
  const began = performance.now();
  await tab.go(home);
  await tab.until(`${words} === "Ready."`);
  const ready = performance.now() - began;
  await tab.until(`/without a network/.test(document.getElementById("offline").textContent)`);
  console.log(`first load: ready in ${ready.toFixed(0)} ms, kept in ${(performance.now() - began).toFixed(0)} ms`);
  return tab;
}

async function online(tab) {
  check("a strict policy", await tab.evaluate(`(() => {
    const policy = document.querySelector("meta[http-equiv=Content-Security-Policy]").content;
    return /default-src 'none'/.test(policy) && !/unsafe-inline|'unsafe-eval'|https?:/.test(policy);
  })()`));
  check("landmarks and one h1", await tab.evaluate("document.querySelectorAll('header, main, h1').length === 3"));
  await size(tab, ...SIZES[0]);
  await look(tab, "the page on the device");
  await tab.evaluate("document.activeElement.blur()");
  await tab.key("Tab");
  check("the first stop of the keyboard is the file", await tab.evaluate(focused("file")));
  const caches = await tab.evaluate("caches.keys()");
  check("an older version's cache goes, another's stays",
    caches.length === 2 && caches.includes("theirs") && !caches.some((name) => name.endsWith("older")), caches);
  const kept = await tab.evaluate(`caches.keys().then((names) => caches.open(names.find((n) => n !== "theirs")))
    .then((cache) => cache.keys()).then((keys) => keys.map((k) => k.url))`);
  const files = readdirSync(join(work, "site", "cutout"), { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
  check("every file but the service worker's is kept", kept.length === files.length - 1, kept);
}

/** Takes the server and the network away, and loads the page again. */
async function offline(tab) {
  await server.stop();
  await tab.send("Network.emulateNetworkConditions", { offline: true, latency: 0, downloadThroughput: 0, uploadThroughput: 0 });
  check("the server is gone", await fetch(server.url).then(() => false, () => true));
  const sources = [];
  const off = tab.on("Network.responseReceived", ({ response }) => {
    if (!/^(data|blob):/.test(response.url)) sources.push([response.url, response.fromServiceWorker]);
  });
  const began = performance.now();
  await tab.go(home);
  await tab.until(`${words} === "Ready."`);
  console.log(`load without a network: ready in ${(performance.now() - began).toFixed(0)} ms`);
  off();
  check("all of the page comes from the device", sources.length >= 6 && sources.every(([, kept]) => kept), sources);
  await tab.go(`${home}index.html?from=bookmark`);
  await tab.until(`${words} === "Ready."`);
  check("the page has its file's address, too", await tab.evaluate("location.pathname.endsWith('/index.html')"));
}

const STAGES = ["reading", "small", "subject", "edges", "colours", "writing"];

async function results(tab) {
  for (const file of readdirSync(join(work, "photos")).sort()) {
    const name = file.replace(/\..*/, "");
    const said = await attend(tab, photo(file));
    check(`${file}: no error`, await tab.evaluate(visible("result")), await error(tab));
    const steps = said.filter((s) => /^Step \d of 6/.test(s));
    check(`${file}: every stage is told, in order`,
      steps.length === 6 && steps.every((s, i) => s.includes(`Step ${i + 1} of 6`) && s.includes(STAGES[i])), said);
    const png = await downloaded(() => tab.click("#download"));
    const expected = readFileSync(join(work, "expected", `${name}.png`));
    check(`${file}: the very bytes that cutout run writes`, png.name === `${name}-cutout.png` && png.bytes.equals(expected), png.name);
    if (file.endsWith(".png")) await masks(tab, file, png.bytes, expected);
    const stages = Object.values(JSON.parse(readFileSync(join(work, "expected", `${name}.json`))).stages_ms).reduce((a, b) => a + b);
    console.log(`${file}: ${await tab.evaluate("document.getElementById('facts').textContent")}; cutout run: ${(stages / 1e3).toFixed(2)} s`);
    await tab.click("#remove-all");
  }
}

async function masks(tab, file, ours, theirs) {
  const [a, b] = [await alphas(tab, ours, "image/png"), await alphas(tab, theirs, "image/png")];
  const furthest = a.values.reduce((most, value, i) => Math.max(most, Math.abs(value - b.values[i])), 0);
  const some = a.values.some((v) => v === 255) && a.values.some((v) => v === 0);
  check(`${file}: alpha within 1 level everywhere`, a.values.length === b.values.length && furthest <= 1 && some, furthest);
}

async function failures(tab) {
  await attend(tab, broken, photo("chelsea.png"));
  check("a broken file is told in words, with kind and text", /damaged.*Details: undecodable: \S/s.test(await error(tab)), await error(tab));
  check("focus is on the error", await tab.evaluate(focused("error")));
  check("what cannot work is not offered again", !(await tab.evaluate(visible("retry"))));
  await select(tab, 2);
  await tab.until(ready);
  check("the next image works by itself", await tab.evaluate("document.getElementById('after').naturalWidth === 451"));
  await tab.click("#remove-all");

  await tab.upload("#file", photo("large.jpg"));
  await tab.until(`/Step [2-6]/.test(${words})`);
  check("focus is on cancel while working", await tab.evaluate(focused("cancel")));
  const before = workers.length;
  await tab.key("Enter");
  await tab.until(visible("drop"));
  check("cancel goes back", await tab.evaluate(`${visible("drop")} && !(${visible("error")}) && !(${visible("cancel")})`));
  await attend(tab, photo("chelsea.png"));
  check("an image after that has a worker of its own", workers.length === before + 1 && await tab.evaluate(visible("result")));
  await tab.click("#remove-all");

  // The guest asks for the time: an exception there ends it as a trap does.
  await browser.send("Runtime.evaluate", { expression: "performance.now = () => { throw new WebAssembly.RuntimeError('unreachable') }" },
    workers.at(-1));
  await attend(tab, photo("chelsea.png"));
  check("a guest that breaks off is told", /unreachable/.test(await error(tab)), await error(tab));
  await tab.click("#retry");
  await tab.until(settled);
  check("another worker takes its place", workers.length === before + 2 && await tab.evaluate(visible("result")), await error(tab));
  await tab.click("#remove-all");
}

/** What is shown and saved is what `cutout run` makes with these options. */
async function options(tab) {
  await tab.click("#example");
  await tab.until(ready);
  check("the example is kept too", /^512 × 512/.test(await text(tab, "facts")), await text(tab, "facts"));
  await look(tab, "result on the device");
  await tab.click("#remove-all");
  await attend(tab, photo("coffee.png"));
  const cases = [
    ["card.jpg", { background: "black", crop: "5%", format: "jpeg" }],
    ["best.webp", { quality: "best", format: "webp", background: "", crop: "" }],
    ["tight.png", { quality: "good", format: "png", crop: "true" }],
  ];
  for (const [name, chosen] of cases) {
    for (const [option, value] of Object.entries(chosen)) await choose(tab, option, value);
    await tab.until(ready);
    const saved = await downloaded(() => tab.click("#download"));
    const extension = name.split(".")[1];
    check(`${name}: the very bytes that cutout run writes`,
      saved.name === `coffee-cutout.${extension}` && saved.bytes.equals(readFileSync(join(work, "options", name))), [saved.name, saved.bytes.length]);
  }
  check("a cropped result is compared, too", await tab.evaluate(visible("slider")));
  await choose(tab, "crop", "");
  await tab.evaluate("document.getElementById('mask').click()");
  await tab.until(ready);
  const mask = await downloaded(() => tab.click("#download"));
  check("the mask alone", mask.name === "coffee-mask.png" && mask.bytes.equals(readFileSync(join(work, "options", "mask.png"))), mask.name);
  await tab.evaluate("document.getElementById('mask').click()");
  await tab.until(ready);
}

async function brush(tab) {
  const alpha = (x, y) => alphaAt(tab, x, y);
  const [keep, erase] = [[0.05, 0.5], [0.5, 0.5]];
  check("the network had it otherwise", (await alpha(...keep)) === 0 && (await alpha(...erase)) === 255);
  await tab.click("#brush-start");
  await tab.until(painting);
  await applied(tab, () => tab.drag("#paint", 0.02, 0.08));
  await choose(tab, "tool", "erase");
  await applied(tab, () => tab.drag("#paint", 0.47, 0.53));
  check("the brush keeps and erases", (await alpha(...keep)) === 255 && (await alpha(...erase)) === 0);
  await look(tab, "brush on the device");
  await applied(tab, () => tab.click("#undo"));
  check("a stroke can be undone", (await alpha(...keep)) === 255 && (await alpha(...erase)) === 255);
  await tab.key("Escape");
  await choose(tab, "background", "white");
  await tab.until(ready);
  check("options hold for what was painted", await tab.evaluate(visible("slider")));
  await choose(tab, "background", "");
}

async function several(tab) {
  await tab.click("#remove-all");
  await tab.upload("#file", photo("chelsea.png"), photo("coffee.png"), photo("chelsea.png"));
  await tab.until(`${idle} && ${ready}`);
  check("several are done one after another", (await text(tab, "counts")) === "3 of 3 done", await text(tab, "counts"));
  const zip = await downloaded(() => tab.click("#download-all"));
  writeFileSync(join(work, "all.zip"), zip.bytes);
  const names = execFileSync("python3", ["-c", "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(*z.namelist())", join(work, "all.zip")],
    { encoding: "utf8" }).trim();
  check("and saved together", names === "chelsea-cutout.png coffee-cutout.png chelsea-cutout-2.png", names);
  await look(tab, "several results on the device");
  await size(tab, 320, 640);
  check("a narrow screen needs no scrolling sideways",
    await tab.evaluate("document.documentElement.scrollWidth <= innerWidth && innerWidth <= 320"), await tab.evaluate("innerWidth"));
  await size(tab, ...SIZES[0]);
}

async function quiet(tab) {
  check("nothing is asked of anyone else", requests.every((url) => url === icon || url.startsWith(home) || /^(data|blob):/.test(url)),
    requests);
  check("requests are seen, the workers' too", requests.some((url) => url.endsWith("/cutout/component/cutout.js")), requests);
  const complaints = tab.complaints.filter((c) => !c.endsWith(icon));
  check("no complaints of the browser", complaints.length === 0, complaints);
  const refused = await tab.evaluate(`new Promise((resolve) => {
    document.addEventListener("securitypolicyviolation", (event) => resolve(event.violatedDirective));
    fetch("http://127.0.0.2/").catch(() => {});
  })`);
  check("the policy refuses other addresses", refused === "connect-src", refused);
}

/** A page that was changed on its way is not kept, and says so. */
async function changed() {
  const folder = join(work, "changed");
  cpSync(join(work, "site", "cutout"), folder, { recursive: true });
  appendFileSync(join(folder, "page.css"), "\n");
  const other = await serve(folder);
  const tab = await open(browser);
  await tab.go(`${other.url}/`);
  const said = "document.getElementById('offline').textContent";
  await tab.until(said).finally(other.stop);
  check("a page that could not be kept says so", /does not keep the page/.test(await tab.evaluate(said)), await tab.evaluate(said));
}

async function all() {
  const tab = await visit();
  await online(tab);
  for (const part of [offline, results, failures, options, brush, several]) {
    await part(tab).catch((e) => check(part.name, false, e.stack));
  }
  await quiet(tab);
  await changed();
}

await all().catch((e) => check("the page", false, e.stack));
await browser.close();
await server.stop();
finish();
