// Headless Chromium over the DevTools protocol: one pipe, no package.
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

// Milliseconds. On a machine of the usual speed nothing here takes a tenth of its 30 seconds.
const PATIENCE = 1e3 * execFileSync("python3", [join(import.meta.dirname, "speed.py"), "30"], { encoding: "utf8" });

export async function launch(program, profile, ...more) {
  const options = ["--headless=new", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "--disable-dev-shm-usage",
    "--disable-background-networking", "--no-first-run", "--hide-scrollbars", ...more];
  if (process.getuid() === 0) options.push("--no-sandbox"); // Chromium has no sandbox for root
  const child = spawn(program, options, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const [, , , requests, answers] = child.stdio;
  const waiting = new Map();
  const listeners = new Set();
  let last = 0;
  let buffer = "";
  answers.setEncoding("utf8");
  answers.on("data", (text) => {
    const messages = (buffer + text).split("\0");
    buffer = messages.pop();
    for (const message of messages.map((m) => JSON.parse(m))) {
      if (message.id === undefined) {
        for (const listener of [...listeners]) listener(message);
        continue;
      }
      const { resolve, reject, method } = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error) reject(new Error(`${method}: ${message.error.message}`));
      else resolve(message.result);
    }
  });
  child.on("exit", () => {
    for (const { reject, method } of waiting.values()) reject(new Error(`${method}: the browser ended`));
  });

  const send = (method, params = {}, sessionId = undefined) => new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject, method });
    requests.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
  });
  /** Calls back at each event `method` until the returned function is called. */
  const on = (method, callback, sessionId = undefined) => {
    const listener = (m) => m.method === method && (!sessionId || m.sessionId === sessionId) && callback(m.params);
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const close = async () => {
    await send("Browser.close").catch(() => {});
    await ended;
  };
  return { send, on, close };
}

/** A tab, with what it complains of in `complaints`. */
export async function open(browser) {
  const { targetId } = await browser.send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: true });
  const send = (method, params) => browser.send(method, params, sessionId);
  const on = (method, callback) => browser.on(method, callback, sessionId);
  const once = (method) => within(method, new Promise((resolve) => {
    const off = on(method, () => (off(), resolve()));
  }));

  const complaints = complaintsOf(on);
  for (const domain of ["Page", "Runtime", "Log", "DOM", "Network"]) await send(`${domain}.enable`);

  /** The value of an expression in the page, awaited. */
  const evaluate = async (expression) => {
    const options = { awaitPromise: true, returnByValue: true, userGesture: true };
    const { result, exceptionDetails } = await send("Runtime.evaluate", { expression, ...options });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  };
  /** Waits until an expression in the page is true. */
  const until = (condition) => within(condition, evaluate(`new Promise((resolve) => {
    const look = () => (${condition}) ? resolve() : requestAnimationFrame(look);
    look();
  })`));
  const go = async (address) => {
    const loaded = once("Page.loadEventFired");
    await send("Page.navigate", { url: address });
    await loaded;
  };
  return { sessionId, send, on, evaluate, until, go, complaints, ...hands(send, evaluate) };
}

/** Errors and warnings of a tab from now on. */
function complaintsOf(on) {
  const complaints = [];
  on("Runtime.exceptionThrown", ({ exceptionDetails: e }) => complaints.push(e.exception?.description ?? e.text));
  on("Runtime.consoleAPICalled", ({ type, args }) => {
    if (type === "error" || type === "warning") complaints.push(args.map((a) => a.value ?? a.description).join(" "));
  });
  on("Log.entryAdded", ({ entry }) => {
    if (entry.level === "error" || entry.level === "warning") complaints.push(`${entry.source}: ${entry.text} ${entry.url ?? ""}`);
  });
  return complaints;
}

