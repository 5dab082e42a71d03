// One image on the page: choosing it, comparing, saving.
import { readFileSync } from "node:fs";
import { check, focused, visible } from "../browser.mjs";
import { below, fulfil, intercept, only, visitor } from "../visits.mjs";
import { look } from "./looks.mjs";
import { photos, ready, SIZES, size, text } from "./tab.mjs";

export async function single({ url, browser, downloaded, files }) {
  const response = await fetch(`${url}/`);
  const policy = response.headers.get("Content-Security-Policy") ?? "";
  check("a strict policy", /default-src 'none'/.test(policy) && /script-src 'self'/.test(policy) && !/unsafe/.test(policy), policy);
  const served = Buffer.from(await (await fetch(`${url}/v1/remove`, { method: "POST", body: readFileSync(photos.rocket) })).arrayBuffer());
  const proportions = served.readUInt32BE(16) / served.readUInt32BE(20);

  const tab = await visitor(browser, url)("/", "/v1/remove*");
  await size(tab, ...SIZES[0]);
  await start(tab);
  await look(tab, "start");
  await example(tab);

  await tab.click("#remove-all");
  await tab.upload("#file", photos.rocket);
  await tab.until(ready);
  check("focus is on the result", await tab.evaluate(focused("result-heading")));
  check("the status says so", /Done/.test(await text(tab, "status")));
  await stands(tab, proportions);
  await moves(tab);
  const png = await downloaded(() => tab.click("#download"));
  check("the PNG has the server's own bytes", png.bytes.equals(served) && png.name === "rocket-cutout.png", png.name);

  const address = await tab.evaluate("document.getElementById('after').src");
  await tab.click("#remove-all");
  check("starting over resets", await tab.evaluate(`!(${visible("result")}) && ${visible("drop")} && ${focused("file")}`));
  check("nothing keeps the old image", await tab.evaluate(
    `new Promise((resolve) => { const i = new Image(); i.onload = () => resolve(false); i.onerror = () => resolve(true); i.src = "${address}"; })`));
  check("no complaints of the browser", only(tab, address), tab.complaints);
  await pasteAndDrop(tab, browser);
  await unusual(tab, served, files);
  check("no complaints in the end", only(tab), tab.complaints);

  await tab.evaluate("document.head.append(Object.assign(document.createElement('style'), { textContent: 'p { color: red }' }))");
  await tab.until("document.querySelector('head > style').sheet === null");
  await tab.evaluate("1");
  check("a breach of the policy would be seen", tab.complaints.some((c) => /Content Security Policy/.test(c)), tab.complaints);
}

async function start(tab) {
  await tab.until(visible("to-dashboard")); // the host has answered
  check("landmarks and one h1", await tab.evaluate("document.querySelectorAll('header, main, footer, h1').length === 4"));
  check("every control has a name", await tab.evaluate(
    "[...document.querySelectorAll('input, progress, canvas[tabindex]')].every((i) => i.labels?.length || i.ariaLabel || i.hasAttribute('aria-labelledby'))"));
  await tab.evaluate("document.activeElement.blur()");
  const stops = [];
  for (let i = 0; i < 6; i++) {
    await tab.key("Tab");
    stops.push(await tab.evaluate("document.activeElement.id || document.activeElement.textContent"));
  }
  check("the keyboard goes from the links to the file and the example", stops.join() === "to-dashboard,to-metrics,API,file,example,From the command line", stops);
  check("the token is not asked for", !(await tab.evaluate(visible("token"))));
  check("the command line names this server", (await text(tab, "command")).endsWith(await tab.evaluate("location.origin + '/v1/remove'")));
}

async function example(tab) {
  await tab.evaluate(`(() => {
    const status = document.getElementById("status");
    globalThis.said = [];
    new MutationObserver(() => said.push(status.textContent)).observe(status, { childList: true, characterData: true, subtree: true });
  })()`);
  await tab.click("#example");
  await tab.until(ready);
  const said = (await tab.evaluate("said")).filter((words) => words !== "");
  check("each stage is told once, in order", said.length >= 3 && /^Sending example\.jpg/.test(said[0]) && said[1] === "Removing the background …" &&
    /^Done/.test(said.at(-1)) && new Set(said).size === said.length, said);
  check("the example is cut out", /^512 × 512 pixels/.test(await text(tab, "facts")), await text(tab, "facts"));
  check("the image and its download are above the fold", await tab.evaluate(`scrollTo(0, 0), ["frame", "slider", "download"]
    .every((id) => document.getElementById(id).getBoundingClientRect().bottom <= innerHeight) && document.getElementById("frame").clientHeight > innerHeight / 2`));
  await look(tab, "result");
}

