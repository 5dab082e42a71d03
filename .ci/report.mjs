// The page of `cutout bench`, as a person would read it: node report.mjs FOLDER
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { violations } from "./axe.mjs";
import { check, finish, launch, look, LOOKS, open } from "./browser.mjs";

const [work] = process.argv.slice(2);
const browser = await launch("chromium", join(work, "profile"));

/** What the plots that show look like, in the page's own pixels. */
const PLOTS = `[...document.querySelectorAll("svg")].filter((svg) => svg.checkVisibility()).map((svg) => {
  const box = svg.getBoundingClientRect();
  const scale = box.width / svg.viewBox.baseVal.width;
  const uprights = [...svg.querySelectorAll("polyline")].map((line) => line.getBoundingClientRect())
    .filter(({ width, height }) => width < 4 && height > 8);
  const texts = [...svg.querySelectorAll("text")].map((text) => {
    const { left, right, top, bottom } = text.getBoundingClientRect();
    const { fontSize, fill } = getComputedStyle(text);
    return { text: text.textContent.trim(), left, right, top, bottom, size: parseFloat(fontSize) * scale, fill,
      isInside: left >= box.left - 1 && right <= box.right + 1 && top >= box.top - 1 && bottom <= box.bottom + 1,
      isAtLine: uprights.some((line) => line.left > left - 3 && line.right < right + 3 && Math.abs(line.top - bottom) < 12) };
  });
  return { width: box.width, texts };
})`;

const brightness = (colour) => Math.max(...colour.match(/[\d.]+/g).slice(0, 3).map(Number));

async function report(name, expected) {
  for (const how of LOOKS) {
    const tab = await open(browser);
    const at = `${name}, ${how.name}`;
    const requests = [];
    tab.on("Network.requestWillBeSent", ({ request }) => requests.push(request.url));
    await look(tab, how);
    await tab.go(pathToFileURL(join(work, name, "bench.html")).href);
    check(`${at}: nothing sticks out of the page`, await tab.evaluate("document.documentElement.scrollWidth <= innerWidth"));
    const plots = await tab.evaluate(PLOTS);
    check(`${at}: every plot shows once`, plots.length === expected.plots && plots.length === (await tab.evaluate("document.querySelectorAll('figure').length")), plots.length);
    const texts = plots.flatMap((plot) => plot.texts);
    const small = texts.filter(({ size }) => size < 11);
    check(`${at}: text in plots is large enough`, texts.length > 0 && small.length === 0, small);
    const cut = texts.filter(({ isInside }) => !isInside);
    check(`${at}: text in plots is whole`, cut.length === 0, cut);
    const medians = texts.filter(({ text }) => text.startsWith("median "));
    const astray = medians.filter(({ isAtLine }) => !isAtLine);
    check(`${at}: medians stand at their lines`, medians.length === expected.medians && astray.length === 0, { count: medians.length, astray });
    check(`${at}: text in plots stands out`, texts.every(({ fill }) => how.dark ? brightness(fill) > 200 : brightness(fill) < 60), texts.map(({ fill }) => fill));
    const paper = await tab.evaluate("getComputedStyle(document.body).backgroundColor");
    check(`${at}: the paper is light or dark`, how.dark ? brightness(paper) < 60 : brightness(paper) > 200, paper);
    check(`${at}: tables that are too wide scroll, by the keyboard too`, await tab.evaluate(
      "[...document.querySelectorAll('table')].every(({ parentNode: box }) => box.tabIndex === 0 && (box.scrollWidth <= box.clientWidth || getComputedStyle(box).overflowX === 'auto'))"));
    check(`${at}: the verdict`, await tab.evaluate("document.querySelector('.verdict')?.textContent ?? ''") === expected.verdict,
      await tab.evaluate("document.querySelector('.verdict')?.textContent"));
    check(`${at}: percentiles are of samples enough`, await tab.evaluate(`[...document.querySelectorAll("tbody tr")].every((row) => {
      const [name, ...cells] = [...row.cells].map((cell) => cell.textContent);
      const samples = cells.pop().split(", ").map(Number);
      const least = name.endsWith("(p99)") ? 100 : 20;
      return cells.every((cell, i) => !/^[\\d.]+ \\(/.test(cell) || (samples[i] ?? samples[0]) >= least);
    })`));
    check(`${at}: intervals beside ratios`, (await tab.evaluate("[...document.querySelectorAll('td')].filter((cell) => /^[\\d.]+ to [\\d.]+$/.test(cell.textContent)).length")) === expected.intervals);
    const found = await violations(tab);
    check(`${at}: axe-core finds nothing`, found.length === 0, found);
    check(`${at}: no complaints`, tab.complaints.length === 0, tab.complaints);
    check(`${at}: the file alone`, requests.every((url) => /^(file|data):/.test(url)), requests);
    const { data } = await tab.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true });
    writeFileSync(join(work, `${name}-${how.name}.png`), Buffer.from(data, "base64"));
  }
}

await report("bench-2026-11-28", {
  plots: 4,
  medians: 14,
  intervals: 4,
  verdict: "One image of 1620 × 1080 pixels takes about 300 ms in the sandbox (wasm net), and 230 ms natively (native net). " +
    "The sandbox takes 1.3 times as long as native, with 95 % confidence 1.04 to 1.76. " +
    "A process for one image takes about 380 ms and 41 MiB of memory (wasm net). " +
    "rembg takes about 4.8 s, without a ratio, since its cut-out differs.",
});
// An early one, which does not say its rounds, and one without times.
await report("bench-2026-11-26", {
  plots: 5,
  medians: 16,
  intervals: 6,
  verdict: "One image of 1620 × 1080 pixels takes about 460 ms in the sandbox (wasm net), and 230 ms natively (native net). " +
    "The sandbox takes 2.0 times as long as native, with 95 % confidence 1.99 to 2.05. " +
    "A process for one image takes about 520 ms and 75 MiB of memory (wasm net). rembg takes about 2.3 s, 4.5 times as long, " +
    "with 95 % confidence 4.24 to 4.86.",
});
await report("bench-2026-11-26-long-run", { plots: 1, medians: 0, intervals: 0, verdict: "" });
await browser.close();
finish();
