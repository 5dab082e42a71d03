// What a page of Cutout shows, whoever does the work: images, what is under way, the result.

import { isBrushing, paintOver, startBrush, stopBrush, wireBrush } from "./brush.js";
import { wireChoices } from "./choose.js";
import { compare, fit, place, slide, wireCompare } from "./compare.js";
import { $, bytes, say, seconds } from "./dom.js";
import { options, wireOptions } from "./options.js";
import { Queue } from "./queue.js";
import { corrected, forget, render } from "./render.js";
import { names, save, saveAll } from "./save.js";
import { focusThumb, reveal, showStrip } from "./strip.js";

const MAKING = "Making the result …";
const PATIENCE = 300; // ms until it is worth a word that something takes time

let work = null; // of the page: remove, mask, refine, failure
let queue = null;
let selected = null; // the image that is shown
let current = null; // { controller, made }: the result that is shown, or on its way
let last = {}; // { item, state } that was shown last
let all = null; // the AbortController of a ZIP file on its way

const shown = new Map(); // by image element, { blob, url }

/** Shows a Blob in an image element, and lets go of the one before. */
function display(id, blob) {
  if (shown.get(id)?.blob === blob) return;
  if (shown.has(id)) URL.revokeObjectURL(shown.get(id).url);
  shown.delete(id);
  if (!blob) {
    $(id).removeAttribute("src");
    return;
  }
  shown.set(id, { blob, url: URL.createObjectURL(blob) });
  $(id).src = shown.get(id).url;
}

/** Moves the focus where it is not to be lost with what was hidden. */
function refocus(id) {
  const { activeElement } = document;
  if (activeElement === document.body || !activeElement.checkVisibility()) $(id).focus();
}

function showCounts() {
  const { items } = queue;
  const [done, failed] = [queue.count("done"), queue.count("failed")];
  $("images").hidden = items.length === 0;
  $("drop").hidden = items.length > 0;
  $("counts").textContent = items.length < 2 ? "" : `${done} of ${items.length} done${failed ? `, ${failed} failed` : ""}`;
  $("download-all").hidden = done < 2;
  showStrip(items, selected, { select, remove });
}

/** Shows the state of the selected image. */
function showState() {
  const state = selected?.state ?? "none";
  const isNew = last.item !== selected || last.state !== state;
  last = { item: selected, state };
  const isPending = state === "waiting" || state === "working";
  $("pending").hidden = !isPending;
  $("error").hidden = state !== "failed";
  $("result").hidden = state !== "done";
  display("preview", isPending ? selected.file : null);
  if (isPending) showProgress();
  if (state === "failed") showFailure();
  if (state === "done") showResult();
  // Not at every step of its progress: who reads elsewhere is not to be called back.
  if (isNew) refocus({ none: "file", failed: "error", done: "result-heading" }[state] ?? "cancel");
}

function showProgress() {
  const { state, name, progress } = selected;
  $("pending-heading").textContent = name;
  const share = state === "working" ? progress.share : null;
  if (share === null) $("progress").removeAttribute("value");
  else $("progress").value = share;
  $("progress").hidden = state === "waiting";
  $("percent").textContent = share === null ? "" : `${Math.floor(share * 100)} %`;
  const ahead = queue.items.slice(0, queue.items.indexOf(selected)).filter((one) => one.state === "waiting" || one.state === "working").length;
  say(state === "working" ? progress.words : `Waiting for ${ahead} ${ahead === 1 ? "image" : "images"} before this one.`);
}

function showFailure() {
  const { text, detail, retry } = selected.failure;
  $("error-heading").textContent = `${selected.name} could not be cut out`;
  $("error-text").textContent = text;
  $("error-detail").textContent = detail && `Details: ${detail}`;
  $("retry").hidden = !retry;
  say("");
}

function showResult() {
  $("result-heading").textContent = selected.name;
  display("before", selected.file);
  if (!$("after").hasAttribute("src")) showOriginal(selected);
  update();
}

/** Shows the original alone until there is a result beside it. */
async function showOriginal(item) {
  const isReadable = await $("before").decode().then(() => true, () => false);
  if (!isReadable || item !== selected || $("after").hasAttribute("src")) return;
  const size = { width: $("before").naturalWidth, height: $("before").naturalHeight };
  fit(size);
  compare({ left: 0, top: 0, ...size }, size);
}

/** Makes what is to be shown now, in place of what is on its way. */
function update() {
  if (selected?.state !== "done") return;
  current?.controller.abort();
  const controller = new AbortController();
  const item = selected;
  const made = isBrushing()
    ? corrected(work, item, options().quality, controller.signal)
    : render(work, item, options(), controller.signal);
  current = { controller, made };
  $("problem").hidden = true;
  $("result").setAttribute("aria-busy", "true");
  setTimeout(() => current?.made === made && $("result").hasAttribute("aria-busy") && say(MAKING), PATIENCE);
  made.then((result) => current?.made === made && showImage(result, made), (error) => current?.made === made && showProblem(work.failure(error)));
}

