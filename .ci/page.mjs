// The page, driven as a person would: node page.mjs URL FOLDER
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve as absolute } from "node:path";
import { alphas, check, downloads, finish, focused, launch, visible } from "./browser.mjs";
import { below, fulfil, intercept, only, visitor } from "./visits.mjs";

const [url, work] = process.argv.slice(2);
const photo = absolute("fixtures/photos/rocket.jpg");
const broken = join(work, "broken.jpg");
writeFileSync(broken, "no image");

// The photo with an EXIF block before all else, which says that it lies on its side (orientation 6).
const exif = Buffer.from("ffe1002245786966" + "00004d4d002a00000008" + "0001011200030000000100060000" + "00000000", "hex");
const lying = join(work, "lying.jpg");
writeFileSync(lying, Buffer.concat([Buffer.from([0xff, 0xd8]), exif, readFileSync(photo).subarray(2)]));

const browser = await launch("chromium", join(work, "profile"));
const downloaded = await downloads(browser, work);
const visit = visitor(browser, url);

const ready = `${visible("result")} && document.getElementById("before").complete`;

async function page() {
  const response = await fetch(`${url}/`);
  const policy = response.headers.get("Content-Security-Policy") ?? "";
  check("a strict policy", /default-src 'none'/.test(policy) && /script-src 'self'/.test(policy) && !/unsafe/.test(policy), policy);
  const served = Buffer.from(await (await fetch(`${url}/v1/remove`, { method: "POST", body: readFileSync(photo) })).arrayBuffer());
  const [width, height] = [served.readUInt32BE(16), served.readUInt32BE(20)];

  const tab = await visit("/", "/v1/remove");
  check("landmarks and one h1", await tab.evaluate("document.querySelectorAll('header, main, h1').length === 3"));
  check("every control has a name", await tab.evaluate(
    "[...document.querySelectorAll('input')].every((i) => i.labels.length || i.ariaLabel)"));
  await tab.key("Tab");
  check("the first stop of the keyboard is the file", await tab.evaluate(focused("file")));
  check("the token is not asked for", !(await tab.evaluate(visible("token"))));

  await tab.upload("#file", photo);
  await tab.until(ready);
  check("the cut-out has its natural size", await tab.evaluate(
    `document.getElementById("after").naturalWidth === ${width} && document.getElementById("after").naturalHeight === ${height}`));
  check("both images cover each other", await tab.evaluate(`(() => {
    const [a, b] = ["before", "after"].map((id) => document.getElementById(id).getBoundingClientRect());
    return a.width > 0 && Math.abs(a.width - b.width) < 1 && Math.abs(a.height - b.height) < 1 &&
      Math.abs(a.width / a.height - ${width / height}) < 0.02;
  })()`));
  check("focus is on the result", await tab.evaluate("document.activeElement.closest('#result') !== null"));
  check("the status says so", /Done/.test(await tab.evaluate("document.getElementById('status').textContent")));

  const clip = () => tab.evaluate("getComputedStyle(document.getElementById('before')).clipPath");
  const half = await clip();
  await tab.evaluate("document.getElementById('slider').focus()");
  await tab.key("ArrowRight");
  const more = await clip();
  check("an arrow key moves the clip", half !== more && more.includes("49%"), [half, more]);
  await tab.key("Home");
  check("Home hides the original", (await clip()).includes("100%"), await clip());
  await tab.click("#stage");
  check("a click moves the clip", /\b(49|50|51)(\.\d+)?%/.test(await clip()), await clip());

  await tab.drag("#stage", 0.9, 0.25);
  check("dragging moves the clip", /\b(74|75|76)(\.\d+)?%/.test(await clip()), await clip());

  const png = await downloaded(() => tab.click("#download-png"));
  check("the PNG has the server's own bytes", png.bytes.equals(served) && png.name === "rocket-cutout.png", png.name);
  const webp = await downloaded(() => tab.click("#download-webp"));
  const seen = await alphas(tab, webp.bytes, "image/webp");
  check("the WebP decodes", webp.bytes.toString("latin1", 8, 12) === "WEBP" && seen.width === width && seen.height === height, seen.width);
  await tab.click("#background input[value=white]");
  check("white is shown", (await tab.evaluate("getComputedStyle(document.getElementById('stage')).backgroundColor")) === "rgb(255, 255, 255)");
  const white = await downloaded(() => tab.click("#download-png"));
  const opaque = await alphas(tab, white.bytes, "image/png");
  check("a background leaves nothing transparent", opaque.values.every((a) => a === 255) && opaque.width === width, opaque.width);
  await tab.evaluate(`(() => {
    const colour = document.getElementById("colour");
    colour.value = "#123456";
    colour.dispatchEvent(new Event("input", { bubbles: true }));
  })()`);
  check("a colour is shown", (await tab.evaluate("getComputedStyle(document.getElementById('stage')).backgroundColor")) === "rgb(18, 52, 86)");

  const address = await tab.evaluate("document.getElementById('after').src");
  await tab.click("#again");
  check("another image resets", await tab.evaluate(`!(${visible("result")}) && ${visible("drop")} && ${focused("file")}`));
  check("nothing keeps the old image", await tab.evaluate(
    `new Promise((resolve) => { const i = new Image(); i.onload = () => resolve(false); i.onerror = () => resolve(true); i.src = "${address}"; })`));
  check("no complaints of the browser", only(tab, "revoked", address), tab.complaints);

  await tab.upload("#file", broken);
  await tab.until(visible("error"));
  const text = await tab.evaluate("document.getElementById('error').textContent");
  check("a broken file is told in words, with the server's", /image/.test(text) && /Details: \S/.test(text), text);
  check("focus is on the error", await tab.evaluate(focused("error")));
  await refusals(tab);
  await pasteAndDrop(tab);
  await unusual(tab, served);
  check("no complaints but of refused images", only(tab, "/v1/remove"), tab.complaints);

  await tab.evaluate("document.head.append(Object.assign(document.createElement('style'), { textContent: 'p { color: red }' }))");
  await tab.until("document.querySelector('head > style').sheet === null");
  await tab.evaluate("1");
  check("a breach of the policy would be seen", tab.complaints.some((c) => /Content Security Policy/.test(c)), tab.complaints);
}

