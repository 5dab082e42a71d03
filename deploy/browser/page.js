// The page: the package `cutout` works on the images in a worker of this browser.

import * as cutout from "./cutout/browser.js";
import { SIZE } from "./cutout/modules.js";
import { $, bytes, say } from "./dom.js";
import { isLossless } from "./options.js";
import { wire } from "./view.js";

const SENTENCES = {
  "unsupported-format": "This is not an image that Cutout can read. Save it as JPEG, PNG or WebP.",
  undecodable: "The image is damaged or incomplete, so it could not be read.",
  "too-many-bytes": "The file is too large. Save it smaller and try again.",
  "too-many-pixels": "The image has too many pixels. Scale it down and try again.",
  io: "The file could not be read. It may have been moved or changed since it was chosen.",
  engine: "Cutout could not be loaded. The network may be down, or this browser too old.",
  trap: "The work stopped, most likely because there was not enough memory. Cutout was started again: other images still work, and a smaller copy of this one may work too.",
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
const LOADING = `Loading Cutout (${bytes(SIZE)}) …`;
const TYPES = { cutout: "foreground", mask: "mask" };
const COLOURS = { white: "#ffffff", black: "#000000" }; // the package takes hexadecimal ones alone
const FOREGROUND = 10; // alpha above this is the subject's, as in the core

/** Loads ahead of the first image. */
async function prepare() {
  say(LOADING);
  try {
    await cutout.preload();
    if ($("status").textContent === LOADING) say("Ready.");
  } catch {
    if ($("status").textContent === LOADING) say(""); // tried again, and told, when an image needs it
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

async function remove(file, { quality, signal, progress }) {
  const told = (key, ended, total) => {
    if (key.startsWith("fetch:")) progress(LOADING, ended / total);
    else if (ended < total) progress(`Step ${ended + 1} of ${total}: ${STAGES[ended]} …`, ended / total);
  };
  return { blob: await cutout.removeBackground(file, { quality, signal, progress: told }) };
}

const mask = (file, { quality, signal }) => cutout.segmentForeground(file, { quality, signal });

async function refine(image, of, { keep: kept, erase: erased, options, full, signal }) {
  const { format, output = "cutout", crop, background, quality, fileQuality } = options;
  const isExact = format === "png" || isLossless(options);
  const config = { signal, quality, output: { format: `image/${format}`, quality: isExact ? undefined : fileQuality / 100, type: TYPES[output] } };
  if (kept) config.keep = kept;
  if (erased) config.erase = erased;
  if (crop) config.crop = crop === "true" ? true : crop;
  if (background) config.background = COLOURS[background] ?? background;
  const blob = await cutout.refineForeground(image, of, config);
  return { blob, origin: full ? await origin(full.blob, crop).catch(() => null) : null }; // a canvas may be too small for it
}

/** Where the corner of the original is once the image ends at the subject of a cut-out and these margins; null where there is no subject. */
async function origin(whole, crop) {
  const bitmap = await createImageBitmap(whole);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0, i = 3; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      if (data[i] <= FOREGROUND) continue;
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), y];
    }
  }
  const share = crop === "true" ? 0 : Number.parseFloat(crop) / 100;
  return right < 0 ? null : { left: Math.round(share * (right - left + 1)) - left, top: Math.round(share * (bottom - top + 1)) - top };
}

function failure({ kind, message }) {
  return { text: SENTENCES[kind] ?? SENTENCES.other, detail: `${kind ?? "error"}: ${message}`, retry: WORTH_A_RETRY.has(kind) };
}

wire({ remove, mask, refine, failure });
prepare();
