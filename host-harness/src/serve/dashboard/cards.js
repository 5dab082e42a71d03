// One card for each chart: its title, figures, graph and an explanation.

import { CHARTS, topBound } from "./charts.js";
import { $, element } from "./dom.js";
import { words } from "./format.js";
import { plot } from "./plot.js";

const cards = CHARTS.map((chart) => {
  const svg = element("svg", { role: "img", class: "graph" });
  const values = element("dl", { class: "values" });
  $("charts").append(element("section", { class: "chart" },
    element("h3", {}, chart.title), values, svg, element("p", { class: "about" }, ...withFlags(chart.about))));
  return { chart, svg, values };
});

/** Draws `states`, each `{ time, values }`, over `span` seconds that end at `now`; `all` are the series that they are of. */
export function drawCards(states, all, { span, now, lost }) {
  cards.forEach(({ chart, svg, values }, n) => {
    const lines = chart.lines.map((_, k) => states.map((state) => [state.time, state.values[n][k]]));
    const numbers = figures(chart, states.at(-1).values[n], all);
    values.replaceChildren(...numbers.map(({ name, text, line }) => element("div", {},
      element("dt", {}, ...(chart.lines.length > 1 && line !== undefined ? [swatch(line)] : []), name),
      element("dd", line === undefined ? {} : { class: `line-${line}` }, text))));
    const listed = numbers.map(({ name, text }) => `${name} ${spoken(text)}`).join(", ");
    const highest = chart.lines.map(({ name }, k) => `${name} ${spoken(highestOf(chart, lines[k], now - span))}`).join(", ");
    svg.setAttribute("aria-label", `${chart.title}. ${lost ? "Last known" : "Now"}: ${listed}. Highest in the time shown: ${highest}.`);
    const [width, height] = [svg.clientWidth || 300, svg.clientHeight || 150];
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren(...plot(chart, lines, { span, now, width, height }));
  });
}

/** A text with its flags as code. */
function withFlags(text) {
  return text.split(/(--[\w-]+)/).map((part, n) => (n % 2 ? element("code", {}, part) : part));
}

/** The latest figures of a chart: those with a line, then the others. */
function figures(chart, values, all) {
  const top = chart.histogram ? topBound(all, chart.histogram) : Infinity;
  const drawn = chart.lines.map(({ name }, line) => ({ name, text: words(values[line], chart.unit, top), line }));
  return [...drawn, ...(chart.also ?? []).map(({ name, at }) => ({ name, text: words(at(all), "count") }))];
}

function highestOf({ unit }, points, since) {
  return words(Math.max(...points.filter(([time, value]) => time >= since && Number.isFinite(value)).map(([, value]) => value)), unit);
}

const spoken = (text) => (text === "–" ? "none" : text);

/** A piece of a line, beside its name. */
function swatch(line) {
  return element("svg", { class: "swatch", viewBox: "0 0 26 8", "aria-hidden": "true" }, element("path", { class: `line line-${line}`, d: "M1 4h24" }));
}