/** The image has its proportions at every size, and the slider's thumb is under the edge wherever that is. */
async function stands(tab, proportions) {
  for (const [width, height] of [...SIZES, [320, 640], [900, 500]]) {
    await size(tab, width, height);
    for (const percent of [0, 37, 100]) {
      const seen = await tab.evaluate(`(() => {
        const slider = document.getElementById("slider");
        slider.value = ${percent};
        slider.dispatchEvent(new Event("input"));
        const box = (id) => document.getElementById(id).getBoundingClientRect();
        const [frame, original, after, edge, range] = ["frame", "original", "after", "edge", "slider"].map(box);
        const thumb = 28;
        return { off: range.left + thumb / 2 + (range.width - thumb) * ${percent / 100} - (edge.left + edge.width / 2),
          below: range.top - frame.bottom, inside: range.left >= 0 && range.right <= innerWidth, proportions: frame.width / frame.height,
          apart: Math.abs(original.width - after.width) + Math.abs(original.left - after.left), frame: frame.width };
      })()`);
      const fits = Math.abs(seen.off) < 0.6 && seen.below >= 0 && seen.below < 12 && seen.inside && seen.apart < 0.1;
      check(`the slider is exactly under the edge at ${width} × ${height}, ${percent} %`, fits && Math.abs(seen.proportions - proportions) < 0.02, seen);
    }
  }
  await size(tab, ...SIZES[0]);
}

async function moves(tab) {
  const clip = () => tab.evaluate("getComputedStyle(document.getElementById('original')).clipPath");
  await tab.evaluate("(() => { const s = document.getElementById('slider'); s.value = 50; s.dispatchEvent(new Event('input')); s.focus(); })()");
  const half = await clip();
  await tab.key("ArrowRight");
  const more = await clip();
  check("an arrow key moves the edge", half !== more && more.includes("49%"), [half, more]);
  await tab.key("Home");
  check("Home hides the original", (await clip()).includes("100%"), await clip());
  await tab.click("#frame");
  check("a click on the image moves the edge", /\b(49|50|51)(\.\d+)?%/.test(await clip()), await clip());
  await tab.drag("#frame", 0.9, 0.25);
  check("dragging on the image moves the edge", /\b(74|75|76)(\.\d+)?%/.test(await clip()), await clip());
  check("a screen reader hears how much is original", /^2[456] % original$/.test(await tab.evaluate("document.getElementById('slider').getAttribute('aria-valuetext')")));
}

async function pasteAndDrop(tab, browser) {
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
  check("a small image is shown larger, within limits", await tab.evaluate("document.getElementById('frame').clientWidth === 160"));
  await tab.click("#remove-all");

  const data = { items: [], files: [photos.rocket], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) await tab.send("Input.dispatchDragEvent", { type, x: 200, y: 200, data });
  await tab.until(ready);
  check("a dropped image is cut out", await tab.evaluate("document.getElementById('after').naturalWidth > 40"));
  await tab.click("#remove-all");
}

async function unusual(tab, served, { lying, broken }) {
  const sizes = () => tab.evaluate(`["before", "after"].map((id) => document.getElementById(id)).map((i) => i.naturalWidth + " " + i.naturalHeight)`);
  await tab.upload("#file", lying);
  await tab.until(ready);
  const [before, after] = await sizes();
  check("an image is upright by its EXIF orientation", before === after && before === `${served.readUInt32BE(20)} ${served.readUInt32BE(16)}`, [before, after]);
  await stands(tab, served.readUInt32BE(20) / served.readUInt32BE(16));
  await tab.click("#remove-all");

  const headers = [{ name: "Content-Type", value: "image/png" }];
  const answered = intercept(tab, (requestId) => tab.send("Fetch.fulfillRequest",
    { requestId, responseCode: 200, responseHeaders: headers, body: served.toString("base64") }));
  await tab.upload("#file", broken);
  await answered;
  await tab.until(visible("no-before"));
  check("an original that the browser cannot show leaves the cut-out", await tab.evaluate(`${visible("after")} && !(${visible("slider")})`));
  await tab.click("#remove-all");

  // An answer that is no image, as a broken proxy may send.
  const nothing = intercept(tab, (requestId) => tab.send("Fetch.fulfillRequest", { requestId, responseCode: 200, responseHeaders: headers, body: btoa("nothing") }));
  await tab.upload("#file", photos.rocket);
  await nothing;
  await tab.until(visible("problem"));
  check("an answer that is no image is told", /not an image/.test(await text(tab, "problem-text")));
  await tab.click("#again");
  await tab.until(ready);
  check("and is asked for again", !(await tab.evaluate(visible("problem"))));
  await tab.click("#remove-all");
}

