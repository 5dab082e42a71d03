// Several images at once: the strip, the order, and all results in one file.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, focused, visible } from "../browser.mjs";
import { fulfil, intercept, only, visitor } from "../visits.mjs";
import { look } from "./looks.mjs";
import { idle, photos, ready, select, SIZES, size, text, thumb } from "./tab.mjs";

const { rocket, coffee, chelsea } = photos;
const states = (tab) => tab.evaluate("[...document.querySelectorAll('#strip li')].map((li) => li.dataset.state)");
const labels = (tab) => tab.evaluate("[...document.querySelectorAll('.thumb')].map((b) => b.ariaLabel)");

export async function several({ url, browser, downloaded, files, work }) {
  const tab = await visitor(browser, url)("/", "/v1/remove*");
  await size(tab, ...SIZES[0]);
  const answered = intercept(tab, async (requestId) => {
    await tab.until("document.querySelectorAll('#strip li').length === 5");
    check("one is worked on, the others wait", (await states(tab)).join() === "working,waiting,waiting,waiting,waiting", await states(tab));
    await select(tab, 4);
    check("one that waits says for how many", /Waiting for 3 images/.test(await text(tab, "status")), await text(tab, "status"));
    await look(tab, "several images");
    await select(tab, 1);
    return fulfil(tab, 500, "model")(requestId);
  });
  await tab.upload("#file", coffee, chelsea, files.broken, rocket, chelsea);
  await answered;
  await tab.until(idle);
  check("all were done without a click, and failures hold up none", (await states(tab)).join() === "failed,done,failed,done,done", await states(tab));
  check("the count is told", (await text(tab, "counts")) === "3 of 5 done, 2 failed", await text(tab, "counts"));
  const told = await labels(tab);
  check("each thumbnail has its name, state and reason", told[1] === "chelsea.png, done" && /^broken\.jpg, failed: This is not an image/.test(told[2]), told);
  check("the failed one that is shown has its reason", await tab.evaluate(visible("error")) && /about model/.test(await text(tab, "error-detail")));
  await tab.click("#retry");
  await tab.until(ready);
  check("another try works", (await states(tab))[0] === "done" && (await text(tab, "result-heading")) === "coffee.png");
  await select(tab, 5);
  await tab.until(ready);
  check("another one is shown when it is asked for", /^451 × 300/.test(await text(tab, "facts")), await text(tab, "facts"));
  const drawn = await tab.evaluate("[...document.querySelectorAll('.thumb canvas')].map((c) => c.width > 1)");
  check("what the browser can read has a thumbnail", drawn.join() === "true,true,false,true,true", drawn);

  await archive(tab, { downloaded, url, work });
  await look(tab, "several results");
  await taken(tab);
  await keyboard(tab);
  check("no complaints but of refused images", only(tab, "/v1/remove"), tab.complaints);
}

async function archive(tab, { downloaded, url, work }) {
  const zip = await downloaded(() => tab.click("#download-all"));
  const path = join(work, "all.zip");
  writeFileSync(path, zip.bytes);
  execFileSync("unzip", ["-t", path], { stdio: "ignore" });
  const script = `import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
for name in z.namelist(): print(name); open(sys.argv[2] + "/" + name, "wb").write(z.read(name))`;
  const names = execFileSync("python3", ["-c", script, path, work], { encoding: "utf8" }).trim().split("\n");
  const expected = ["coffee-cutout.png", "chelsea-cutout.png", "rocket-cutout.png", "chelsea-cutout-2.png"];
  check("all results are in one ZIP file, each by its own name", zip.name === "cutouts.zip" && names.join() === expected.join(), [zip.name, names]);
  const served = Buffer.from(await (await fetch(`${url}/v1/remove`, { method: "POST", body: readFileSync(rocket) })).arrayBuffer());
  check("with the bytes of the server", readFileSync(join(work, "rocket-cutout.png")).equals(served));
  const single = await downloaded(() => tab.click("#download"));
  check("a result of the same name has the same number alone", single.name === "chelsea-cutout-2.png", single.name);
}

async function taken(tab) {
  await tab.evaluate("document.querySelector('#strip li:nth-child(3) .close').focus()");
  await tab.key("Enter");
  check("a failed one is taken out, the focus stays in the strip",
    (await states(tab)).join() === "done,done,done,done" && await tab.evaluate("document.activeElement.closest('#strip') !== null"));
  check("the selected one stays", (await text(tab, "result-heading")) === "chelsea.png");
  await tab.click("#strip li:nth-child(4) .close");
  await tab.until(ready);
  check("in place of the selected one its neighbour is shown", (await text(tab, "result-heading")) === "rocket.jpg", await text(tab, "result-heading"));
}

async function keyboard(tab) {
  await tab.evaluate(`document.querySelector("${thumb(1)}").focus()`);
  await tab.key("Enter");
  await tab.until(`${ready} && document.getElementById("result-heading").textContent === "coffee.png"`);
  await tab.key("Tab");
  check("a thumbnail's neighbour is its own removal", await tab.evaluate("document.activeElement.ariaLabel") === "Remove coffee.png");
  await tab.evaluate(`document.querySelector("${thumb(2)}").focus()`);
  await tab.key("Delete");
  check("Delete takes an image out", (await labels(tab)).join() === "coffee.png, done,rocket.jpg, done", await labels(tab));
  await tab.click("#remove-all");
  check("the first page is back, and its focus", await tab.evaluate(`${visible("drop")} && ${focused("file")}`));
}
