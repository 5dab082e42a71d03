// Figures and graphs. Each is computed from `all`: the series of one server, or those of several, whose sum it is.

import { buckets, difference, quantile, total } from "./samples.js";

const MINUTE = 60;
const RATE_SPAN = 10;
const SLACK = 1; // seconds that a state may be late
export const QUANTILES = [0.5, 0.95, 0.99];
const QUANTILE_NAMES = ["p50", "p95", "p99"];

// Paths asked to watch the server or to show a page, rather than to have it work; "other" has the polls of this page.
const WATCHING = /^(other$|\/(metrics|dashboard|healthz|readyz))/;
export const worked = (labels) => !WATCHING.test(labels.path ?? "");

/** The latest state at least `span` seconds before the last one, or the first one. */
function earlier(series, span) {
  const last = series.at(-1).time;
  return series.findLast(({ time }) => last - time >= span - SLACK) ?? series[0];
}

/** The sum of the numbers among `values`; NaN when there is none. */
function sum(values) {
  const numbers = values.filter((value) => !Number.isNaN(value));
  return numbers.length ? numbers.reduce((a, b) => a + b) : NaN;
}

export function gauge(name) {
  return (all) => sum(all.map((series) => total(series.at(-1).samples, name)));
}

/** The greatest value that is not 0, which stands for none. */
function largest(name) {
  return (all) => Math.max(...all.map((series) => total(series.at(-1).samples, name)).filter((value) => value > 0));
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

/** The growth of a histogram in the last minute. */
export function minuteOf(all, name, keeps) {
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

export function topBound(all, name) {
  return Math.max(...all.flatMap((series) => [...buckets(series.at(-1).samples, name).keys()]).filter(Number.isFinite));
}

const status = (pattern) => (labels) => worked(labels) && pattern.test(labels.status ?? "");
const requests = "cutout_requests_total";
const instances = "cutout_instances_total";

export const CHARTS = [
  { title: "Workers", unit: "count", whole: true,
    about: "Each worker handles one image at a time. When all of them are busy, requests wait.",
    lines: [{ name: "busy", at: gauge("cutout_workers_busy") }, { name: "all", at: gauge("cutout_workers") }] },
  { title: "Requests waiting", unit: "count", whole: true,
    about: "Requests in the queue for a worker. When the queue is at its capacity, the next request is rejected as queue-full.",
    lines: [{ name: "waiting", at: gauge("cutout_queue_length") }],
    also: [{ name: "capacity", at: gauge("cutout_queue_capacity") }] },
  { title: "Requests per second", unit: "rate",
    about: "By HTTP status: 2–3xx were answered, 4xx were rejected for what they asked, 5xx failed here or found no room. " +
      "Health checks and requests of this page do not count.",
    lines: [
      { name: "2–3xx", at: rate(requests, status(/^[23]/)) },
      { name: "4xx", at: rate(requests, status(/^4/)) },
      { name: "5xx", at: rate(requests, status(/^5/)) }] },
  { title: "Whole request", unit: "seconds", histogram: "cutout_request_seconds",
    about: "Time from the last byte of a request to its answer. In the minute before, half of the requests took no longer than p50, " +
      "95 of 100 no longer than p95, 99 of 100 no longer than p99.",
    lines: percentiles("cutout_request_seconds") },
  { title: "Wait in the queue", unit: "seconds", histogram: "cutout_wait_seconds",
    about: "Time until a worker was free: the part of the whole request that more workers would shorten.",
    lines: percentiles("cutout_wait_seconds") },
  { title: "Cold starts per minute", unit: "count", whole: true,
    about: "New sandboxes: one for each worker at the start, then one in place of each that failed, grew too large or has served as many images " +
      "as --fresh or --reuse allow. The native engine has none.",
    lines: [{ name: "last minute", at: (all) => sum(all.map((series) => growth(series, instances, MINUTE).grown)) }],
    also: [{ name: "since the start", at: gauge(instances) }] },
  { title: "Memory of a sandbox", unit: "bytes",
    about: "The most memory that the sandbox of the last image has used. Its limit is --max-memory.",
    lines: [{ name: "largest", at: largest("cutout_instance_memory_bytes") }] },
  { title: "Memory of the server", unit: "bytes",
    about: "Memory of the whole process that is in RAM (resident), with all of its sandboxes.",
    lines: [{ name: "resident", at: gauge("process_resident_memory_bytes") }] },
];

/** The values of all lines of all charts. */
export const valuesOf = (all) => CHARTS.map(({ lines }) => lines.map(({ at }) => at(all)));
