// The dashboard: metrics read every two seconds, five minutes of them kept in this page. Addresses are relative, so that a proxy
// may serve this below a path. Behind one address there may be several servers, of which any one answers: each has its own series.

const POLL = 2; // seconds
const WINDOW = 300;
const MINUTE = 60;
const RATE_SPAN = 10;
const SILENT = 60; // seconds after which a server that no answer came from is taken for gone
const REPLACED = 10; // the same where another of its name has answered since
const STAGES = ["decode", "preprocess", "segment", "matte", "colour", "encode"];
const QUANTILES = [0.5, 0.95, 0.99];
const QUANTILE_NAMES = ["p50", "p95", "p99"];

// Paths asked to watch the server or to show a page, rather than to have it work; "other" has the polls of this page.
const WATCHING = /^(other$|\/(metrics|dashboard|healthz|readyz))/;

/** Samples of Prometheus or OpenMetrics text: a map of name to `[{ labels, value }]`. */
export function parse(text) {
  const samples = new Map();
  const line = /^([a-zA-Z_:][\w:]*)(\{(?:[^"}]|"(?:\\.|[^"\\])*")*\})?[ \t]+(\S+)/;
  const label = /([a-zA-Z_]\w*)\s*=\s*"((?:\\.|[^"\\])*)"/g;
  for (const row of text.split("\n")) {
    const [, name, inside = "", number] = line.exec(row) ?? [];
    if (!name) continue; // a comment or an empty line
    const labels = {};
    for (const [, key, value] of inside.matchAll(label)) labels[key] = unescape(value);
    if (!samples.has(name)) samples.set(name, []);
    samples.get(name).push({ labels, value: toNumber(number) });
  }
  return samples;
}

function unescape(value) {
  return value.replace(/\\(.)/g, (_, mark) => (mark === "n" ? "\n" : mark));
}

function toNumber(text) {
  return /^[+-]?inf/i.test(text) ? (text.startsWith("-") ? -Infinity : Infinity) : Number(text);
}

/** The sum of a metric's samples that `keep` their labels; NaN when there is none. */
export function total(samples, name, keep = () => true) {
  const kept = (samples.get(name) ?? []).filter(({ labels }) => keep(labels));
  return kept.length ? kept.reduce((sum, { value }) => sum + value, 0) : NaN;
}

/** The cumulative buckets of a histogram, summed over its other labels: a map of bound to count. */
export function buckets(samples, name, keep = () => true) {
  const counts = new Map();
  for (const { labels, value } of samples.get(`${name}_bucket`) ?? []) {
    const bound = toNumber(labels.le ?? "");
    if (!Number.isNaN(bound) && keep(labels)) counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
  return counts;
}

/** What was counted between two states of one histogram. */
export function difference(late, early) {
  return new Map([...late].map(([bound, count]) => [bound, count - (early.get(bound) ?? 0)]));
}

/** The quantile of cumulative buckets, linear within a bucket as in Prometheus; in the last, infinite one its lower end. */
export function quantile(q, counts) {
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const rank = q * (sorted.at(-1)?.[1] ?? 0);
  if (!(rank > 0)) return NaN;
  let [lower, below] = [0, 0];
  for (const [upper, count] of sorted) {
    if (count >= rank) return upper === Infinity ? lower : lower + ((upper - lower) * (rank - below)) / (count - below);
    [lower, below] = [upper, count];
  }
  return NaN;
}

/** Round values from 0 to at least `max`, about four of them, in steps of 1, 2 or 5 times a power of ten, or of a power of two. */
export function ticks(max, base = 10) {
  const raw = Math.max(max, 1e-9) / 4;
  const power = base ** Math.floor(Math.log(raw) / Math.log(base));
  const steps = base === 10 ? [1, 2, 5, 10] : [1, 2];
  const step = power * steps.find((s) => s * power >= raw * 0.999);
  return Array.from({ length: Math.ceil(max / step - 1e-9) + 1 }, (_, i) => i * step);
}

function scaled(value, units, base, digits) {
  const index = Math.max(0, units.findLastIndex((_, i) => Math.abs(value) >= base ** i));
  const number = value / base ** index;
  return `${Number(number.toPrecision(digits))} ${units[index]}`;
}

const SHOW = {
  count: String,
  rate: (v) => String(Number(v.toFixed(v < 10 ? 1 : 0))),
  // Buckets tell no more than two digits.
  seconds: (v) => (v < 1 ? scaled(v * 1e6, ["µs", "ms"], 1e3, 2) : `${Number(v.toPrecision(2))} s`),
  bytes: (v) => scaled(v, ["B", "KiB", "MiB", "GiB"], 1024, 3),
};

/** A number in words, a dash when there is none. */
function words(value, unit, top = Infinity) {
  return Number.isFinite(value) ? (value >= top ? "≥ " : "") + SHOW[unit](value) : "–";
}

export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const parts = [[Math.floor(seconds / 86400), "d"], [Math.floor(seconds / 3600) % 24, "h"], [Math.floor(seconds / 60) % 60, "min"]];
  const shown = parts.filter(([n]) => n > 0).slice(0, 2);
  return shown.length ? shown.map(([n, unit]) => `${n} ${unit}`).join(" ") : `${Math.max(0, Math.floor(seconds))} s`;
}

