// What a page of Cutout shows, whoever does the work: choosing images, what is under way, the result, saving it.

export const $ = (id) => document.getElementById(id);

export let picture = null; // the File or Blob that is worked on
let cutout = null; // the encoded result, untouched
let waiting = []; // chosen together with the image
let urls = []; // object URLs to revoke
let work = null; // of the page: start(picture), and stop()

function objectUrl(blob) {
  urls.push(URL.createObjectURL(blob));
  return urls.at(-1);
}

export function megabytes(bytes) {
  return bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** What the image is called in sentences. */
export function pictureName() {
  return picture.name || "the pasted image";
}

/** Shows one of `idle`, `working`, `error` and `result`. */
export function show(state, words) {
  $("drop").hidden = state === "working" || state === "result";
  $("cancel").hidden = $("progress").hidden = state !== "working";
  $("error").hidden = state !== "error";
  $("result").hidden = state !== "result";
  $("status").textContent = words;
}

function release() {
  work.stop();
  for (const id of ["before", "after"]) $(id).removeAttribute("src");
  urls.forEach(URL.revokeObjectURL);
  urls = [];
  cutout = null;
}

function reset(words) {
  release();
  picture = null;
  waiting = [];
  show("idle", words);
  $("file").focus();
}

/** Begins with an image, in place of what is shown and under way. */
export function begin(file) {
  release();
  picture = file;
  show("working", "");
  $("cancel").focus();
  $("progress").removeAttribute("value");
  work.start();
}

/** Begins with the first of several images; the others come when they are asked for. */
function beginAll([first, ...others]) {
  waiting = others;
  begin(first);
}

function next(words) {
  if (waiting.length > 0) beginAll(waiting);
  else reset(words);
}

/** The words of a button that goes on to the next image. */
function nextWords() {
  return waiting.length > 0 ? `Next image (${waiting.length} left)` : "Another image";
}

/** Says what failed, and the details behind it. */
export function showError(text, detail) {
  show("error", "");
  $("error-text").textContent = text;
  $("error-detail").textContent = detail && `Details: ${detail}`;
  $("next").hidden = waiting.length === 0;
  $("next").textContent = nextWords();
  $("error").focus();
}

/** Shows the encoded result, made in `seconds`; `broken` is told when this browser cannot show it. */
export function showResult(blob, seconds, broken) {
  cutout = blob;
  const after = $("after");
  const before = $("before");
  after.onload = () => {
    if (cutout !== blob) return;
    $("facts").textContent =
      `${after.naturalWidth} × ${after.naturalHeight} pixels, ${megabytes(blob.size)}, done in ${Number(seconds.toPrecision(2))} s`;
    $("again").textContent = nextWords();
    show("result", "Done: the background is removed.");
    $("result-heading").focus();
  };
  after.onerror = () => cutout === blob && broken("The answer is not an image this browser can show.");
  comparable(true);
  // TIFF, for one, goes in, but few browsers show it.
  before.onerror = () => cutout === blob && comparable(false);
  $("slider").value = 50;
  slide();
  before.src = objectUrl(picture);
  after.src = objectUrl(blob);
}

function comparable(yes) {
  for (const id of ["before", "edge", "compare"]) $(id).hidden = !yes;
  $("no-before").hidden = yes;
  $("stage").classList.toggle("plain", !yes);
}

function slide() {
  const percent = Number($("slider").value);
  $("before").style.clipPath = `inset(0 ${100 - percent}% 0 0)`;
  $("edge").style.left = `${percent}%`;
  $("slider").setAttribute("aria-valuetext", `${percent} % original`);
}

/** The chosen colour, null for none. */
function background() {
  const { value } = document.querySelector("#background input:checked");
  if (value === "transparent") return null;
  return value === "custom" ? $("colour").value : value;
}

function paint() {
  $("stage").classList.toggle("checkered", background() === null);
  $("stage").style.backgroundColor = background() ?? "";
}

/** The cut-out over the chosen background in another format; null when the browser cannot. */
async function encode(type) {
  const { naturalWidth: width, naturalHeight: height } = $("after");
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  if (!context) return null;
  if (background() !== null) {
    context.fillStyle = background();
    context.fillRect(0, 0, width, height);
  }
  context.drawImage($("after"), 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, 0.92));
  return blob?.type === type ? blob : null;
}

async function download(extension) {
  const type = `image/${extension}`;
  const source = cutout;
  const blob = type === "image/png" && background() === null ? cutout : await encode(type);
  if (source !== cutout) return;
  if (!blob) {
    $("status").textContent = `This browser cannot write an image of this size as ${extension.toUpperCase()}.`;
    return;
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${(picture.name || "picture").replace(/\.[^.]*$/, "")}-cutout.${extension}`;
  link.click();
  // The download has its own hold on the bytes soon after the click, but not yet when it returns.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  $("status").textContent = `Saved as ${link.download}.`;
}

/** Takes the files of a drop or a paste. */
function take(transfer) {
  const files = [...(transfer?.files ?? [])];
  if (files.length > 0) beginAll(files);
  return files.length > 0;
}

function draggable() {
  const move = (event) => {
    const { left, width } = $("stage").getBoundingClientRect();
    $("slider").value = (100 * (event.clientX - left)) / width;
    slide();
  };
  $("stage").addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || $("compare").hidden) return;
    event.preventDefault();
    $("stage").setPointerCapture(event.pointerId);
    move(event);
  });
  $("stage").addEventListener("pointermove", (event) => {
    if ($("stage").hasPointerCapture(event.pointerId)) move(event);
  });
}

function choosable() {
  $("file").addEventListener("change", () => {
    const files = [...$("file").files];
    $("file").value = ""; // so that the same file can be chosen again
    if (files.length > 0) beginAll(files);
  });
  $("drop").addEventListener("click", (event) => {
    if (!event.target.closest("label, input")) $("file").click();
  });
  document.addEventListener("paste", (event) => {
    if (event.target.type === "password") return;
    if (!take(event.clipboardData)) $("status").textContent = "There is no image in the clipboard.";
  });
  // On the whole page, or an image dropped beside the field would replace the page.
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    if (!take(event.dataTransfer)) $("status").textContent = "That was not a file. Save the image first, then drop it.";
  });
}

/** Makes the page work: `start()` begins the work on `picture`, `stop()` ends what is under way. */
export function wire(start, stop) {
  work = { start, stop };
  choosable();
  draggable();
  $("cancel").addEventListener("click", () => reset("Cancelled."));
  for (const id of ["again", "next"]) $(id).addEventListener("click", () => next("Ready for another image."));
  $("slider").addEventListener("input", slide);
  $("background").addEventListener("change", paint);
  $("colour").addEventListener("input", () => {
    document.querySelector("#background input[value=custom]").checked = true;
    paint();
  });
  $("download-png").addEventListener("click", () => download("png"));
  $("download-webp").addEventListener("click", () => download("webp"));

  const probe = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  probe.toBlob((blob) => ($("download-webp").hidden = blob?.type !== "image/webp"), "image/webp");
}
