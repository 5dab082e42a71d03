// The page: the component works on the image in a worker of this browser.

import { MODULES } from "./modules.js";
import { $, begin, megabytes, picture, pictureName, show, showError, showResult, wire } from "./view.js";

const SENTENCES = {
  "unsupported-format": "This is not an image that Cutout can read. Save it as JPEG, PNG or WebP.",
  undecodable: "The image is damaged or not whole, so it could not be read.",
  "too-many-bytes": "The file is too large. Save it smaller and try again.",
  "too-many-pixels": "The image has too many pixels. Scale it down and try again.",
  unreadable: "The file could not be read. It may have been moved or changed since it was chosen.",
  load: "Cutout could not be loaded. The network may be down, or this browser too old.",
  trap: "The work broke off, most likely for want of memory. Cutout was set up anew: other images work, and a smaller copy of this one may.",
  other: "This image could not be cut out.",
};
const WORTH_A_RETRY = new Set(["load", "trap"]);
const STAGES = [
  "reading the image", // decode
  "making it small for the network", // preprocess
  "finding the subject", // segment
  "fitting the edges", // matte
  "cleaning the colours", // colour
  "writing the result", // encode
];
const SIZE = Object.values(MODULES).reduce((sum, bytes) => sum + bytes, 0);
const LOADING = `Loading Cutout (${megabytes(SIZE)}) …`;

let modules = null; // the promise of the compiled core modules by name
let worker = null;
let job = null; // the work under way, and when the worker began with it

/** A core module, compiled while it arrives; `got` is told of every piece. */
async function compile(name, got) {
  const response = await fetch(`component/${name}`);
  if (!response.ok) throw new Error(`${name}: HTTP status ${response.status}`);
  const pieces = response.body.pipeThrough(new TransformStream({
    transform(piece, controller) {
      got(piece.byteLength);
      controller.enqueue(piece);
    },
  }));
  // With a type of our own, since not every static server knows it.
  return WebAssembly.compileStreaming(new Response(pieces, { headers: { "Content-Type": "application/wasm" } }));
}

async function load() {
  let loaded = 0;
  const got = (bytes) => {
    loaded += bytes;
    $("progress").value = loaded / SIZE;
  };
  const names = Object.keys(MODULES);
  const compiled = await Promise.all(names.map((name) => compile(name, got)));
  return Object.fromEntries(names.map((name, i) => [name, compiled[i]]));
}

/** Loads ahead of the first image. */
async function prepare() {
  $("progress").hidden = false;
  $("status").textContent = LOADING;
  modules = load();
  try {
    await modules;
    if (!job) show("idle", "Ready.");
  } catch {
    modules = null; // tried again, and told, when an image needs it
    if (!job) show("idle", "");
  }
  keep();
}

/** Has the service worker keep the page for visits without a network. */
async function keep() {
  try {
    const { installing } = await navigator.serviceWorker.register("sw.js", { updateViaCache: "none" });
    const failed = new Promise((_, reject) => {
      installing?.addEventListener("statechange", () => installing.state === "redundant" && reject(new Error("not installed")));
    });
    // One that is kept already stays when a newer one cannot be.
    await Promise.race([navigator.serviceWorker.ready, failed]);
    $("offline").textContent = "Kept on this device: it works without a network.";
  } catch {
    $("offline").textContent = "This browser does not keep the page: it needs its server at every visit.";
  }
}

function hire(compiled) {
  const hired = new Worker("worker.js", { type: "module" });
  const ours = (act) => (event) => worker === hired && act(event);
  hired.addEventListener("message", ours(({ data }) => hear(data)));
  hired.addEventListener("error", ours((event) => lose("load", event.message ?? "the worker could not start")));
  hired.postMessage({ modules: compiled });
  return hired;
}

async function start() {
  const mine = { began: 0 };
  job = mine;
  $("status").textContent = LOADING;
  let compiled;
  try {
    modules ??= load();
    compiled = await modules;
  } catch (error) {
    modules = null;
    if (job === mine) fail("load", String(error));
    return;
  }
  if (job !== mine) return;
  mine.began = performance.now();
  worker ??= hire(compiled);
  under(0);
  worker.postMessage({ picture });
}

/** Nothing but its end stops a worker that is inside a call. */
function dismiss() {
  worker?.terminate();
  worker = null;
}

function stop() {
  if (job?.began) dismiss();
  job = null;
}

function under(ended) {
  $("progress").value = ended / STAGES.length;
  if (ended === STAGES.length) return;
  $("status").textContent = `${pictureName()}: step ${ended + 1} of ${STAGES.length}, ${STAGES[ended]} …`;
}

function hear({ ended, output, refused, broken }) {
  if (ended) under(ended);
  if (output) {
    const seconds = (performance.now() - job.began) / 1e3;
    job = null;
    showResult(new Blob([output], { type: "image/png" }), seconds, (detail) => fail("other", detail));
  }
  if (refused) fail(refused.kind, `${refused.kind}: ${refused.text}`);
  if (broken) lose("trap", `trap: ${broken}`);
}

/** A worker whose guest broke off is not asked again: the next image gets another. */
function lose(code, detail) {
  dismiss();
  if (job) fail(code, detail);
}

function fail(code, detail) {
  job = null;
  showError(SENTENCES[code] ?? SENTENCES.other, detail);
  $("retry").hidden = !WORTH_A_RETRY.has(code);
}

$("retry").addEventListener("click", () => begin(picture));
wire(start, stop);
prepare();
