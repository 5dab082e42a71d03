// The options of all results, as the form has them.

import { $, chosen } from "./dom.js";

let backgroundImage = null; // a File

/** The options: those of docs/options.md, `key` telling whether two are the same. */
export function options() {
  const isMask = $("mask").checked;
  const format = chosen("format");
  const read = {
    quality: chosen("quality"),
    format,
    output: isMask ? "mask" : "cutout",
    fileQuality: format === "png" ? null : Number($("file-quality").value),
    crop: chosen("crop"),
    background: isMask ? null : background(),
  };
  const { quality, ...rest } = read;
  const { name, size, lastModified } = backgroundImage ?? {};
  return { ...read, key: JSON.stringify([rest, read.background instanceof File && [name, size, lastModified]]) };
}

/** Null for none, a colour as in CSS, or a File. */
function background() {
  const value = chosen("background");
  if (value === "image") return backgroundImage;
  if (value === "colour") return $("colour").value;
  return value || null;
}

/** Whether nothing is asked for but the cut-out as it is. */
export const isPlain = ({ format, output, crop, background }) =>
  format === "png" && output === "cutout" && crop === "" && background === null;

/** WebP of the highest quality is without any loss. */
export const isLossless = ({ format, fileQuality }) => format === "webp" && fileQuality === 100;

function show() {
  const format = chosen("format");
  const quality = Number($("file-quality").value);
  $("file-quality-row").hidden = format === "png";
  const words = format === "webp" && quality === 100 ? "lossless" : String(quality);
  $("file-quality-value").textContent = words;
  $("file-quality").setAttribute("aria-valuetext", words);
  $("background").disabled = $("mask").checked;
  $("download").textContent = `Download ${{ png: "PNG", webp: "WebP", jpeg: "JPEG" }[format]}`;
}

function choose(name, value) {
  document.querySelector(`input[name="${name}"][value="${value}"]`).checked = true;
}

/** Calls back when an option has changed. */
export function wireOptions(changed) {
  const act = () => {
    show();
    changed();
  };
  $("options").addEventListener("submit", (event) => event.preventDefault());
  $("options").addEventListener("change", ({ target }) => {
    if (target.id === "background-file") {
      if (target.files.length === 0) return;
      [backgroundImage] = target.files;
      target.value = ""; // so that the same file can be chosen again
      $("background-name").textContent = backgroundImage.name;
      $("background-label").hidden = false;
      choose("background", "image");
    }
    if (target.id === "colour") choose("background", "colour");
    act();
  });
  $("file-quality").addEventListener("input", show);
  show();
}
