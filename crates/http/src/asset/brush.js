// The brush: paint what is to be kept or erased on the result; by pointer, or by a ring that the arrow keys move.

import { $, chosen, say } from "./dom.js";
import { draw, reduction } from "./marks.js";

const COLOURS = { keep: "#1a8f4bb3", erase: "#d11a2ab3" };
const WAIT = 250; // ms after a stroke before it is applied: the next one may follow

let item = null; // the image that is painted on
let size = null; // of the upright image
let stroke = null; // under the pointer
let at = null; // of the ring, in pixels of the image
let timer = 0;
let changed = () => {};

export const isBrushing = () => item !== null;

/** Begins; painting waits for `paintOver`. */
export function startBrush(image) {
  item = image;
  size = null;
  document.body.classList.add("brushing");
  $("brush").hidden = false;
  show();
  $("paint").focus({ preventScroll: true });
}

export function stopBrush() {
  clearTimeout(timer);
  item = stroke = null;
  document.body.classList.remove("brushing");
  $("brush").hidden = true;
}

/** The whole cut-out of this size is shown, with all strokes that are applied. */
export function paintOver(full) {
  if (size?.width !== full.width || size?.height !== full.height) {
    size = full;
    at = [full.width / 2, full.height / 2];
    const scale = reduction(full.width, full.height);
    Object.assign($("paint"), { width: Math.max(1, Math.round(full.width * scale)), height: Math.max(1, Math.round(full.height * scale)) });
  }
  redraw();
}

/** Draws the strokes that the cut-out beneath does not have yet. */
function redraw() {
  const canvas = $("paint");
  const context = canvas.getContext("2d");
  context.globalCompositeOperation = "source-over";
  context.clearRect(0, 0, canvas.width, canvas.height);
  const applied = item.corrected?.strokes ?? [];
  const fresh = item.strokes.filter((one) => !applied.includes(one));
  draw(context, stroke ? [...fresh, stroke] : fresh, canvas.width / size.width, (tool) => ({ paint: COLOURS[tool], operation: "source-over" }));
  ring();
}

function ring() {
  const diameter = $("brush-size").value;
  Object.assign($("ring").style, { left: `${(100 * at[0]) / size.width}%`, top: `${(100 * at[1]) / size.height}%`, width: `${diameter}px`, height: `${diameter}px` });
  $("ring").dataset.tool = chosen("tool");
}

function show() {
  $("undo").disabled = item.past.length === 0;
  $("redo").disabled = item.future.length === 0;
  $("clear").disabled = item.strokes.length === 0;
}

/** Changes what the image has of `strokes`, `past` and `future`. */
function set(change, words) {
  Object.assign(item, change);
  const { activeElement } = document;
  show();
  if (activeElement.disabled) $("paint").focus();
  if (size) redraw();
  say(words);
  clearTimeout(timer);
  timer = setTimeout(changed, WAIT);
}

const become = (strokes, words) => set({ strokes, past: [...item.past, item.strokes], future: [] }, words);

function undo() {
  const { strokes, past, future } = item;
  if (past.length > 0) set({ strokes: past.at(-1), past: past.slice(0, -1), future: [strokes, ...future] }, "Undone.");
}

function redo() {
  const { strokes, past, future } = item;
  if (future.length > 0) set({ strokes: future[0], past: [...past, strokes], future: future.slice(1) }, "Done again.");
}

const radius = () => ($("brush-size").value / 2) * (size.width / $("frame").clientWidth);
const begin = () => ({ tool: chosen("tool"), radius: radius(), points: [at] });

function end(words) {
  const ended = stroke;
  stroke = null;
  become([...item.strokes, ended], words);
}

function where() {
  const [x, y] = [at[0] / size.width, at[1] / size.height].map((part) => Math.round(part * 100));
  return `${x} % from the left, ${y} % from the top`;
}

function byPointer(canvas) {
  const point = ({ clientX, clientY }) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [((clientX - left) / width) * size.width, ((clientY - top) / height) * size.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !size || stroke) return;
    event.stopPropagation();
    canvas.setPointerCapture(event.pointerId);
    clearTimeout(timer);
    at = point(event);
    stroke = begin();
    redraw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!size) return;
    at = point(event);
    if (!stroke) return ring();
    const all = event.getCoalescedEvents?.() ?? [];
    stroke.points.push(...(all.length > 0 ? all : [event]).map(point));
    return redraw();
  });
  canvas.addEventListener("pointerup", () => stroke && end(stroke.tool === "keep" ? "Kept." : "Erased."));
  canvas.addEventListener("pointercancel", () => {
    stroke = null;
    if (item && size) redraw();
  });
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function byKey(event) {
  if (!size || stroke || event.ctrlKey || event.metaKey) return;
  if (Object.hasOwn(STEPS, event.key)) {
    const step = Math.max(1, radius() / (event.shiftKey ? 8 : 1));
    const within = (value, most) => Math.min(Math.max(value, 0), most);
    const [x, y] = STEPS[event.key];
    at = [within(at[0] + x * step, size.width), within(at[1] + y * step, size.height)];
    ring();
    say(where());
  } else if (event.key === " " || event.key === "Enter") {
    stroke = begin();
    end(`${stroke.tool === "keep" ? "Kept" : "Erased"} at ${where()}.`);
  } else return;
  event.preventDefault();
}

/** Calls `act.changed()` when strokes are to be applied, and `act.leave()` to leave. */
export function wireBrush(act) {
  ({ changed } = act);
  byPointer($("paint"));
  $("paint").addEventListener("keydown", byKey);
  $("brush").addEventListener("input", () => size && ring());
  $("undo").addEventListener("click", undo);
  $("redo").addEventListener("click", redo);
  $("clear").addEventListener("click", () => become([], "All strokes are taken back."));
  $("brush-done").addEventListener("click", act.leave);
  document.addEventListener("keydown", (event) => {
    if (!isBrushing()) return;
    const isZ = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
    if (isZ) event.preventDefault();
    if (isZ && event.shiftKey) redo();
    else if (isZ) undo();
    else if (event.key === "Escape") act.leave();
  });
}
