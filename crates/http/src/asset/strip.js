// The strip of thumbnails, with the state of each image.

import { $, element } from "./dom.js";

const SIDE = 128; // pixels: twice what is shown, for dense screens
let drawing = Promise.resolve(); // one after another: each is decoded at its full size
const entries = new Map(); // by image: { li, button, badge, canvas, drawn }

/** Draws an image into its thumbnail; one that the browser cannot read has its kind in words. */
async function draw(canvas, blob) {
  try {
    const bitmap = await createImageBitmap(blob);
    const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
    Object.assign(canvas, { width: Math.max(1, bitmap.width * scale), height: Math.max(1, bitmap.height * scale) });
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    canvas.parentElement.dataset.kind = "";
  } catch {
    // TIFF, for one, goes in, but few browsers show it.
  }
}

function entry(item, { select, remove }) {
  const canvas = element("canvas", { width: 1, height: 1, ariaHidden: "true" });
  const badge = element("span", { className: "badge", ariaHidden: "true" });
  const button = element("button", { type: "button", className: "thumb" }, canvas, badge);
  button.dataset.kind = item.name.match(/\.([^.]{1,4})$/)?.[1] ?? "?";
  const close = element("button", { type: "button", className: "close", textContent: "×", ariaLabel: `Remove ${item.name}` });
  button.addEventListener("click", () => select(item));
  button.addEventListener("keydown", (event) => event.key === "Delete" && remove(item));
  close.addEventListener("click", () => remove(item));
  return { li: element("li", {}, button, close), button, badge, canvas, drawn: null };
}

/** Shows these images, one of which is selected. */
export function showStrip(items, selected, act) {
  for (const [item, { li }] of entries) {
    if (items.includes(item)) continue;
    li.remove();
    entries.delete(item);
  }
  for (const item of items) {
    if (!entries.has(item)) {
      entries.set(item, entry(item, act));
      $("strip").append(entries.get(item).li);
    }
    const { li, button, badge, canvas, drawn } = entries.get(item);
    li.dataset.state = item.state;
    button.ariaCurrent = item === selected ? "true" : null;
    const reason = item.state === "failed" ? `: ${item.failure.text}` : "";
    button.ariaLabel = button.title = `${item.name}, ${item.state}${reason}`;
    badge.textContent = { done: "✓", failed: "!" }[item.state] ?? "";
    const wanted = [...item.cutouts.values()][0]?.blob ?? item.file;
    if (drawn !== wanted) drawing = drawing.then(() => entries.get(item)?.drawn === wanted && draw(canvas, wanted));
    entries.get(item).drawn = wanted;
  }
}

export function focusThumb(item) {
  entries.get(item)?.button.focus();
}

/** Brings the selected thumbnail into the strip's view, and moves nothing else. */
export function reveal(item) {
  const { offsetLeft, offsetWidth } = entries.get(item).li;
  const strip = $("strip");
  const left = offsetLeft - strip.offsetLeft;
  if (left < strip.scrollLeft || left + offsetWidth > strip.scrollLeft + strip.clientWidth) strip.scrollLeft = left - strip.clientWidth / 2;
}
