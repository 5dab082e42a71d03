// The page: a picture goes to /v1/remove as it is, the cut-out comes back as PNG.

const $ = (id) => document.getElementById(id);

const SENTENCES = {
  "unsupported-format": "This is not a picture the server can read. Save it as JPEG, PNG or WebP; HEIC photos must be converted first.",
  undecodable: "The picture is damaged or not whole, so it could not be read.",
  "too-many-bytes": "The file is too large for this server. Save it smaller and try again.",
  "too-many-pixels": "The picture has too many pixels for this server. Scale it down and try again.",
  "out-of-memory": "The picture takes more memory than the server allows. Scale it down and try again.",
  "incomplete-body": "The picture did not arrive whole.",
  "slow-body": "The picture took too long to arrive. A smaller one may work.",
  "queue-full": "The server is busy with other pictures.",
  "bodies-full": "The server is busy with other pictures.",
  timeout: "The picture took longer than the server allows. A smaller one may work.",
  unauthorised: "This server wants an access token.",
  "wrong-token": "The server did not accept this access token.",
  offline: "This device seems to be offline.",
  network: "The connection to the server failed. The network may be down, or the server refused a very large file.",
  other: "The server could not cut out this picture.",
};
const WORTH_A_RETRY = new Set(["incomplete-body", "slow-body", "queue-full", "bodies-full", "timeout", "offline", "network", "other"]);

let token = ""; // in memory only: gone with the page
let picture = null; // the File or Blob that was sent last
let request = null; // the XMLHttpRequest in flight
let cutout = null; // the server's bytes, untouched
let urls = []; // object URLs to revoke
let countdown = 0;

function objectUrl(blob) {
  urls.push(URL.createObjectURL(blob));
  return urls.at(-1);
}

