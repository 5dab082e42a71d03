// Numbers as people read them.

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
  // Below one, two digits: the marks of an axis may be 0.05 apart.
  rate: (v) => String(Number(v < 1 ? v.toPrecision(2) : v.toFixed(v < 10 ? 1 : 0))),
  // Buckets tell no more than two digits.
  seconds: (v) => (v < 1 ? scaled(v * 1e6, ["µs", "ms"], 1e3, 2) : `${Number(v.toPrecision(2))} s`),
  bytes: (v) => scaled(v, ["B", "KiB", "MiB", "GiB"], 1024, 3),
};

/** A number in words, a dash when there is none. */
export function words(value, unit, top = Infinity) {
  return Number.isFinite(value) ? (value >= top ? "≥ " : "") + SHOW[unit](value) : "–";
}

export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const parts = [[Math.floor(seconds / 86400), "d"], [Math.floor(seconds / 3600) % 24, "h"], [Math.floor(seconds / 60) % 60, "min"]];
  const shown = parts.filter(([n]) => n > 0).slice(0, 2);
  return shown.length ? shown.map(([n, unit]) => `${n} ${unit}`).join(" ") : `${Math.max(0, Math.floor(seconds))} s`;
}
