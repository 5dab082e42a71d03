// Graphs over time. A unit of a drawing is a pixel of the page, so text keeps its size.

import { element } from "./dom.js";
import { ticks, words } from "./format.js";
import { FINE } from "./servers.js";

/** The greatest value of an axis whose lines are at zero. */
const FLOOR = { count: 1, rate: 1, seconds: 0.1, bytes: 2 ** 20 };

/** Seconds between two states beyond which nothing is known: lately, and where states are a minute apart. */
const GAP = { lately: 30, before: 150 };

/** The lines of one chart, each `[[time, value], …]`, over `span` seconds that end at `now`. */
export function plot({ unit, whole }, lines, { span, now, width, height }) {
  const shown = lines.map((points) => visible(points, now - span));
  const values = shown.flat().map(([, value]) => value).filter(Number.isFinite);
  const highest = Math.max(whole ? 4 : 0, ...values);
  const marks = ticks(highest || FLOOR[unit], unit === "bytes" ? 2 : 10);
  const texts = marks.map((mark) => (mark === 0 ? "0" : words(mark, unit)));
  const box = { left: 8 + 6.5 * Math.max(...texts.map(({ length }) => length)), right: width - 6, top: 10, bottom: height - 20 };
  const x = (time) => box.right - ((now - time) / span) * (box.right - box.left);
  const y = (value) => box.bottom - (value / marks.at(-1)) * (box.bottom - box.top);
  const drawing = [...scale(marks, texts, box, y), ...minutes(span, box, (ago) => x(now - ago))];
  if (!values.length) {
    const middle = { x: (box.left + box.right) / 2, y: (box.top + 3 * box.bottom) / 4 + 4, "text-anchor": "middle" };
    return [...drawing, element("text", { class: "axis", ...middle }, "nothing in this time")];
  }
  shown.forEach((points, k) => {
    drawing.push(element("path", { class: `line line-${k}`, d: path(points, now, x, y) }));
    const last = points.at(-1);
    if (Number.isFinite(last?.[1])) drawing.push(element("circle", { class: `dot line-${k}`, cx: x(last[0]), cy: y(last[1]), r: 3 }));
  });
  return drawing;
}

const visible = (points, since) => points.filter(([time]) => time >= since);

function scale(marks, texts, { left, right }, y) {
  return marks.flatMap((mark, k) => [
    element("line", { class: "grid", x1: left, x2: right, y1: y(mark), y2: y(mark) }),
    element("text", { class: "axis", x: left - 6, y: y(mark) + 4, "text-anchor": "end" }, texts[k])]);
}

/** Marks on the axis of time, a quarter of it apart. */
function minutes(span, { bottom }, x) {
  return [1, 0.75, 0.5, 0.25, 0].flatMap((part) => {
    const ago = part * span;
    const mark = element("line", { class: "grid", x1: x(ago), x2: x(ago), y1: bottom, y2: bottom + 4 });
    const anchor = { 0: "end", 0.5: "middle", 1: "start" }[part];
    if (!anchor) return [mark]; // no room for all
    const text = ago === 0 ? "now" : `−${ago / 60} min`;
    return [mark, element("text", { class: "axis", x: x(ago), y: bottom + 17, "text-anchor": anchor }, text)];
  });
}

/** A line that is broken where nothing was measured; a value that stands alone is a dot. */
function path(points, now, x, y) {
  let drawn = "";
  let before = null;
  for (const [time, value] of points) {
    if (!Number.isFinite(value)) {
      before = null;
      continue;
    }
    const gap = before === null || time - before > (now - before > FINE ? GAP.before : GAP.lately);
    drawn += `${gap ? "M" : "L"}${x(time).toFixed(1)} ${y(value).toFixed(1)}${gap ? "h0" : ""}`;
    before = time;
  }
  return drawn;
}
