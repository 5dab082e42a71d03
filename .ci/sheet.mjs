// Contact sheets, used as a person would: node sheet.mjs FOLDER
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { violations } from "./axe.mjs";
import { check, finish, launch, look, LOOKS, open } from "./browser.mjs";

const [work] = process.argv.slice(2);
const browser = await launch("chromium", join(work, "profile"));

// Milliseconds of script that a change of a filter or of the search may take in a list of 5,000, and a change of the order:
// ten times and more what they take.
const [FILTER, ORDER] = ["0.2", "2"].map((seconds) =>
  1e3 * execFileSync("python3", [join(import.meta.dirname, "speed.py"), seconds], { encoding: "utf8" }));

async function visit(sheet, how) {
  const tab = await open(browser);
  tab.requests = [];
  tab.on("Network.requestWillBeSent", ({ request }) => tab.requests.push(request.url.slice(0, 80)));
  await look(tab, how);
  await tab.go(pathToFileURL(join(work, sheet)).href);
  return tab;
}

const shown = (tab) => tab.evaluate(
  "[...document.querySelectorAll('#images li')].filter((item) => !item.hidden).map((item) => item.querySelector('.name').textContent)");
const said = (tab) => tab.evaluate("document.getElementById('shown').textContent");
const kinds = (tab) => tab.evaluate("[...document.querySelectorAll('#images li')].map((item) => item.dataset.kind ?? '').filter(Boolean)");
const brightness = (colour) => Math.max(...colour.match(/[\d.]+/g).slice(0, 3).map(Number));

