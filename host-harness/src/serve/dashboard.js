// The dashboard: the history that the server has kept, and its metrics, read every two seconds. Addresses are relative, so that a proxy may
// serve this below a path.

import { drawCards } from "./dashboard/cards.js";
import { valuesOf } from "./dashboard/charts.js";
import { $ } from "./dashboard/dom.js";
import { duration } from "./dashboard/format.js";
import { decode, parse } from "./dashboard/samples.js";
import { FINE, join, keep, present, thin, times } from "./dashboard/servers.js";
import { drawFailures, drawServers, drawStages, merge } from "./dashboard/tables.js";

const POLL = 2; // seconds
const TRIES = 5; // requests for one server's history, which another server may answer

const servers = new Map();
let sums = []; // { time, values } of all servers together
let failures = [];
let clock = 0; // the server's, in seconds since 1970
let updated = 0; // when the last answer came
let isLost = false;
let token = ""; // in memory only: gone with the page
let timer = 0;

const seconds = () => Date.now() / 1e3;
const seriesAt = (time) => present(servers, time).map(([, { series }]) => series);

async function read(path) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const response = await fetch(path, { headers, cache: "no-store", signal: AbortSignal.timeout(5000) });
  if (!response.ok) throw Object.assign(new Error(`The server answers ${path} with status ${response.status}.`), { status: response.status });
  return response;
}

/** Takes what a server answered just now, and its history where that is not known. */
async function take(samples, time) {
  const server = keep(servers, time, samples);
  server.series.at(-1).values = valuesOf([server.series]);
  sums = thin([...sums, { time, values: valuesOf(seriesAt(time)) }], time);
  if (server.whole || server.asked >= TRIES) return;
  server.asked += 1;
  const history = await read("dashboard/history").then((answer) => answer.json()).catch(() => null);
  if (history) recall(decode(history, seconds()));
}

/** Joins the history that one server told, and computes what follows from it. */
function recall(states) {
  join(servers, states);
  for (const { series } of servers.values()) {
    series.forEach((state, n) => (state.values = valuesOf([series.slice(0, n + 1)])));
  }
  sums = times(servers, seconds()).map((time) => ({ time, values: valuesOf(seriesAt(time)) }));
  // An hour has most to say once there is more than the last minutes, unless a person has chosen.
  if (!$("span").dataset.chosen && seconds() - sums[0].time > FINE) $("span").value = "3600";
}

function say(text, lost) {
  // Only what changed, or a screen reader would say it every two seconds.
  if ($("status").textContent !== text) $("status").textContent = text;
  isLost = lost;
  document.body.classList.toggle("lost", lost);
}

function draw() {
  if (!sums.length) return;
  const there = present(servers, sums.at(-1).time);
  drawServers(there, clock);
  $("uptime").textContent = duration(clock - Math.min(...there.map(([, { start }]) => start)));
  $("updated").textContent = new Date(updated * 1e3).toLocaleTimeString();
  $("updated").dateTime = new Date(updated * 1e3).toISOString();
  const chosen = new Map(there).get($("server").value);
  const all = chosen ? [chosen.series] : there.map(([, { series }]) => series);
  drawCards(chosen ? chosen.series : sums, all, { span: Number($("span").value), now: seconds(), lost: isLost });
  drawStages(all);
  drawFailures(all, failures);
}

async function poll() {
  try {
    const [metrics, list] = await Promise.all([read("metrics"), read("dashboard/failures")]);
    failures = merge(failures, await list.json());
    const samples = parse(await metrics.text());
    updated = seconds();
    // The server's clock where it tells it: this device's may differ.
    clock = (Date.parse(metrics.headers.get("Date") ?? "") || Date.now()) / 1e3;
    await take(samples, updated);
    $("token-row").hidden = true;
    say("Live.", false);
  } catch (error) {
    complain(error);
  }
  clearTimeout(timer); // of a poll that a token started meanwhile
  timer = setTimeout(poll, POLL * 1e3);
  draw();
}

/** Shows the links to the page and its description, unless images are answered at another address. */
async function link() {
  const answer = await fetch("openapi.json", { method: "HEAD" }).catch(() => null);
  $("images").hidden = !answer?.ok;
}

function complain(error) {
  if (error.status === 401) {
    say(token ? "The access token is wrong." : "The server requires an access token.", true);
    $("token-row").hidden = false;
    return;
  }
  const reason = error.status ? error.message : "The server cannot be reached.";
  say(`${reason} ${sums.length ? "The figures shown are the last ones received. " : ""}Trying again …`, true);
}

function useToken() {
  token = $("token").value.trim();
  poll();
}

$("use-token").addEventListener("click", useToken);
$("token").addEventListener("keydown", (event) => event.key === "Enter" && useToken());
$("server").addEventListener("change", draw);
$("span").addEventListener("change", () => {
  $("span").dataset.chosen = "yes";
  draw();
});
$("more").addEventListener("click", () => {
  $("more").setAttribute("aria-expanded", $("more").getAttribute("aria-expanded") !== "true");
  draw();
});
window.addEventListener("resize", draw);
link();
poll();
