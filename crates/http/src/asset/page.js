// The page: an image goes to v1/remove as it is, the cut-out comes back as PNG. Addresses are relative, so that a proxy may
// serve this below a path.

import { $, begin, megabytes, picture, pictureName, show, showError, showResult, wire } from "./view.js";

const SENTENCES = {
  "unsupported-format": "This is not an image the server can read. Save it as JPEG, PNG or WebP.",
  undecodable: "The image is damaged or not whole, so it could not be read.",
  "too-many-bytes": "The file is too large for this server. Save it smaller and try again.",
  "too-many-pixels": "The image has too many pixels for this server. Scale it down and try again.",
  "out-of-memory": "The image takes more memory than the server allows. Scale it down and try again.",
  "incomplete-body": "The image did not arrive whole.",
  "slow-body": "The image took too long to arrive. A smaller one may work.",
  "queue-full": "The server is busy with other images.",
  "bodies-full": "The server is busy with other images.",
  timeout: "The image took longer than the server allows. A smaller one may work.",
  unauthorised: "This server wants an access token.",
  "wrong-token": "The server did not accept this access token.",
  offline: "This device seems to be offline.",
  network: "The connection to the server failed. The network may be down, or the server refused a very large file.",
  other: "The server could not cut out this image.",
};
const WORTH_A_RETRY = new Set(["incomplete-body", "slow-body", "queue-full", "bodies-full", "timeout", "offline", "network", "other"]);

let token = ""; // in memory only: gone with the page
let request = null; // the XMLHttpRequest in flight
let countdown = 0;

function stop() {
  request?.abort();
  clearInterval(countdown);
  request = null;
}

function start() {
  $("status").textContent = `Sending ${pictureName()} (${megabytes(picture.size)}) …`;

  // Not fetch(): that tells nothing about how far an upload is.
  const xhr = new XMLHttpRequest();
  const began = performance.now();
  xhr.open("POST", "v1/remove");
  xhr.responseType = "blob";
  xhr.setRequestHeader("Accept", "image/png");
  if (token) xhr.setRequestHeader("Authorization", `Bearer ${token}`);
  xhr.upload.onprogress = (event) => {
    if (event.lengthComputable && event.loaded < event.total) $("progress").value = event.loaded / event.total;
  };
  xhr.upload.onload = () => {
    $("progress").removeAttribute("value");
    $("status").textContent = `Removing the background of ${pictureName()} …`;
  };
  xhr.onerror = () => fail(navigator.onLine ? "network" : "offline", "");
  xhr.onload = () => {
    if (xhr.status === 200) showResult(xhr.response, (performance.now() - began) / 1e3, (detail) => fail("other", detail));
    else refused(xhr);
  };
  request = xhr;
  xhr.send(picture);
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
  showError(SENTENCES[code] + (seconds ? ` Try again in ${seconds} s.` : ""), detail);
  const wantsToken = code === "unauthorised" || code === "wrong-token";
  $("token-row").hidden = !wantsToken;
  $("retry").hidden = !(wantsToken || WORTH_A_RETRY.has(code));
  wait(seconds);
  if (wantsToken) $("token").focus();
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

function retry() {
  token = $("token").value.trim();
  begin(picture);
}
$("retry").addEventListener("click", retry);
$("token").addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault(); // else the key goes on to Cancel, which has the focus next
  retry();
});
wire(start, stop);