/** Everything on a sheet of photos and odd names, by keyboard. */
async function sheet(how) {
  const at = (what) => `${how.name}: ${what}`;
  const tab = await visit("sheet.html", how);
  const policy = await tab.evaluate("document.querySelector('meta[http-equiv=Content-Security-Policy]').content");
  check(at("a strict policy"), /default-src 'none'/.test(policy) && /script-src 'sha256-/.test(policy) && !/unsafe/.test(policy), policy);
  check(at("nothing sticks out of the page"), await tab.evaluate("document.documentElement.scrollWidth <= innerWidth"));
  const paper = await tab.evaluate("getComputedStyle(document.body).backgroundColor");
  check(at("the paper is light or dark"), how.dark ? brightness(paper) < 60 : brightness(paper) > 200, paper);
  const counts = await tab.evaluate("document.getElementById('counts').textContent");
  check(at("the counts"), /^11 images: 1 done, 9 unchanged since an earlier run, 1 failed; \d+ uncertain\.$/.test(counts), counts);
  const uncertain = Number(/(\d+) uncertain/.exec(counts)[1]);
  check(at("a legend"), /uncertain marks results .* 0\.50 or more/.test(await tab.evaluate("document.querySelector('.legend').textContent")));
  check(at("a reason"), /not an image/.test(await tab.evaluate("document.querySelector('.reason').textContent")));
  check(at("hostile names are text"), await tab.evaluate("document.scripts.length === 1 && !document.querySelector('[onerror], [onload]')"));
  const images = await tab.evaluate(`Promise.all([...document.images].map((image) => image.decode().then(() => image.naturalWidth / image.width))).then((all) => ({ count: all.length, least: Math.min(...all) }))`);
  check(at("thumbnails are sharp"), images.count === 20 && images.least >= 1.8, images);

  // By the keyboard: the radio buttons, the order, the search.
  await tab.key("Tab");
  check(at("the first stop of the keyboard is the filter"), await tab.evaluate("document.activeElement.name === 'show'"));
  check(at("its focus is seen"), await tab.evaluate("getComputedStyle(document.activeElement.nextElementSibling).outlineStyle === 'solid'"));
  await tab.key("ArrowRight");
  check(at("uncertain ones alone"), (await shown(tab)).length === uncertain && uncertain > 0 && (await kinds(tab)).filter((kind) => kind === "uncertain").length === uncertain, uncertain);
  await tab.key("ArrowRight");
  check(at("failures alone"), (await shown(tab)).length === 1 && (await said(tab)) === "1 of 11 images", await said(tab));
  await tab.evaluate("document.querySelector('[name=show]').click()");
  await tab.evaluate("document.getElementById('search').focus()");
  await tab.send("Input.insertText", { text: "ROCK" });
  check(at("a search"), (await shown(tab)).join() === "in/rocket.jpg" && (await said(tab)) === "1 of 11 images", await shown(tab));
  await tab.send("Input.insertText", { text: "zzz" });
  check(at("a search for nothing says so"), (await shown(tab)).length === 0 && (await tab.evaluate("document.getElementById('none').checkVisibility()")));
  await tab.evaluate("document.getElementById('search').value = ''; document.getElementById('search').dispatchEvent(new Event('input', { bubbles: true }))");
  const choose = (value) => tab.evaluate(`(() => { const list = document.getElementById("order"); list.value = "${value}"; list.dispatchEvent(new Event("input", { bubbles: true })); })()`);
  const before = await shown(tab);
  await choose("name");
  const { compare } = new Intl.Collator(undefined, { numeric: true });
  const named = await shown(tab);
  check(at("the order by name"), named.length === 11 && named.every((name, i) => i === 0 || compare(named[i - 1], name) <= 0), named);
  await choose("doubt");
  check(at("the order by uncertainty"), (await shown(tab)).join() === before.join() && (await tab.evaluate(`[...document.querySelectorAll("[data-uncertainty]")].every((item, i, all) => i === 0 || Number(all[i - 1].dataset.uncertainty) >= Number(item.dataset.uncertainty))`)));
  const found = await violations(tab);
  check(at("axe-core finds nothing"), found.length === 0, found);
  check(at("no complaints"), tab.complaints.length === 0, tab.complaints);
  check(at("the file alone"), tab.requests.every((url) => /^(file|data):/.test(url)), tab.requests);
  await picture(tab, `sheet-${how.name}`);
}

/** Links open the files, whatever these are called. */
async function links() {
  const tab = await visit("with-masks.html", LOOKS[0]);
  const addresses = await tab.evaluate("[...document.querySelectorAll('#images li:not([data-kind=failed]) a')].map(({ href }) => href)");
  check("an original, a result and a mask each", addresses.length === 30 && new Set(addresses).size === 30, addresses.length);
  for (const address of addresses) {
    check("a link to a file", address.startsWith("file://"), address);
    await tab.go(address);
    const width = await tab.evaluate("document.images[0]?.naturalWidth ?? 0");
    check("a link that opens", width >= 300, address);
  }
}

/** Five thousand images: nothing takes long. */
async function many(how) {
  const at = (what) => `${how.name}, 5,000: ${what}`;
  const tab = await visit("many.html", how);
  check(at("all are there"), (await said(tab)) === "5000 images", await said(tab));
  const timed = (act) => tab.evaluate(`(() => { const start = performance.now(); ${act}; return performance.now() - start; })()`);
  const input = (id, value) => `(() => { const field = document.getElementById("${id}"); field.value = "${value}"; field.dispatchEvent(new Event("input", { bubbles: true })); })()`;
  const times = {};
  for (const [what, act, count] of [
    ["failed", "document.querySelector('[value=failed]').click()", 10],
    ["all", "document.querySelector('[name=show]').click()", 5000],
    ["search", input("search", "image 12"), 111],
    ["search for nothing", input("search", "nothing"), 0],
    ["everything", input("search", ""), 5000],
    ["by name", input("order", "name"), 5000],
    ["by uncertainty", input("order", "doubt"), 5000],
  ]) {
    times[what] = Math.round(10 * await timed(act)) / 10;
    check(at(`${what} shows ${count}`), (await shown(tab)).length === count, (await shown(tab)).length);
    const bound = what.startsWith("by ") ? ORDER : FILTER;
    check(at(`${what} within ${Math.round(bound)} ms of script`), times[what] < bound, times);
  }
  console.log(`${how.name}, 5,000 images, ms of script:`, JSON.stringify(times));
  check(at("no complaints"), tab.complaints.length === 0, tab.complaints);
  await picture(tab, `many-${how.name}`);
}

async function picture(tab, name) {
  await tab.evaluate("scrollTo(0, 0)");
  const { data } = await tab.send("Page.captureScreenshot", { format: "png" });
  writeFileSync(join(work, `${name}.png`), Buffer.from(data, "base64"));
}

const parts = [...LOOKS.map((how) => () => sheet(how)), links, ...LOOKS.filter(({ dark }) => !dark).map((how) => () => many(how))];
for (const part of parts) await part().catch((error) => check("a part", false, error.stack));
await browser.close();
finish();