// ---- Series: the states that were read of one server, oldest first; each is { time, samples } ----

/** Adds a state to the series of the server that answered, forgets servers that are gone, and gives that server. */
export function keep(servers, time, samples) {
  const name = samples.get("cutout_server_info")?.[0]?.labels.host ?? "server";
  const start = total(samples, "process_start_time_seconds");
  const key = `${name} ${start}`; // a server that was started again counts from zero
  const server = servers.get(key) ?? { name, start, series: [] };
  servers.set(key, server);
  server.series = [...recent(server.series, time), { time, samples }];
  for (const [other, { name: theirs, series }] of servers) {
    const silent = time - series.at(-1).time;
    if (silent > SILENT || (other !== key && theirs === name && silent > REPLACED)) servers.delete(other);
  }
  return server;
}

const recent = (states, time) => states.filter((state) => time - state.time <= WINDOW);

const worked = (labels) => !WATCHING.test(labels.path ?? "");

/** The latest state at least `span` seconds before the last one, or the first one. */
function earlier(series, span) {
  const last = series.at(-1).time;
  return series.findLast(({ time }) => last - time >= span) ?? series[0];
}

/** The sum of the numbers among `values`; NaN when there is none. */
function sum(values) {
  const numbers = values.filter((value) => !Number.isNaN(value));
  return numbers.length ? numbers.reduce((a, b) => a + b) : NaN;
}

// Figures and graphs are computed from `all`: the series of one server, or those of several, whose sum it is.

export function gauge(name) {
  return (all) => sum(all.map((series) => total(series.at(-1).samples, name)));
}

/** How much a counter grew over `span` seconds, or over what is known of them. */
function growth(series, name, span, keeps) {
  const early = earlier(series, span);
  const late = series.at(-1);
  const grown = (total(late.samples, name, keeps) || 0) - (total(early.samples, name, keeps) || 0);
  return { grown, time: late.time - early.time };
}

export function rate(name, keeps) {
  return (all) => sum(all.map((series) => {
    const { grown, time } = growth(series, name, RATE_SPAN, keeps);
    return grown / time;
  }));
}

function minuteOf(all, name, keeps) {
  const counts = new Map();
  for (const series of all) {
    const late = buckets(series.at(-1).samples, name, keeps);
    for (const [bound, count] of difference(late, buckets(earlier(series, MINUTE).samples, name, keeps))) {
      counts.set(bound, (counts.get(bound) ?? 0) + count);
    }
  }
  return counts;
}

function percentiles(name) {
  return QUANTILES.map((q, n) => ({ name: QUANTILE_NAMES[n], at: (all) => quantile(q, minuteOf(all, name, worked)) }));
}

function topBound(all, name) {
  return Math.max(...all.flatMap((series) => [...buckets(series.at(-1).samples, name).keys()]).filter(Number.isFinite));
}

const status = (pattern) => (labels) => worked(labels) && pattern.test(labels.status ?? "");
const requests = "cutout_requests_total";

