// The tables: servers, stages and failures. On a narrow page each cell of servers and failures stands below its heading, which CSS takes from
// `data-label`; the roles keep them tables for screen readers then.

import { QUANTILES, gauge, minuteOf, rate, topBound, worked } from "./charts.js";
import { $, element } from "./dom.js";
import { duration, words } from "./format.js";
import { quantile } from "./samples.js";

const STAGES = {
  decode: "The file becomes pixels.",
  preprocess: "The image is scaled for the network.",
  segment: "The network tells foreground from background.",
  matte: "Edges are refined at the image’s own size.",
  colour: "Background colour is taken out of soft edges.",
  encode: "The result becomes a file.",
};

const FAILURES = 50;
const FEW = 10; // failures that are shown before a person asks for all

function row(table, ...contents) {
  const labels = [...$(table).closest("table").tHead.rows[0].cells].map(({ textContent }) => textContent);
  return element("tr", { role: "row" }, ...contents.map((content, n) => element("td", { role: "cell", "data-label": labels[n] }, content)));
}

function nothing(table, text) {
  const columns = $(table).closest("table").tHead.rows[0].cells.length;
  return element("tr", { role: "row" }, element("td", { role: "cell", colspan: columns }, text));
}

/** The last samples of a metric, of all servers. */
function latestOf(all, name) {
  return all.flatMap((series) => series.at(-1).samples.get(name) ?? []);
}

export function drawStages(all) {
  const name = "cutout_stage_seconds";
  const top = topBound(all, name);
  const known = new Set(latestOf(all, `${name}_bucket`).map(({ labels }) => labels.stage));
  const rows = [...new Set([...Object.keys(STAGES), ...known])].filter((stage) => known.has(stage)).map((stage) => {
    const counts = minuteOf(all, name, (labels) => labels.stage === stage);
    return { stage, values: QUANTILES.map((q) => quantile(q, counts)) };
  });
  const longest = Math.max(...rows.map(({ values }) => values[0] || 0));
  const drawn = rows.map(({ stage, values }) => {
    const bar = element("div", { class: "bar" });
    bar.style.width = `${100 * (values[0] / longest) || 0}%`;
    bar.hidden = !Number.isFinite(values[0]);
    const heading = element("th", { scope: "row" }, stage, " ", element("span", { class: "about" }, STAGES[stage] ?? ""));
    return element("tr", {}, heading, ...values.map((value) => element("td", {}, words(value, "seconds", top))),
      element("td", { "aria-hidden": "true" }, bar));
  });
  $("stages").replaceChildren(...(drawn.length ? drawn : [nothing("stages", "No image so far.")]));
}

export function drawFailures(all, failures) {
  const counts = new Map();
  for (const { labels, value } of latestOf(all, "cutout_failures_total")) {
    if (value > 0) counts.set(labels.code, (counts.get(labels.code) ?? 0) + value);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  $("failure-counts").textContent = sorted.length
    ? `Since the start: ${sorted.map(([code, count]) => `${code} ${count}`).join(", ")}.`
    : "None since the start.";
  const isAll = $("more").getAttribute("aria-expanded") === "true";
  $("more").hidden = failures.length <= FEW;
  $("more").textContent = isAll ? `Show the last ${FEW}` : `Show all ${failures.length}`;
  const key = JSON.stringify([isAll, failures]);
  if ($("failures").dataset.key === key) return; // a reader's place and selection stay
  $("failures").dataset.key = key;
  const rows = failures.slice(0, isAll ? FAILURES : FEW).map(({ time, id, status, code, path, ms }) => {
    const date = new Date(time * 1e3);
    const stamp = element("time", { datetime: date.toISOString() }, date.toLocaleTimeString());
    return row("failures", stamp, status, code, path, words(ms / 1e3, "seconds"), id);
  });
  $("failures").replaceChildren(...(rows.length ? rows : [nothing("failures", "None.")]));
}

/** The failures of any server that answered, once each, the latest first. */
export function merge(known, list) {
  const byId = new Map([...known, ...list].map((failure) => [`${failure.id} ${failure.time}`, failure]));
  return [...byId.values()].sort((a, b) => b.time - a.time).slice(0, FAILURES);
}

/** The table of the servers that are `there`, and the list to choose one of them from. */
export function drawServers(there, clock) {
  const known = [...there].sort(([a], [b]) => (a < b ? -1 : 1));
  $("answering").textContent = known.length === 1 ? "One server answers." : `${known.length} servers answer.`;
  $("servers-section").hidden = known.length < 2;
  $("servers").replaceChildren(...known.map(([, { name, start, series }]) => {
    const figure = (at, unit) => words(at([series]), unit);
    return row("servers", name, duration(clock - start), `${figure(gauge("cutout_workers_busy"), "count")} of ${figure(gauge("cutout_workers"), "count")}`,
      figure(gauge("cutout_queue_length"), "count"), figure(rate("cutout_requests_total", worked), "rate"),
      figure(gauge("process_resident_memory_bytes"), "bytes"));
  }));
  const keys = known.map(([key]) => key);
  const options = [...$("server").options].slice(1).map(({ value }) => value);
  if (options.join("\n") === keys.join("\n")) return; // an open list stays open
  const chosen = $("server").value;
  $("server").replaceChildren(element("option", { value: "" }, "All, together"),
    ...known.map(([key, { name }]) => element("option", { value: key }, name)));
  $("server").value = keys.includes(chosen) ? chosen : "";
}
