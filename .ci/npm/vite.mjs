// A project that uses the npm package, in headless Chromium: node vite.mjs PROJECT PHOTO CUTOUT VITE
// PROJECT is that of docs/javascript.md, and is run as Vite builds it and as its server for development gives it.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alphas, check, finish, launch, open } from "../browser.mjs";
import { start } from "../server.mjs";

const [project, photo, cutout, vite] = process.argv.slice(2);
const expected = (...flags) => execFileSync(cutout, ["run", photo, "-o", "-", ...flags], { maxBuffer: 1e8 });

// A page for everything that the example does not do.
const all = join(project, "all");
mkdirSync(all);
writeFileSync(join(all, "index.html"), '<!doctype html><title>all</title><script type="module" src="all.js"></script>\n');
writeFileSync(join(all, "all.js"), `import * as cutout from "cutout";

globalThis.cutout = cutout;
globalThis.inside = () => new Worker(new URL("./inside.js", import.meta.url), { type: "module" });
`);
writeFileSync(join(all, "inside.js"), `import { removeBackground } from "cutout";

onmessage = async ({ data }) => postMessage(await removeBackground(data).catch(String));
`);

/** Runs one of Vite's servers on `folder` until `act(url)` is done. */
async function served(folder, how, act) {
  const words = [...how, "--host", "127.0.0.1", "--port", "0", "--clearScreen", "false", "--logLevel", "info"];
  const server = await start(vite, words, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  await act(`${server.url}/`).finally(server.stop);
}

const browser = await launch("chromium", join(project, "profile"));
const BASE64 = "(async (blob) => btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), (b) => String.fromCharCode(b)).join('')))";
const bytes = async (tab, blob) => Buffer.from(await tab.evaluate(`(async () => ${BASE64}(await ${blob}))()`), "base64");

async function example(tab, url, name) {
  const requests = [];
  tab.on("Network.requestWillBeSent", ({ request }) => requests.push(request.url));
  await tab.go(url);
  await tab.upload("#file", photo);
  await tab.until("document.getElementById('result').naturalWidth > 0");
  const got = await bytes(tab, "fetch(document.getElementById('result').src).then((r) => r.blob())");
  check(`${name}: the example gives the bytes of cutout run`, got.equals(expected()));
  const ours = requests.every((asked) => asked.startsWith(url) || /^(data|blob):/.test(asked));
  check(`${name}: nothing is asked of anyone else`, ours && requests.some((asked) => asked.includes(".wasm")), requests);
  check(`${name}: no complaints of the browser`, tab.complaints.every((c) => /favicon\.ico/.test(c)), tab.complaints);
}

async function everything(tab, url) {
  await tab.go(url);
  await tab.until("globalThis.cutout");
  const file = `data:image/png;base64,${readFileSync(photo, "base64")}`;
  await tab.evaluate(`(async () => {
    globalThis.image = await (await fetch("${file}")).blob();
    const bitmap = await createImageBitmap(image);
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    globalThis.pixels = context.getImageData(0, 0, bitmap.width, bitmap.height);
  })()`);
  const plain = expected();
  await failures(tab);
  await forms(tab, plain);
  await parts(tab, plain);
  await calls(tab);
}

/** Where the package cannot begin. */
async function failures(tab) {
  const block = (...urls) => tab.send("Network.setBlockedURLs", { urls });
  const kind = () => tab.evaluate("cutout.removeBackground(image).then(() => 'none', ({ kind }) => kind)");
  await block("*.wasm");
  check("without the package's own file", await kind() === "engine");
  await block();
  await tab.evaluate(`globalThis.Given = Worker;
    globalThis.Worker = class extends Given { constructor() { super("all.js.map", { type: "module" }); } }`);
  check("without its worker", await kind() === "engine");
  await tab.evaluate("globalThis.Worker = class { constructor() { throw new Error('forbidden'); } }");
  check("where no worker is allowed", await kind() === "engine");
  await tab.evaluate("globalThis.Worker = Given");
}

/** Forms of an image, and settings. */
async function forms(tab, plain) {
  check("a Blob", (await bytes(tab, "cutout.removeBackground(image)")).equals(plain));
  check("an ArrayBuffer", (await bytes(tab, "image.arrayBuffer().then((buffer) => cutout.removeBackground(buffer))")).equals(plain));
  check("a blob: URL", (await bytes(tab, "cutout.removeBackground(URL.createObjectURL(image))")).equals(plain));
  check("a file that is no image of the server", await tab.evaluate(
    `cutout.removeBackground("all.js").then(() => "", ({ kind, message }) => kind)`) === "unsupported-format");
  check("a file that the server does not have", /io.*HTTP status 404|unsupported-format/.test(await tab.evaluate(
    `cutout.removeBackground("nowhere.png").then(() => "", ({ kind, message }) => kind + message)`)));
  const jpeg = "cutout.removeBackground(image, { output: { format: 'image/jpeg', quality: 0.8 }, background: '#8df' })";
  check("JPEG on a colour", (await bytes(tab, jpeg)).equals(expected("--format", "jpg", "--jpeg-quality", "80", "--background", "8df")));
  check("the mask", (await bytes(tab, "cutout.segmentForeground(image)")).equals(expected("--mask")));

  check("in a worker of the page's own", (await bytes(tab, `new Promise((resolve) => {
    const worker = inside();
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage(image);
  })`)).equals(plain));
}

/** Pixels, and what is not the foreground, beside the file and its cut-out. */
async function parts(tab, plain) {
  const ours = await alphas(tab, await bytes(tab, "cutout.removeBackground(pixels)"), "image/png");
  const theirs = await alphas(tab, plain, "image/png");
  check("an ImageData has the mask of the file", ours.values.equals(theirs.values) && ours.values.includes(255) && ours.values.includes(0));
  const without = await bytes(tab, "cutout.removeForeground(image)");
  const rest = await alphas(tab, without, "image/png");
  check("without its foreground an image has the rest of alpha",
    rest.values.length === ours.values.length && rest.values.every((v, i) => v + theirs.values[i] === 255));
  check("and its own pixels where it is opaque", await tab.evaluate(`(async () => {
    const bitmap = await createImageBitmap(await cutout.removeForeground(image));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    return data.some((v, i) => i % 4 === 3 && v === 255) &&
      data.every((v, i) => data[i | 3] < 255 || v === pixels.data[i]);
  })()`));
}

/** Signals and progress. */
async function calls(tab) {
  const aborted = await tab.evaluate(`(async () => {
    const control = new AbortController();
    const progress = (_, ended) => ended === 2 && control.abort("enough");
    const calls = [cutout.removeBackground(image, { signal: control.signal, progress }), cutout.segmentForeground(image)];
    globalThis.second = calls[1];
    return calls[0].then(() => "not aborted", (reason) => reason);
  })()`);
  check("a signal ends a call under way", aborted === "enough", aborted);
  check("the call behind it works", (await bytes(tab, "second")).equals(expected("--mask")));
  const said = await tab.evaluate(`(async () => {
    const said = [];
    await cutout.removeBackground(image, { progress: (...news) => said.push(news.join(" ")) });
    return said;
  })()`);
  check("every stage is told", said.join() === "compute:decode 0 6,compute:preprocess 1 6,compute:segment 2 6,compute:matte 3 6," +
    "compute:colour 4 6,compute:encode 5 6,compute:encode 6 6", said);
}

async function run() {
  for (const folder of [project, all]) execFileSync(vite, ["build", "--logLevel", "warn"], { cwd: folder, stdio: "inherit" });
  await served(project, ["preview"], async (url) => example(await open(browser), url, "vite build"));
  await served(all, ["preview"], async (url) => everything(await open(browser), url));
  await served(project, [], async (url) => example(await open(browser), url, "vite"));
}

await run().catch((e) => check("the project", false, e.stack));
await browser.close();
finish();