const CHARTS = [
  { title: "Workers", unit: "count", whole: true, lines: [{ name: "busy", at: gauge("cutout_workers_busy") }, { name: "all", at: gauge("cutout_workers") }] },
  { title: "Queue, requests waiting", unit: "count", whole: true, lines: [{ name: "waiting", at: gauge("cutout_queue_length") }],
    also: [{ name: "capacity", at: gauge("cutout_queue_capacity") }] },
  { title: "Requests per second, by status", unit: "rate", lines: [
    { name: "2–3xx", at: rate(requests, status(/^[23]/)) },
    { name: "4xx", at: rate(requests, status(/^4/)) },
    { name: "5xx", at: rate(requests, status(/^5/)) }] },
  { title: "Whole request", unit: "seconds", histogram: "cutout_request_seconds", lines: percentiles("cutout_request_seconds") },
  { title: "Wait in the queue", unit: "seconds", histogram: "cutout_wait_seconds", lines: percentiles("cutout_wait_seconds") },
  { title: "Cold starts per minute", unit: "count", whole: true,
    lines: [{ name: "last minute", at: (all) => sum(all.map((series) => growth(series, "cutout_instances_total", MINUTE).grown)) }],
    also: [{ name: "since the start", at: gauge("cutout_instances_total") }] },
  { title: "Memory per instance", unit: "bytes", lines: [{ name: "last instance’s peak", at: gauge("cutout_instance_memory_bytes") }] },
  { title: "Memory of the host", unit: "bytes", lines: [{ name: "resident", at: gauge("process_resident_memory_bytes") }] },
];

// ---- Drawing ----

const $ = (id) => document.getElementById(id);

