// What a caller's config asks for, in the component's words.

import { CutoutError } from "./error.js";

const FORMATS = { "image/png": "png", "image/webp": "webp", "image/jpeg": "jpeg" };
const TYPES = ["foreground", "background", "mask"];
const QUALITIES = ["fast", "good", "best"];
// Of @imgly/background-removal: here there is one model, inside, on the processor, in a worker, and nothing is logged.
const WITHOUT_MEANING = ["publicPath", "model", "device", "proxyToWorker", "debug", "rescale"];
const KEYS = ["output", "progress", "signal", "fetchArgs", "quality", "background", "crop", "maxSide", ...WITHOUT_MEANING];
const OUTPUT_KEYS = ["format", "quality", "type"];
const MOST_PIXELS = 500; // of a margin; and percent, as in `cutout run`
const MOST_PERCENT = 50;

function refuse(text) {
  throw new CutoutError("usage", text);
}

/** A value for a message, whatever it is: JSON knows no BigInt, and a template no Symbol. */
function shown(value) {
  if (typeof value === "string") return JSON.stringify(value);
  return value !== null && typeof value === "object" ? Object.prototype.toString.call(value) : String(value);
}

function known(object, keys, where) {
  if (object === null || typeof object !== "object") refuse(`${where} is an object, not ${shown(object)}`);
  for (const key of Object.keys(object)) {
    if (!keys.includes(key)) refuse(`${where} has no key \`${key}\`; it has ${keys.join(", ")}`);
  }
}

function oneOf(value, allowed, where) {
  if (!allowed.includes(value)) refuse(`${where} is ${allowed.map((a) => `"${a}"`).join(", ")}, not ${shown(value)}`);
  return value;
}

function encoding({ format = "image/png", quality }) {
  oneOf(format, Object.keys(FORMATS), "output.format");
  if (quality !== undefined && !(typeof quality === "number" && quality >= 0 && quality <= 1)) refuse(`output.quality is 0 to 1, not ${shown(quality)}`);
  const percent = quality === undefined ? undefined : Math.max(1, Math.round(quality * 100));
  return { format: FORMATS[format], png: "fast", webp: percent, jpeg: percent ?? 90 };
}

/** One length: a number of pixels, "12px" or "5%". */
function length(text) {
  const [, number, unit = "px"] = String(text).match(/^(\d+(?:\.\d+)?)(px|%)?$/) ?? [];
  const value = Number(number);
  if (unit === "%" && value <= MOST_PERCENT) return { tag: "share", val: value / 100 };
  if (unit === "px" && value <= MOST_PIXELS && Number.isInteger(value)) return { tag: "pixels", val: value };
  return refuse(`a margin of crop is whole pixels up to ${MOST_PIXELS} or a share up to "${MOST_PERCENT}%", not ${shown(text)}`);
}

/** Margins around the subject: one, two or four lengths as in CSS; true is none. */
function margins(crop) {
  if (crop === undefined || crop === false) return undefined;
  if (!["boolean", "number", "string"].includes(typeof crop)) refuse(`crop is true, a number or a text, not ${shown(crop)}`);
  const lengths = (crop === true ? ["0"] : String(crop).split(" ")).map(length);
  if (![1, 2, 4].includes(lengths.length)) refuse(`crop has one, two or four lengths, not ${lengths.length}`);
  const [top, right = top, bottom = top, left = right] = lengths;
  return { top, right, bottom, left };
}

function side(maxSide) {
  if (maxSide === undefined || (Number.isInteger(maxSide) && maxSide >= 1 && maxSide < 2 ** 32)) return maxSide;
  return refuse(`maxSide is a number of pixels from 1 on, not ${shown(maxSide)}`);
}

function aFunction(value, key) {
  if (value !== undefined && typeof value !== "function") refuse(`${key} is a function, not ${typeof value}`);
  return value;
}

function aSignal(value) {
  if (value !== undefined && typeof value?.throwIfAborted !== "function") refuse(`signal is an AbortSignal, not ${typeof value}`);
  return value;
}

/** A mark's rectangle in the component's words; nothing where it is an image. */
function rectangle(mark, where) {
  if (mark === null || typeof mark !== "object" || !("x" in mark && "y" in mark)) return undefined;
  const { x, y, width, height } = mark;
  const fits = (value, least) => Number.isInteger(value) && value >= least && value < 2 ** 32;
  if (!(fits(x, 0) && fits(y, 0) && fits(width, 1) && fits(height, 1))) {
    refuse(`a rectangle of ${where} has whole numbers x, y, width and height in pixels, and is not empty`);
  }
  return { left: x, top: y, width, height };
}

/** The marks of one brush: { brush, rectangle } or { brush, image }. */
export function readMarks(marks, brush) {
  if (marks === undefined) return [];
  const list = Array.isArray(marks) ? marks : [marks];
  return list.map((mark) => {
    const part = rectangle(mark, brush);
    return part ? { brush, rectangle: part } : { brush, image: mark };
  });
}

/** Reads `config` for a call that makes `type`. */
export function read(config, type) {
  config ??= {};
  known(config, KEYS, "the config");
  const { output = {}, progress, signal, fetchArgs, quality = "good", background, crop, maxSide, rescale = true } = config;
  known(output, OUTPUT_KEYS, "output");
  if (!rescale) refuse("rescale: false is not supported: a result has the image's size");
  const makesAny = ["foreground", "refined"].includes(type);
  const asked = output.type === undefined ? (makesAny ? "foreground" : type) : oneOf(output.type, TYPES, "output.type");
  if (type === "refined") checkRefining(asked);
  const makes = makesAny ? asked : type;
  const settings = {
    options: {
      output: { foreground: "cutout", background: "inverse", mask: "mask" }[makes],
      quality: oneOf(quality, QUALITIES, "quality"),
      encoding: encoding(output),
      maxSide: side(maxSide),
      crop: margins(crop),
      alsoMask: false,
      thumbnails: undefined,
    },
    fetchArgs,
    signal: aSignal(signal),
  };
  if (background !== undefined && makes !== "foreground") refuse("a background is put behind the foreground alone");
  if (makes === "background") onlyPng(settings.options);
  return { ...settings, background, progress: aFunction(progress, "progress") };
}

/** A correction has nothing to give but foreground and mask. */
function checkRefining(asked) {
  if (asked === "background") refuse("a correction gives the foreground or the mask; output.type is one of them");
}

function onlyPng({ encoding: { format }, maxSide, crop }) {
  if (format !== "png" || maxSide !== undefined || crop !== undefined) {
    refuse("without its foreground an image is written as PNG, whole and in its size");
  }
}
