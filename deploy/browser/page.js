// The page: the package `cutout` works on the image in a worker of this browser.

import { preload, removeBackground } from "./cutout/browser.js";
import { SIZE } from "./cutout/modules.js";
import { $, begin, megabytes, picture, pictureName, show, showError, showResult, wire } from "./view.js";

const SENTENCES = {
  "unsupported-format": "This is not an image that Cutout can read. Save it as JPEG, PNG or WebP.",
  undecodable: "The image is damaged or not whole, so it could not be read.",
  "too-many-bytes": "The file is too large. Save it smaller and try again.",
  "too-many-pixels": "The image has too many pixels. Scale it down and try again.",
  io: "The file could not be read. It may have been moved or changed since it was chosen.",
  engine: "Cutout could not be loaded. The network may be down, or this browser too old.",
  trap: "The work broke off, most likely for want of memory. Cutout was set up anew: other images work, and a smaller copy of this one may.",
  other: "This image could not be cut out.",
};
const WORTH_A_RETRY = new Set(["engine", "trap"]);
const STAGES = [
  "reading the image", // decode
  "making it small for the network", // preprocess
  "finding the subject", // segment
  "fitting the edges", // matte
  "cleaning the colours", // colour
  "writing the result", // encode
];
const LOADING = `Loading Cutout (${megabytes(SIZE)}) …`;

let job = null; // the AbortController of the work under way

/** Loads ahead of the first image. */
async function prepare() {
  $("progress").hidden = false;
  $("status").textContent = LOADING;
  try {
    await preload({ progress });
    if (!job) show("idle", "Ready.");
  } catch {
    if (!job) show("idle", ""); // tried again, and told, when an image needs it
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

async function start() {
  const mine = new AbortController();
  job = mine;
  $("status").textContent = LOADING;
  let began = performance.now();
  const told = (key, ended, total) => {
    if (key === "compute:decode") began = performance.now();
    progress(key, ended, total);
  };
  try {
    const cutout = await removeBackground(picture, { progress: told, signal: mine.signal });
    if (job !== mine) return;
    job = null;
    showResult(cutout, (performance.now() - began) / 1e3, (detail) => fail("other", detail));
  } catch (error) {
    if (job === mine) fail(error.kind, `${error.kind ?? "error"}: ${error.message}`);
  }
}

function stop() {
  job?.abort();
  job = null;
}

function progress(key, ended, total) {
  $("progress").value = ended / total;
  if (key.startsWith("fetch:") || ended === total) return;
  $("status").textContent = `${pictureName()}: step ${ended + 1} of ${total}, ${STAGES[ended]} …`;
}

function fail(kind, detail) {
  job = null;
  showError(SENTENCES[kind] ?? SENTENCES.other, detail);
  $("retry").hidden = !WORTH_A_RETRY.has(kind);
}

$("retry").addEventListener("click", () => begin(picture));
wire(start, stop);
prepare();
