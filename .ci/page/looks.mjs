// How the page looks in one of its states, in both sizes and colour schemes: nothing is cut, too small, or barred to anybody.
import { violations } from "../axe.mjs";
import { check } from "../browser.mjs";
import { SCHEMES, SIZES, scheme, size } from "./tab.mjs";

const LEAST = 24; // pixels of what is touched

// Inputs that are not seen themselves are touched by their labels.
const SMALL = `[...document.querySelectorAll("button, a, summary, input:not([type=file], [type=radio]), .button, .choices label")]
  .filter((e) => e.checkVisibility()).map((e) => [e.closest("label") ?? e, e])
  .map(([e, one]) => [one.id || one.textContent.trim() || one.className, e.getBoundingClientRect()])
  .filter(([, { width, height }]) => Math.min(width, height) < ${LEAST}).map(([name, { width, height }]) => [name, width, height])`;

export async function look(tab, state) {
  const papers = [];
  for (const value of SCHEMES) {
    await scheme(tab, value);
    papers.push(await tab.evaluate("getComputedStyle(document.body).backgroundColor"));
    for (const [width, height] of SIZES) {
      await size(tab, width, height);
      await tab.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
      const where = `${state}, ${value}, ${width} × ${height}`;
      check(`${where}: nothing scrolls sideways`, await tab.evaluate("document.documentElement.scrollWidth <= innerWidth"));
      const small = await tab.evaluate(SMALL);
      check(`${where}: what is touched is large enough`, small.length === 0, small);
      const found = await violations(tab);
      check(`${where}: axe finds no barrier`, found.length === 0, found);
    }
  }
  check(`${state}: both colour schemes`, papers[0] !== papers[1], papers);
  await size(tab, ...SIZES[0]);
}
