// Accessibility by axe-core's rules, in the version that .ci/axe pins.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const modules = execFileSync(join(here, "../deploy/jco/install"), [join(here, "axe")], { encoding: "utf8" }).trim();
const source = readFileSync(join(modules, "axe-core/axe.min.js"), "utf8");

/** What a tab shows now and axe-core finds wrong: each rule with the elements that break it; an empty list when all is well. */
export async function violations(tab) {
  if (!(await tab.evaluate("'axe' in window"))) await tab.send("Runtime.evaluate", { expression: source });
  return tab.evaluate(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
    violations.map(({ id, help, nodes }) => ({ id, help, elements: nodes.map(({ target, failureSummary }) => [target.join(" "), failureSummary]) })))`);
}