function megabytes(bytes) {
  return bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Shows one of `idle`, `working`, `error` and `result`. */
function show(state, words) {
  $("drop").hidden = state === "working" || state === "result";
  $("cancel").hidden = $("progress").hidden = state !== "working";
  $("error").hidden = state !== "error";
  $("result").hidden = state !== "result";
  $("status").textContent = words;
}

function release() {
  request?.abort();
  clearInterval(countdown);
  for (const id of ["before", "after"]) $(id).removeAttribute("src");
  urls.forEach(URL.revokeObjectURL);
  urls = [];
  cutout = request = null;
}

function reset(words) {
  release();
  picture = null;
  show("idle", words);
  $("file").focus();
}

function start(file) {
  release();
  picture = file;
  const name = file.name || "the pasted picture";
  show("working", `Sending ${name} (${megabytes(file.size)}) …`);
  $("cancel").focus();
  $("progress").removeAttribute("value");

  // Not fetch(): that tells nothing about how far an upload is.
  const xhr = new XMLHttpRequest();
  const began = performance.now();
  xhr.open("POST", "/v1/remove");
  xhr.responseType = "blob";
  xhr.setRequestHeader("Accept", "image/png");
  if (token) xhr.setRequestHeader("Authorization", `Bearer ${token}`);
  xhr.upload.onprogress = (event) => {
    if (event.lengthComputable && event.loaded < event.total) $("progress").value = event.loaded / event.total;
  };
  xhr.upload.onload = () => {
    $("progress").removeAttribute("value");
    $("status").textContent = `Removing the background of ${name} …`;
  };
  xhr.onerror = () => fail(navigator.onLine ? "network" : "offline", "");
  xhr.onload = () => {
    if (xhr.status === 200) showResult(xhr.response, (performance.now() - began) / 1e3);
    else refused(xhr);
  };
  request = xhr;
  xhr.send(file);
}

async function refused(xhr) {
  let problem = {};
  try {
    problem = JSON.parse(await xhr.response.text()) ?? {};
  } catch {
    // A proxy may answer something else than a problem document.
  }
  if (request !== xhr) return;
  const known = Object.hasOwn(SENTENCES, problem.code) ? problem.code : "other";
  const code = xhr.status === 401 ? (token ? "wrong-token" : "unauthorised") : known;
  fail(code, problem.detail || `HTTP status ${xhr.status}`, retrySeconds(xhr.getResponseHeader("Retry-After")));
}

/** Seconds of a Retry-After header, which is a number or a date. */
function retrySeconds(value) {
  if (!value) return 0;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1e3;
  return Math.max(0, Math.ceil(seconds)) || 0;
}

function fail(code, detail, seconds = 0) {
  request = null;
  show("error", "");
  $("error-text").textContent = SENTENCES[code] + (seconds ? ` Try again in ${seconds} s.` : "");
  $("error-detail").textContent = detail && `Details: ${detail}`;
  const wantsToken = code === "unauthorised" || code === "wrong-token";
  $("token-row").hidden = !wantsToken;
  $("retry").hidden = !picture || !(wantsToken || WORTH_A_RETRY.has(code));
  wait(seconds);
  $(wantsToken ? "token" : "error").focus();
}

/** Counts down on the button, which works once the server said it may. */
function wait(seconds) {
  clearInterval(countdown);
  const until = performance.now() + seconds * 1e3;
  const tick = () => {
    const left = Math.ceil((until - performance.now()) / 1e3);
    $("retry").disabled = left > 0;
    $("retry").textContent = left > 0 ? `Try again in ${left} s` : "Try again";
    if (left <= 0) clearInterval(countdown);
  };
  countdown = setInterval(tick, 250);
  tick();
}

function showResult(blob, seconds) {
  cutout = blob;
  const after = $("after");
  const before = $("before");
  after.onload = () => {
    if (cutout !== blob) return;
    $("facts").textContent =
      `${after.naturalWidth} × ${after.naturalHeight} pixels, ${megabytes(blob.size)}, done in ${Number(seconds.toPrecision(2))} s`;
    request = null;
    show("result", "Done: the background is removed.");
    $("result-heading").focus();
  };
  after.onerror = () => cutout === blob && fail("other", "The answer is not a picture this browser can show.");
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
    $("status").textContent = `This browser cannot write a picture of this size as ${extension.toUpperCase()}.`;
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

/** Takes the first file of a drop or a paste. */
function take(transfer) {
  const [file] = transfer?.files ?? [];
  if (file) start(file);
  return Boolean(file);
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

$("file").addEventListener("change", () => {
  const [file] = $("file").files;
  $("file").value = ""; // so that the same file can be chosen again
  if (file) start(file);
});
$("drop").addEventListener("click", (event) => {
  if (!event.target.closest("label, input")) $("file").click();
});
document.addEventListener("paste", (event) => {
  if (event.target.id === "token") return;
  if (!take(event.clipboardData)) $("status").textContent = "There is no picture in the clipboard.";
});
// On the whole page, or a picture dropped beside the field would replace the page.
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("over");
});
document.addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("over");
  if (!take(event.dataTransfer)) $("status").textContent = "That was not a file. Save the picture first, then drop it.";
});

$("cancel").addEventListener("click", () => reset("Cancelled."));
$("again").addEventListener("click", () => reset("Ready for another picture."));
function retry() {
  token = $("token").value.trim();
  start(picture);
}
$("retry").addEventListener("click", retry);
$("token").addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault(); // else the key goes on to Cancel, which has the focus next
  retry();
});
$("slider").addEventListener("input", slide);
$("background").addEventListener("change", paint);
$("colour").addEventListener("input", () => {
  document.querySelector("#background input[value=custom]").checked = true;
  paint();
});
$("download-png").addEventListener("click", () => download("png"));
$("download-webp").addEventListener("click", () => download("webp"));
draggable();

const probe = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
probe.toBlob((blob) => ($("download-webp").hidden = blob?.type !== "image/webp"), "image/webp");
