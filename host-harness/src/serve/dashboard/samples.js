// Samples of metrics: a map of name to `[{ labels, value }]`.

const SERIES = /^([a-zA-Z_:][\w:]*)(\{(?:[^"}]|"(?:\\.|[^"\\])*")*\})?/;
const LABEL = /([a-zA-Z_]\w*)\s*=\s*"((?:\\.|[^"\\])*)"/g;

/** Samples of Prometheus or OpenMetrics text. */
export function parse(text) {
  const samples = new Map();
  for (const row of text.split("\n")) {
    const series = seriesOf(row);
    const [, number] = /^[ \t]+(\S+)/.exec(row.slice(series?.length)) ?? [];
    if (series && number) add(samples, series, toNumber(number));
  }
  return samples;
}

/** The rows of a server's history as states, `{ time, samples }`, on this page's clock, which is at `received` now. */
export function decode({ now, names, rows }, received) {
  const series = names.map(seriesOf);
  return rows.map(({ time, values }) => {
    const samples = new Map();
    values.forEach((value, column) => value !== null && series[column] && add(samples, series[column], value));
    return { time: received - (now - time), samples };
  });
}

/** The name and the labels that a text begins with; null for a comment or an empty line. */
function seriesOf(text) {
  const [{ length } = "", name, inside = ""] = SERIES.exec(text) ?? [];
  if (!name) return null;
  const labels = {};
  for (const [, key, value] of inside.matchAll(LABEL)) labels[key] = unescape(value);
  return { name, labels, length };
}

function add(samples, { name, labels }, value) {
  if (!samples.has(name)) samples.set(name, []);
  samples.get(name).push({ labels, value });
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

/** The growth of one histogram between two states. */
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