/** What a server refuses, with the way out. */
export async function refusals({ url, browser, files }) {
  const tab = await visitor(browser, url)("/", "/v1/remove*");
  await size(tab, ...SIZES[0]);
  const error = () => text(tab, "error");
  const shown = (pattern) => tab.until(`${visible("error")} && ${pattern}.test(document.getElementById("error").textContent)`);

  await tab.upload("#file", files.broken);
  await shown(/image/);
  check("a broken file is told in words, with the server's", /broken\.jpg.*not an image.*Details: \S/s.test(await error()), await error());
  check("focus is on the error", await tab.evaluate(focused("error")));
  check("what cannot work is not offered again", !(await tab.evaluate(visible("retry"))));
  await look(tab, "error");
  await tab.click("#skip");
  check("a failed image can be taken away", await tab.evaluate(visible("drop")));

  let answered = intercept(tab, fulfil(tab, 503, "queue-full", { name: "Retry-After", value: "1" }));
  await tab.upload("#file", photos.rocket);
  await answered;
  await tab.until("/in the queue.* in 1 s/.test(document.getElementById('status').textContent)");
  await tab.until(ready);
  check("a server that is busy is asked again by itself", true);
  await tab.click("#remove-all");

  answered = intercept(tab, (requestId) => tab.send("Fetch.failRequest", { requestId, errorReason: "ConnectionRefused" }));
  await tab.upload("#file", photos.rocket);
  await answered;
  await shown(/connection/);
  check("no network is told in words", await tab.evaluate(visible("retry")), await error());
  await tab.click("#retry");
  await tab.until(ready);
  check("another try works", true);
  await tab.click("#remove-all");

  answered = intercept(tab, async (requestId) => {
    await tab.until(visible("cancel"));
    await tab.evaluate("document.activeElement.blur(), globalThis.foci = [], addEventListener('focusin', ({ target }) => foci.push(target.id))");
    return tab.send("Fetch.continueRequest", { requestId });
  });
  await tab.upload("#file", photos.rocket);
  await answered;
  await tab.until(ready);
  check("steps of the progress do not take the focus", (await tab.evaluate("foci.join()")) === "result-heading", await tab.evaluate("foci"));
  await tab.click("#remove-all");

  answered = intercept(tab, async () => {
    await tab.until(visible("cancel"));
    check("focus is on cancel while working", await tab.evaluate(focused("cancel")));
    await look(tab, "working");
    await tab.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-reduced-motion", value: "no-preference" }] });
    const spins = await tab.evaluate("document.getAnimations().length");
    await tab.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-reduced-motion", value: "reduce" }] });
    await tab.until("document.getAnimations().length === 0");
    check("nothing moves for those who want it so", spins > 0);
    await tab.evaluate("document.getElementById('cancel').focus()");
    check("the upload is told in percent", (await text(tab, "percent")) === "0 %" && /^Sending rocket\.jpg/.test(await text(tab, "status")));
    check("the time goes on", /^\d+\.\d s$/.test(await text(tab, "elapsed")), await text(tab, "elapsed"));
    await tab.key("Enter");
  });
  await tab.upload("#file", photos.rocket);
  await answered;
  await tab.until(visible("drop"));
  check("cancel goes back", !(await tab.evaluate(`${visible("error")} || ${visible("pending")}`)));
  check("no complaints but of refused images", only(tab, "/v1/remove"), tab.complaints);
}

/** The page behind a proxy that takes a path off each request. */
export async function prefixed({ url, browser }) {
  const proxy = await below(url, "/tools/cutout");
  const tab = await visitor(browser, url)("/", "/v1/remove*", proxy.base);
  await tab.click("#example");
  await tab.until(ready);
  check("the page works below a path", only(tab), tab.complaints);
  proxy.close();
}
