// The page of a server: images go to v1/remove and v1/refine. Addresses are relative, so that a proxy may serve this below a path.

import { $, bytes } from "./dom.js";
import { isLossless } from "./options.js";
import { wire } from "./view.js";

const SENTENCES = {
  "unsupported-format": "This is not an image the server can read. Save it as JPEG, PNG or WebP.",
  undecodable: "The image is damaged or incomplete, so it could not be read.",
  "too-many-bytes": "The file is too large for this server. Save it smaller and try again.",
  "too-many-pixels": "The image has too many pixels for this server. Scale it down and try again.",
  "out-of-memory": "The image takes more memory than the server allows. Scale it down and try again.",
  "incomplete-body": "Only a part of the image arrived.",
  "slow-body": "The image took too long to arrive. A smaller one may work.",
  "queue-full": "The server is busy with other images.",
  "bodies-full": "The server is busy with other images.",
  timeout: "The image took longer than the server allows. A smaller one may work.",
  offline: "This device seems to be offline.",
  network: "The connection to the server failed. The network may be down, or the server refused a very large file.",
  other: "The server could not cut out this image.",
};
const WORTH_A_RETRY = new Set(["incomplete-body", "slow-body", "queue-full", "bodies-full", "timeout", "offline", "network", "other"]);
const MOST_WAITS = 20; // for a server that is busy
const STORED = "cutout-token";

let token = sessionStorage.getItem(STORED) ?? ""; // in memory alone, unless it is to be remembered in this tab
let admission = Promise.resolve(); // until the server has been shown a token that it takes
let admit = null;

class Refusal extends Error {
  constructor(code, detail) {
    super(detail);
    this.code = code;
  }
}

/** One request by XMLHttpRequest, since fetch() tells nothing about how far an upload is. */
function post(address, body, { signal, upload = () => {}, sent = () => {} }) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const abort = () => xhr.abort();
    xhr.open("POST", address);
    xhr.responseType = "blob";
    xhr.setRequestHeader("Accept", "image/*");
    if (token) xhr.setRequestHeader("Authorization", `Bearer ${token}`);
    xhr.upload.onprogress = ({ lengthComputable, loaded, total }) => lengthComputable && loaded < total && upload(loaded / total);
    xhr.upload.onload = sent;
    xhr.onload = () => resolve(xhr);
    xhr.onerror = () => reject(new Refusal(navigator.onLine ? "network" : "offline", ""));
    xhr.onabort = () => reject(signal.reason);
    xhr.onloadend = () => signal.removeEventListener("abort", abort);
    signal.throwIfAborted();
    signal.addEventListener("abort", abort);
    xhr.send(body);
  });
}

/** Seconds of a Retry-After header, which is a number or a date. */
function retrySeconds(value) {
  const seconds = /^\d+$/.test(value ?? "") ? Number(value) : (Date.parse(value) - Date.now()) / 1e3;
  return Math.max(0, Math.ceil(seconds)) || 0;
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(resolve, seconds * 1e3);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}

/** The result of a request. A server that is busy is asked again when it says so, and one that wants a token once it has one. */
async function ask(address, body, hooks) {
  for (let waits = 0; ; waits++) {
    if (admit) await Promise.race([admission, pause(2 ** 20, hooks.signal)]);
    const xhr = await post(address, body, hooks);
    if (xhr.status === 200) return { blob: xhr.response, box: box(xhr) };
    if (xhr.status === 401) {
      askForToken(token ? "The server did not accept this access token." : "This server requires an access token.");
      continue;
    }
    const problem = await problemOf(xhr);
    const seconds = xhr.status === 503 ? retrySeconds(xhr.getResponseHeader("Retry-After")) : 0;
    if (!seconds || waits === MOST_WAITS) throw new Refusal(problem.code, problem.detail || `HTTP status ${xhr.status}`);
    hooks.busy?.(seconds);
    await pause(seconds, hooks.signal);
  }
}

async function problemOf(xhr) {
  try {
    return JSON.parse(await xhr.response.text()) ?? {};
  } catch {
    return {}; // a proxy may answer something else than a problem document
  }
}

/** Where the subject is; null where there is none. */
function box(xhr) {
  const [left, top] = ["Left", "Top"].map((name) => xhr.getResponseHeader(`X-Foreground-${name}`));
  return left === null ? null : { left: Number(left), top: Number(top) };
}

async function remove(file, { quality, signal, progress }) {
  const sending = `Sending ${file.name || "the pasted image"} (${bytes(file.size)}) …`;
  progress(sending, 0);
  return ask(`v1/remove?format=png&quality=${quality}`, file, {
    signal,
    upload: (share) => progress(sending, share),
    sent: () => progress("Removing the background …", null),
    busy: (seconds) => progress(`Waiting in the queue: the server is busy. Next try in ${seconds} s.`, null),
  });
}

async function mask(file, { quality, signal }) {
  return (await ask(`v1/remove?output=mask&format=png&quality=${quality}`, file, { signal })).blob;
}

async function refine(image, mask, { keep, erase, options, full, signal }) {
  const form = new FormData();
  const { format, output, crop, background, quality, fileQuality } = options;
  for (const [name, value] of Object.entries({ image, mask, keep, erase, format, output, crop, background, quality })) if (value) form.append(name, value);
  if (format === "jpeg" || (format === "webp" && !isLossless(options))) form.append(`${format}-quality`, fileQuality);
  const made = await ask("v1/refine", form, { signal });
  const isKnown = full?.box && made.box;
  return { ...made, origin: isKnown ? { left: made.box.left - full.box.left, top: made.box.top - full.box.top } : null };
}

function failure({ code, message }) {
  const known = Object.hasOwn(SENTENCES, code ?? "") ? code : "other";
  return { text: SENTENCES[known], detail: message, retry: WORTH_A_RETRY.has(known) };
}

/** What this host has, and whether it takes the token. */
async function host() {
  try {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const response = await fetch("host.json", { headers, cache: "no-store" });
    if (response.ok) return await response.json();
  } catch {
    // Without an answer the first image shows what is wrong.
  }
  return { admitted: true, pages: [] };
}

function askForToken(words) {
  if (!admit) admission = new Promise((resolve) => (admit = resolve));
  $("access-text").textContent = words;
  $("access").hidden = false;
  document.body.classList.add("locked");
  $("token").focus();
}

async function useToken(event) {
  event.preventDefault();
  const typed = $("token").value.trim();
  const isSendable = /^[\x20-\x7e]+$/.test(typed); // a header takes no other characters
  if (isSendable) token = typed;
  if (!isSendable || !(await host()).admitted) {
    askForToken("The server did not accept this access token.");
    $("token").select();
    return;
  }
  if ($("remember").checked) sessionStorage.setItem(STORED, token);
  else sessionStorage.removeItem(STORED);
  $("access").hidden = true;
  document.body.classList.remove("locked");
  admit?.();
  admit = null;
  ($("images").hidden ? $("file") : document.querySelector(".thumb[aria-current]")).focus();
}

async function begin() {
  const { admitted, pages } = await host();
  if (!admitted) askForToken("This server requires an access token before it takes images.");
  for (const name of ["dashboard", "metrics"]) {
    const isOpen = name === "dashboard" || (admitted && !token);
    $(`to-${name}`).hidden = !isOpen || !pages?.includes(name);
  }
}

$("access").addEventListener("submit", useToken);
$("command").textContent = `curl --fail-with-body --data-binary @photo.jpg -o cutout.png ${new URL("v1/remove", location.href)}`;
wire({ remove, mask, refine, failure });
begin();