function element(name, attributes = {}, ...children) {
  const svg = ["svg", "line", "path", "text", "circle"].includes(name);
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Where labels go so that they do not overlap: at least `gap` apart and within `low` to `high`. */
export function spread(wanted, gap, low, high) {
  const order = wanted.map((y, i) => [y, i]).sort(([a], [b]) => a - b);
  const placed = [];
  let next = low;
  order.forEach(([y, i], n) => {
    const room = high - (order.length - 1 - n) * gap;
    placed[i] = Math.max(next, Math.min(y, room));
    next = placed[i] + gap;
  });
  return placed;
}

/** One chart's lines over the window that ends at `now`; a pixel of the drawing is one of the screen, so text keeps its size. */
function plot(chart, n, states, now, width, height) {
  const base = chart.unit === "bytes" ? 2 : 10;
  const series = chart.lines.map((_, k) => states.map((s) => [s.time, s.values[n][k]]));
  const highest = Math.max(chart.whole ? 4 : 0, ...series.flat().map(([, v]) => v).filter(Number.isFinite));
  const marks = ticks(highest || FLOOR[chart.unit], base);
  const texts = marks.map((v) => (v === 0 ? "0" : SHOW[chart.unit](v)));
  const left = 8 + 6.5 * Math.max(...texts.map((t) => t.length));
  const right = width - (series.length > 1 ? 12 + 7 * Math.max(...chart.lines.map(({ name }) => name.length)) : 8);
  const [top, bottom] = [10, height - 20];
  const x = (time) => right - ((now - time) / WINDOW) * (right - left);
  const y = (value) => bottom - (value / marks.at(-1)) * (bottom - top);

  const drawing = [];
  marks.forEach((mark, k) => {
    drawing.push(element("line", { class: "grid", x1: left, x2: right, y1: y(mark), y2: y(mark) }));
    drawing.push(element("text", { class: "axis", x: left - 6, y: y(mark) + 4, "text-anchor": "end" }, texts[k]));
  });
  for (const minutes of [5, 4, 3, 2, 1, 0]) {
    const at = x(now - minutes * 60);
    drawing.push(element("line", { class: "grid", x1: at, x2: at, y1: bottom, y2: bottom + 4 }));
    if (minutes % 2 === 1) continue; // no room for all
    const text = minutes === 0 ? "now" : `−${minutes} min`;
    const anchor = minutes === 0 ? "end" : "middle";
    drawing.push(element("text", { class: "axis", x: at, y: height - 3, "text-anchor": anchor }, text));
  }
  const ends = [];
  series.forEach((points, k) => {
    let path = "";
    let pen = "M";
    for (const [time, value] of points) {
      if (Number.isFinite(value)) path += `${pen}${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = Number.isFinite(value) ? "L" : "M";
    }
    drawing.push(element("path", { class: `line line-${k}`, d: path }));
    const last = points.at(-1);
    if (!Number.isFinite(last?.[1])) return;
    drawing.push(element("circle", { class: `dot line-${k}`, cx: x(last[0]), cy: y(last[1]), r: 3 }));
    ends.push([k, y(last[1])]);
  });
  if (series.length > 1) {
    const places = spread(ends.map(([, at]) => at), 13, top, bottom);
    ends.forEach(([k], i) => {
      drawing.push(element("text", { class: `label line-${k}`, x: right + 7, y: places[i] + 4 }, chart.lines[k].name));
    });
  }
  return drawing;
}

/** The greatest value of an axis whose line is at zero. */
const FLOOR = { count: 1, rate: 1, seconds: 0.1, bytes: 2 ** 20 };

const cards = CHARTS.map((chart) => {
  const svg = element("svg", { role: "img" });
  const values = element("dl", { class: "values" });
  $("charts").append(element("section", { class: "chart" }, element("h3", {}, chart.title), values, svg));
  return { chart, svg, values };
});

function drawCharts(states, all) {
  const latest = states.at(-1);
  cards.forEach(({ chart, svg, values }, n) => {
    const top = chart.histogram ? topBound(all, chart.histogram) : Infinity;
    const numbers = [...chart.lines, ...(chart.also ?? [])].map(({ name, at }, k) => {
      const value = k < chart.lines.length ? latest.values[n][k] : at(all);
      return { name, text: words(value, k < chart.lines.length ? chart.unit : "count", top), line: k < chart.lines.length };
    });
    values.replaceChildren(...numbers.map(({ name, text, line }, k) =>
      element("div", {}, element("dt", {}, name), element("dd", line ? { class: `line-${k}` } : {}, text))));
    svg.setAttribute("aria-label",
      `${chart.title}, over five minutes. Now: ${numbers.map(({ name, text }) => `${name} ${text === "–" ? "none" : text}`).join(", ")}.`);
    const [width, height] = [svg.clientWidth || 300, svg.clientHeight || 150];
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren(...plot(chart, n, states, latest.time, width, height));
  });
}

function cells(...texts) {
  return texts.map((text) => element("td", {}, text));
}

/** The last samples of a metric, of all servers. */
function latestOf(all, name) {
  return all.flatMap((series) => series.at(-1).samples.get(name) ?? []);
}

function empty(columns, text) {
  return element("tr", {}, element("td", { colspan: columns }, text));
}

function drawStages(all) {
  const name = "cutout_stage_seconds";
  const top = topBound(all, name);
  // In the order of an image's way, which the text does not keep.
  const stages = [...new Set(latestOf(all, `${name}_bucket`).map(({ labels }) => labels.stage))]
    .sort((a, b) => (STAGES.indexOf(a) + 1 || Infinity) - (STAGES.indexOf(b) + 1 || Infinity) || 0);
  const rows = stages.map((stage) => {
    const counts = minuteOf(all, name, (labels) => labels.stage === stage);
    return { stage, values: QUANTILES.map((q) => quantile(q, counts)) };
  });
  const longest = Math.max(...rows.map(({ values }) => values[0] || 0));
  const drawn = rows.map(({ stage, values }) => {
    const bar = element("div", { class: "bar" });
    bar.style.width = `${100 * (values[0] / longest) || 0}%`;
    bar.hidden = !Number.isFinite(values[0]);
    const texts = values.map((v) => words(v, "seconds", top));
    return element("tr", {}, element("th", { scope: "row" }, stage), ...cells(...texts), element("td", { "aria-hidden": "true" }, bar));
  });
  $("stages").replaceChildren(...(drawn.length ? drawn : [empty(5, "No image so far.")]));
}

function drawFailures(all, failures) {
  const counts = new Map();
  for (const { labels, value } of latestOf(all, "cutout_failures_total")) {
    if (value > 0) counts.set(labels.code, (counts.get(labels.code) ?? 0) + value);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  $("failure-counts").textContent = sorted.length
    ? `Since the start: ${sorted.map(([code, count]) => `${code} ${count}`).join(", ")}.`
    : "None since the start.";
  const key = JSON.stringify(failures);
  if ($("failures").dataset.key === key) return; // a reader's place and selection stay
  $("failures").dataset.key = key;
  const rows = [...failures].sort((a, b) => b.time - a.time).slice(0, 50).map(({ time, id, status, code, path, ms }) => {
    const date = new Date(time * 1e3);
    const stamp = element("time", { datetime: date.toISOString() }, date.toLocaleTimeString());
    return element("tr", {}, ...cells(stamp, status, code, path, words(ms / 1e3, "seconds"), id));
  });
  $("failures").replaceChildren(...(rows.length ? rows : [empty(6, "None.")]));
}

function drawServers(clock) {
  const known = [...servers.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  $("answering").textContent = known.length === 1 ? "One server answers." : `${known.length} servers answer.`;
  $("servers-section").hidden = known.length < 2;
  const rows = known.map(([, { name, start, series }]) => {
    const all = [series];
    const texts = [duration(clock - start), `${words(gauge("cutout_workers_busy")(all), "count")} of ${words(gauge("cutout_workers")(all), "count")}`,
      words(gauge("cutout_queue_length")(all), "count"), words(rate(requests, worked)(all), "rate"),
      words(gauge("process_resident_memory_bytes")(all), "bytes")];
    return element("tr", {}, element("th", { scope: "row" }, name), ...cells(...texts));
  });
  $("servers").replaceChildren(...rows);
  const keys = known.map(([key]) => key);
  const options = [...$("server").options].slice(1).map(({ value }) => value);
  if (options.join("\n") === keys.join("\n")) return; // an open list stays open
  const chosen = $("server").value;
  $("server").replaceChildren(element("option", { value: "" }, "All, together"),
    ...known.map(([key, { name }]) => element("option", { value: key }, name)));
  $("server").value = keys.includes(chosen) ? chosen : "";
}

// ---- Reading ----

const servers = new Map();
let sums = []; // { time, values } of all servers together
let failures = [];
let clock = 0; // the server's, in seconds since 1970
let token = ""; // in memory only: gone with the page
let timer = 0;

async function read(path) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const response = await fetch(path, { headers, cache: "no-store", signal: AbortSignal.timeout(5000) });
  if (!response.ok) throw Object.assign(new Error(`The server answers ${path} with status ${response.status}.`), { status: response.status });
  return response;
}

function take(samples, time) {
  const { series } = keep(servers, time, samples);
  const valuesOf = (all) => CHARTS.map(({ lines }) => lines.map(({ at }) => at(all)));
  series.at(-1).values = valuesOf([series]);
  sums = [...recent(sums, time), { time, values: valuesOf(everyone()) }];
}

const everyone = () => [...servers.values()].map(({ series }) => series);

/** The failures of any server that answered, once each. */
function merge(known, list) {
  const byId = new Map([...known, ...list].map((failure) => [`${failure.id} ${failure.time}`, failure]));
  return [...byId.values()].sort((a, b) => b.time - a.time).slice(0, 50);
}

function say(text, lost) {
  // Only what changed, or a screen reader would say it every two seconds.
  if ($("status").textContent !== text) $("status").textContent = text;
  $("status").classList.toggle("lost", lost);
}

function draw() {
  if (!sums.length) return;
  drawServers(clock);
  const chosen = servers.get($("server").value);
  const all = chosen ? [chosen.series] : everyone();
  drawCharts(chosen ? chosen.series : sums, all);
  drawStages(all);
  drawFailures(all, failures);
}

async function poll() {
  try {
    const [metrics, list] = await Promise.all([read("metrics"), read("dashboard/failures")]);
    take(parse(await metrics.text()), performance.now() / 1e3);
    failures = merge(failures, await list.json());
    // The server's clock where it tells it: this device's may differ.
    clock = (Date.parse(metrics.headers.get("Date") ?? "") || Date.now()) / 1e3;
    $("uptime").textContent = duration(clock - Math.min(...[...servers.values()].map(({ start }) => start)));
    $("token-row").hidden = true;
    draw();
    say("Live.", false);
  } catch (error) {
    if (error.status === 401) {
      say(token ? "The server did not accept this access token." : "The server wants an access token.", true);
      $("token-row").hidden = false;
    } else {
      say(`${error.status ? error.message : "The server cannot be reached."} What is shown may be old. Trying again …`, true);
    }
  }
  clearTimeout(timer); // of a poll that a token started meanwhile
  timer = setTimeout(poll, POLL * 1e3);
}

function useToken() {
  token = $("token").value.trim();
  poll();
}

$("use-token").addEventListener("click", useToken);
$("token").addEventListener("keydown", (event) => event.key === "Enter" && useToken());
$("server").addEventListener("change", draw);
window.addEventListener("resize", draw);
poll();