function showProblem({ text, detail }) {
  $("result").removeAttribute("aria-busy");
  $("problem").hidden = false;
  $("problem-text").textContent = detail ? `${text} (${detail})` : text;
  say(text);
}

/** Shows the encoded result once the browser has read it and the original. */
async function showImage(result, made) {
  display("after", result.blob);
  const decoded = (id) => $(id).decode().then(() => true, () => false);
  const [isReadable, isComparable] = [await decoded("after"), await decoded("before")]; // TIFF, for one, goes in, but few browsers show it
  if (current?.made !== made) return;
  if (!isReadable) {
    forget(selected, result.blob);
    showProblem({ text: "The answer is not an image this browser can show." });
    return;
  }
  $("result").removeAttribute("aria-busy");
  const size = { width: $("after").naturalWidth, height: $("after").naturalHeight };
  fit(size);
  compare(isComparable ? place(result, size) : null, size);
  $("no-before").textContent = isComparable ? "The original cannot be laid over this result." : "This browser cannot show the original, so there is nothing to compare with.";
  $("facts").textContent = `${size.width} × ${size.height} pixels, ${bytes(result.blob.size)}, done in ${seconds(selected.seconds)}`;
  if (!isBrushing()) {
    say("Done: the background is removed.");
    return;
  }
  paintOver(size);
  if ($("status").textContent === MAKING) say("Ready to paint.");
}

function select(item) {
  if (item === selected) return;
  if (isBrushing()) stopBrush();
  current?.controller.abort();
  current = null;
  display("after", null);
  display("before", null);
  $("facts").textContent = "";
  slide(50);
  selected = item;
  showCounts();
  showState();
  if (item) reveal(item);
}

function add(files) {
  const [first] = queue.add(files);
  if (!selected || selected.state === "failed") select(first);
  else showCounts();
}

/** Removes an image; its neighbour is shown in its place. */
function remove(item) {
  const at = queue.items.indexOf(item);
  const hadFocus = document.activeElement.closest("#strip") !== null;
  queue.remove(item);
  const neighbour = queue.items[at] ?? queue.items[at - 1] ?? null;
  if (item === selected) select(neighbour);
  else showCounts();
  if (!neighbour) say("Ready for another image.");
  if (hadFocus && neighbour) focusThumb(neighbour);
}

function clear() {
  all?.abort();
  queue.clear();
  select(null);
  say("Ready for another image.");
}

function changed(item) {
  if (item.state === "failed" && item !== selected) say(`${item.name}: ${item.failure.text}`);
  showCounts();
  if (item === selected || selected?.state === "waiting") showState();
}

/** Makes the result anew after an error, whose button goes with it. */
function again() {
  update();
  refocus("result-heading");
}

function brush() {
  startBrush(selected);
  update();
}

function leaveBrush() {
  if (!isBrushing()) return;
  stopBrush();
  update();
  refocus("brush-start");
}

async function download() {
  const item = selected;
  const wanted = options();
  try {
    const { blob } = await current.made;
    if (item === selected) save(blob, names(queue.items, wanted).get(item));
  } catch (error) {
    if (error.name !== "AbortError") say(work.failure(error).text);
  }
}

async function downloadAll() {
  if (all) return;
  all = new AbortController();
  $("download-all").setAttribute("aria-busy", "true");
  try {
    await saveAll(work, queue.items, options(), all.signal);
  } catch (error) {
    if (!all.signal.aborted) say(error instanceof RangeError ? `No ZIP file: ${error.message}.` : work.failure(error).text);
  }
  all = null;
  $("download-all").removeAttribute("aria-busy");
}

function tick() {
  if (selected?.state === "working") $("elapsed").textContent = `${((performance.now() - selected.began) / 1e3).toFixed(1)} s`;
  else $("elapsed").textContent = "";
}

/**
 * Makes the page work. `page` does the work: `remove(file, { quality, signal, progress })` gives { blob, … }, the whole cut-out as PNG;
 * `mask(file, { quality, signal })` the mask alone; `refine(file, mask, { keep, erase, options, full, signal })` gives { blob, origin, … }:
 * where options crop, `full` is what was given of the whole cut-out, and `origin` where its corner is in the result, if that is known;
 * `failure(error)` tells { text, detail, retry }.
 */
export function wire(page) {
  work = page;
  queue = new Queue(work, () => options().quality, changed);
  wireChoices(add);
  wireCompare();
  wireOptions(update);
  wireBrush({ changed: update, leave: leaveBrush });
  const clicks = {
    cancel: () => remove(selected), skip: () => remove(selected), retry: () => queue.retry(selected), again, download,
    "download-all": downloadAll, "remove-all": clear, "brush-start": brush,
  };
  for (const [id, act] of Object.entries(clicks)) $(id).addEventListener("click", act);
  setInterval(tick, 100);
}