async function refusals(tab) {
  const error = () => tab.evaluate("document.getElementById('error').textContent");
  const shown = async (pattern) => tab.until(`${visible("error")} && ${pattern}.test(document.getElementById("error").textContent)`);

  let answered = intercept(tab, fulfil(tab, 503, "queue-full", { name: "Retry-After", value: "1" }));
  await tab.upload("#file", photo);
  await answered;
  await shown(/busy/);
  check("a full queue says when to come again", /in 1 s/.test(await error()), await error());
  await tab.until("!document.getElementById('retry').disabled");

  answered = intercept(tab, (requestId) => tab.send("Fetch.failRequest", { requestId, errorReason: "ConnectionRefused" }));
  await tab.click("#retry");
  await answered;
  await shown(/connection/);
  check("no network is told in words", await tab.evaluate(visible("retry")), await error());

  answered = intercept(tab, fulfil(tab, 401, "unauthorised"));
  await tab.click("#retry");
  await answered;
  await shown(/token/);
  check("401 asks for the token", await tab.evaluate(focused("token")));
  await tab.send("Input.insertText", { text: "open sesame" });
  let sent = "";
  answered = intercept(tab, (requestId, request) => {
    sent = request.headers.Authorization;
    return tab.send("Fetch.continueRequest", { requestId });
  });
  await tab.key("Enter");
  await answered;
  check("the token is sent", sent === "Bearer open sesame", sent);
  await tab.until(ready);
  await tab.click("#again");

  answered = intercept(tab, async () => {
    await tab.until(visible("cancel"));
    check("focus is on cancel while working", await tab.evaluate(focused("cancel")));
    await tab.key("Enter");
  });
  await tab.upload("#file", photo);
  await answered;
  check("cancel goes back", await tab.evaluate(`${visible("drop")} && !(${visible("error")}) && !(${visible("cancel")})`));
}

async function pasteAndDrop(tab) {
  await browser.send("Browser.grantPermissions", { permissions: ["clipboardReadWrite", "clipboardSanitizedWrite"] });
  await tab.evaluate(`(async () => {
    const canvas = new OffscreenCanvas(40, 30);
    canvas.getContext("2d").fillRect(10, 10, 10, 10);
    const blob = await canvas.convertToBlob({ type: "image/png" });
    await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
  })()`);
  await tab.key("v", { code: "KeyV", windowsVirtualKeyCode: 86, modifiers: 2, commands: ["paste"] });
  await tab.until(ready);
  check("a pasted image is cut out", await tab.evaluate("document.getElementById('after').naturalWidth === 40"));
  await tab.click("#again");

  const data = { items: [], files: [photo], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) await tab.send("Input.dispatchDragEvent", { type, x: 200, y: 200, data });
  await tab.until(ready);
  check("a dropped image is cut out", await tab.evaluate("document.getElementById('after').naturalWidth > 40"));
}

async function unusual(tab, served) {
  const sizes = () => tab.evaluate(`["before", "after"].map((id) => document.getElementById(id)).map((i) => i.naturalWidth + " " + i.naturalHeight)`);
  await tab.click("#again");
  await tab.upload("#file", lying);
  await tab.until(ready);
  const [before, after] = await sizes();
  check("an image is upright by its EXIF orientation", before === after && before === `${served.readUInt32BE(20)} ${served.readUInt32BE(16)}`, [before, after]);
  await tab.click("#again");

  const headers = [{ name: "Content-Type", value: "image/png" }];
  const answered = intercept(tab, (requestId) => tab.send("Fetch.fulfillRequest",
    { requestId, responseCode: 200, responseHeaders: headers, body: served.toString("base64") }));
  await tab.upload("#file", broken);
  await answered;
  await tab.until(visible("no-before"));
  check("an original that the browser cannot show leaves the cut-out", await tab.evaluate(`${visible("after")} && !(${visible("slider")})`));
}

/** The page behind a proxy that takes a path off each request. */
async function prefixed() {
  const proxy = await below(url, "/tools/cutout");
  const tab = await visit("/", "/v1/remove", proxy.base);
  await tab.upload("#file", photo);
  await tab.until(ready);
  check("the page works below a path", only(tab), tab.complaints);
  proxy.close();
}

for (const part of [page, prefixed]) {
  await part().catch((error) => check(part.name, false, error.stack));
}
await browser.close();
finish();
