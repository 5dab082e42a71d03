// The original over the result, up to an edge that is moved by the slider below or on the image itself.

import { $ } from "./dom.js";

const LARGEST = 4; // times: a small image is shown larger, but not a blur

/** Where the original is in a result, in pixels of the result; null where that is not known. */
export function place({ origin }, size) {
  const { naturalWidth: width, naturalHeight: height } = $("before");
  if (origin) return { ...origin, width, height };
  return size.width === width && size.height === height ? { left: 0, top: 0, width, height } : null;
}

/** Gives the stage the proportions of a result, as large as there is room. */
export function fit({ width, height }) {
  $("stage").style.setProperty("--ratio", width / height);
  $("stage").style.setProperty("--most", `${width * LARGEST}px`);
}

/** Lays the original over the result, or does without where it cannot be compared. */
export function compare(where, { width, height }) {
  $("stage").classList.toggle("plain", !where);
  $("no-before").hidden = Boolean(where);
  if (!where) return;
  const percent = (part, whole) => `${(100 * part) / whole}%`;
  Object.assign($("before").style, {
    left: percent(where.left, width), top: percent(where.top, height), width: percent(where.width, width), height: percent(where.height, height),
  });
}

export function slide(percent = Number($("slider").value)) {
  $("slider").value = percent;
  const value = Number($("slider").value);
  $("original").style.clipPath = `inset(0 ${100 - value}% 0 0)`;
  $("edge").style.left = `${value}%`;
  $("slider").setAttribute("aria-valuetext", `${Math.round(value)} % original`);
}

export function wireCompare() {
  const frame = $("frame");
  const move = (event) => {
    const { left, width } = frame.getBoundingClientRect();
    slide((100 * (event.clientX - left)) / width);
  };
  frame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !$("slider").checkVisibility()) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    move(event);
  });
  frame.addEventListener("pointermove", (event) => frame.hasPointerCapture(event.pointerId) && $("slider").checkVisibility() && move(event));
  $("slider").addEventListener("input", () => slide());
  slide();
}