/** What a person does at a tab, with keyboard and mouse. */
function hands(send, evaluate) {
  const key = async (name, options = {}) => {
    const params = { key: name, code: name, ...KEYS[name], ...options };
    await send("Input.dispatchKeyEvent", { type: "keyDown", ...params });
    await send("Input.dispatchKeyEvent", { type: "keyUp", ...params });
  };
  const mouse = (type, x, y) => send("Input.dispatchMouseEvent", { type, x, y, button: "left", buttons: 1, clickCount: 1 });
  /** Presses the mouse at one part of an element's width and lets go at another. */
  const drag = async (selector, from, to) => {
    const { x, y, width, height } = await evaluate(`(() => {
      const found = document.querySelector(${JSON.stringify(selector)});
      found.scrollIntoView({ block: "center", behavior: "instant" });
      return found.getBoundingClientRect().toJSON();
    })()`);
    const middle = y + height / 2;
    await mouse("mousePressed", x + width * from, middle);
    if (from !== to) await mouse("mouseMoved", x + width * to, middle);
    await mouse("mouseReleased", x + width * to, middle);
  };
  const click = (selector) => drag(selector, 0.5, 0.5);
  const upload = async (selector, ...files) => {
    const { root } = await send("DOM.getDocument");
    const { nodeId } = await send("DOM.querySelector", { nodeId: root.nodeId, selector });
    await send("DOM.setFileInputFiles", { nodeId, files });
  };
  return { key, click, drag, upload };
}

export const visible = (id) => `document.getElementById("${id}").checkVisibility()`;
export const focused = (id) => `document.activeElement.id === "${id}"`;

/** Has downloads go to `folder`; the result gives the name and the bytes of the file that `act` downloads. */
export async function downloads(browser, folder) {
  await browser.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: folder, eventsEnabled: true });
  return async (act) => {
    let name = "";
    const stops = [browser.on("Browser.downloadWillBegin", ({ suggestedFilename }) => (name = suggestedFilename))];
    const done = new Promise((resolve) => {
      stops.push(browser.on("Browser.downloadProgress", ({ state }) => state === "completed" && resolve()));
    });
    await act();
    await within("a download", done);
    stops.forEach((stop) => stop());
    return { name, bytes: readFileSync(join(folder, name)) };
  };
}

/** Width, height and alpha values of an encoded image, as the browser decodes it. */
export async function alphas(tab, bytes, type) {
  const { values, ...size } = await tab.evaluate(`(async () => {
    const bytes = Uint8Array.from(atob("${bytes.toString("base64")}"), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "${type}" }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    let values = "";
    for (let i = 3; i < data.length; i += 4) values += String.fromCharCode(data[i]);
    return { width: bitmap.width, height: bitmap.height, values: btoa(values) };
  })()`);
  return { ...size, values: Buffer.from(values, "base64") };
}

const KEYS = {
  ArrowLeft: { windowsVirtualKeyCode: 37 },
  ArrowRight: { windowsVirtualKeyCode: 39 },
  ArrowUp: { windowsVirtualKeyCode: 38 },
  ArrowDown: { windowsVirtualKeyCode: 40 },
  Delete: { windowsVirtualKeyCode: 46 },
  Escape: { windowsVirtualKeyCode: 27 },
  End: { windowsVirtualKeyCode: 35 },
  Home: { windowsVirtualKeyCode: 36 },
  Tab: { windowsVirtualKeyCode: 9 },
  Enter: { windowsVirtualKeyCode: 13, text: "\r" },
};

export function within(what, promise) {
  const error = new Error(`not within ${PATIENCE / 1e3} s: ${what}`); // here, for its stack
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(error), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

let passed = 0;
let failed = 0;
export function check(what, ok, seen = "") {
  if (ok) passed++;
  else failed++;
  if (!ok) console.log(`FAILED: ${what} ${seen === "" ? "" : JSON.stringify(seen)}`);
}

/** Ends the program with the count of what was checked. */
export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

/** Has a tab show things as on a desk or on a phone, in the light or in the dark. */
export async function look(tab, { width, height, dark }) {
  await tab.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 2, mobile: width < 500 });
  await tab.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
}

/** A desk and a phone, in the light and in the dark. */
export const LOOKS = [[1280, 800], [390, 844]].flatMap(([width, height]) =>
  [false, true].map((dark) => ({ width, height, dark, name: `${width}-${dark ? "dark" : "light"}` })));
