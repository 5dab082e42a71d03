// The dashboard, driven as a person would: node dashboard.mjs URL METRICS FOLDER, where METRICS is an address for metrics alone.
import { readFileSync } from "node:fs";
import { join, resolve as absolute } from "node:path";
import { arithmetic } from "./arithmetic.mjs";
import { violations } from "./axe.mjs";
import { check, finish, launch, visible, within } from "./browser.mjs";
import { below, forward, fulfil, intercept, only, proxy, visitor } from "./visits.mjs";

const [url, metrics, work] = process.argv.slice(2);
const photo = absolute("fixtures/photos/rocket.jpg");
const browser = await launch("chromium", join(work, "dashboard"));
const visit = visitor(browser, url);

const post = (body) => fetch(`${url}/v1/remove`, { method: "POST", body });
const live = "document.getElementById('status').textContent === 'Live.'";
const points = "document.querySelector('#charts .graph .line').getAttribute('d').match(/[ML]/g).length";
const polls = `performance.getEntriesByType("resource").filter(({ name }) => /metrics$/.test(name)).length`;

/** Has the server work until its history has five rows, and gives how many it has. */
async function worked() {
  for (;;) {
    for (const body of [readFileSync(photo), "no image", readFileSync(photo)]) await post(body);
    const { rows } = await (await fetch(`${url}/dashboard/history`)).json();
    if (rows.length >= 5) return rows.length;
  }
}

/** A fresh tab shows what the server did before it was opened. */
async function history() {
  const rows = await within("a history of five rows", worked());
  const tab = await visit("/dashboard", "/metrics");
  await tab.until(live);
  const seen = await tab.evaluate(`({ drawn: ${points}, polled: ${polls} })`);
  check("points are drawn that this tab has not polled", seen.drawn - seen.polled >= rows - 3, { ...seen, rows });
  const labels = await tab.evaluate("[...document.querySelectorAll('#charts .graph[role=img]')].map((s) => s.getAttribute('aria-label'))");
  check("requests of before are in the graphs", /Highest in the time shown: 2–3xx (0\.[1-9]|[1-9]).*, 4xx (0\.[1-9]|[1-9])/.test(labels[2]), labels[2]);
  check("times of before are in the graphs", /Highest in the time shown: p50 [\d.]+ .?s/.test(labels[3]), labels[3]);
  check("no complaints of a fresh tab", only(tab), tab.complaints);
  for (const span of [3600, 600]) {
    await tab.evaluate(`(() => { const list = document.getElementById("span"); list.value = ${span}; list.dispatchEvent(new Event("change")); })()`);
    check(`${span} seconds are shown`, await tab.evaluate(`document.querySelector("#charts .graph").textContent.includes("−${span / 60} min")`));
  }
}

async function dashboard() {
  const tab = await visit("/dashboard", "/metrics");
  await arithmetic(tab);
  await tab.until(live);
  const labels = await tab.evaluate("[...document.querySelectorAll('#charts .graph[role=img]')].map((s) => s.getAttribute('aria-label'))");
  check("eight charts with words", labels.length === 8 && labels.every((l) => /Now: /.test(l)), labels);
  check("the workers are counted", /all [1-9]/.test(labels[0]), labels[0]);
  check("the host's memory is known", /resident [\d.]+ [KMG]iB/.test(labels[7]), labels[7]);
  check("it is up", /\d/.test(await tab.evaluate("document.getElementById('uptime').textContent")));

  const label = (n) => `document.querySelectorAll("#charts .graph")[${n}].getAttribute("aria-label")`;
  // Again and again: a rate looks back ten seconds, in which a busy machine may not come to look at it.
  for (const [body, line] of [[readFileSync(photo), "2–3xx"], ["no image", "4xx"]]) {
    const seen = tab.until(`/${line} (0\\.[1-9]|[1-9])/.test(${label(2)})`);
    let waits = true;
    const stop = () => { waits = false; };
    seen.then(stop, stop);
    while (waits) {
      await post(body);
      await tab.evaluate("new Promise(requestAnimationFrame)");
    }
    await seen;
    check(`requests move the rate of ${line}`, true);
  }
  await tab.until(`/p50 [\\d.]+ .?s/.test(${label(3)})`);
  check("requests move the percentiles", true);
  check("lines are drawn", await tab.evaluate("/L/.test(document.querySelector('#charts .graph .line').getAttribute('d'))"));
  await tab.until("document.querySelectorAll('#stages th').length >= 3");
  const stages = await tab.evaluate("[...document.querySelectorAll('#stages th')].map((th) => th.firstChild.textContent)");
  check("stages are listed in order", stages[0] === "decode" && stages.at(-1) === "encode", stages);
  await tab.until("document.querySelectorAll('#failures time').length >= 1");
  const row = await tab.evaluate("document.querySelector('#failures tr').textContent");
  check("failures are listed", /41[35]|422/.test(row) && /unsupported-format|undecodable/.test(row), row);
  for (let n = 0; n < 12; n++) await post("no image");
  const rows = "document.querySelectorAll('#failures tr').length";
  await tab.until(visible("more"));
  check("ten failures are shown", (await tab.evaluate(rows)) === 10);
  await tab.evaluate("document.getElementById('more').focus()");
  await tab.key("Enter");
  check("Enter shows all failures", (await tab.evaluate(rows)) > 10 && (await tab.evaluate("document.getElementById('more').ariaExpanded")) === "true");
  check("no complaints of the browser", only(tab), tab.complaints);
  await tab.until(visible("images"));
  const sides = await tab.evaluate("Promise.all([...document.querySelectorAll('nav a')].map(({ href }) => fetch(href).then(({ status }) => status)))");
  check("links lead to the page, the description and the metrics", sides.join() === "200,200,200", sides);
  await looks(tab, "Live");
  await lost(tab);
}

/** The dashboard asks for a token when the server does, and says when the server is gone. */
async function lost(tab) {
  await intercept(tab, fulfil(tab, 401, "unauthorised"));
  await tab.until(`${visible("token")} && /token/.test(document.getElementById("status").textContent)`);
  await tab.evaluate("document.getElementById('token').focus()");
  await tab.send("Input.insertText", { text: "open sesame" });
  const asked = intercept(tab, (requestId, request) => {
    check("the token is sent", request.headers.Authorization === "Bearer open sesame", request.headers);
    return tab.send("Fetch.continueRequest", { requestId });
  });
  await tab.key("Enter");
  await asked;
  await tab.until(`!(${visible("token")})`);
  const gone = (requestId) => {
    tab.answer = gone; // the next one too
    return tab.send("Fetch.failRequest", { requestId, errorReason: "ConnectionRefused" });
  };
  await intercept(tab, gone);
  await tab.until("/cannot be reached/.test(document.getElementById('status').textContent)");
  check("a lost server is told in words", await tab.evaluate("/last ones received/.test(document.getElementById('status').textContent)"));
  check("the last answer's time is told", /\d:\d\d/.test(await tab.evaluate("document.getElementById('updated').textContent")));
  await looks(tab, "Lost");
  check("it stays lost", await tab.evaluate("document.body.classList.contains('lost')"));
  check("no complaints but of lost answers", only(tab, "/metrics"), tab.complaints);
}

/** Whether a tab can be read at both sizes, in light and dark. */
async function looks(tab, state) {
  const term = "document.querySelectorAll('#charts section').length === document.querySelectorAll('#charts .about').length";
  check("every figure is explained", await tab.evaluate(`${term} && [...document.querySelectorAll("#charts .about, #stages .about")].every((e) => e.checkVisibility() && e.textContent.length > 10)`));
  for (const [width, height] of [[1280, 800], [390, 844]]) {
    for (const value of ["light", "dark"]) {
      await tab.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 500 });
      await tab.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });
      await tab.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
      const how = `${state}, ${width} pixels, ${value}`;
      const beyond = await tab.evaluate(BEYOND);
      check(`${how}: nothing is cut or overlaps`, beyond.length === 0, beyond);
      const broken = await violations(tab);
      check(`${how}: axe-core has nothing to say`, broken.length === 0, broken);
    }
  }
}

// What does not fit the page, words of tables that are broken, and labels of graphs that overlap or leave their graph.
const BEYOND = `(() => {
  const found = [];
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) found.push("the page is " + page.scrollWidth + " wide");
  for (const one of document.querySelectorAll("body *:not(thead, thead *)")) {
    const { left, right, width } = one.getBoundingClientRect();
    if (width > 0 && (left < 0 || right > page.clientWidth + 0.5)) found.push([one.tagName, one.id, left, right]);
    if (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible") found.push([one.tagName, "is cut"]);
  }
  for (const cell of document.querySelectorAll("td, tbody th")) {
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      for (const { 0: word, index } of texts.currentNode.data.matchAll(/[^\\s/-]+/g)) {
        const range = document.createRange();
        range.setStart(texts.currentNode, index);
        range.setEnd(texts.currentNode, index + word.length);
        if (range.getClientRects().length > 1) found.push(word + " is broken");
      }
    }
  }
  for (const graph of document.querySelectorAll("svg.graph")) {
    const frame = graph.getBoundingClientRect();
    const labels = [...graph.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
    labels.forEach(([text, a], n) => {
      if (a.left < frame.left || a.right > frame.right || a.bottom > frame.bottom) found.push(text + " leaves its graph");
      for (const [other, b] of labels.slice(n + 1)) {
        if (a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom) found.push(text + " overlaps " + other);
      }
    });
  }
  return found;
})()`;

/** The dashboard behind a proxy that takes a path off each request. */
async function prefixed() {
  const behind = await below(url, "/tools/cutout");
  const tab = await visit("/dashboard", "/metrics", behind.base);
  await tab.until(live);
  check("the dashboard works below a path", only(tab), tab.complaints);
  behind.close();
}

const INFO = /(cutout_server_info\{host=)"[^"]*"/;
const START = "process_start_time_seconds";

/** The metrics of one server as if they were a second one's, which was started long ago. */
function second(text) {
  return text.replace(INFO, '$1"second"').replace(new RegExp(`^(${START}) .*`, "m"), "$1 1000");
}

function secondHistory(text) {
  const { now, names, rows } = JSON.parse(text);
  const start = names.indexOf(START);
  for (const { values } of rows) values[start] = 1000;
  return JSON.stringify({ now, names: names.map((name) => name.replace(INFO, '$1"second"')), rows });
}

/** The dashboard at an address behind which there are two servers, who answer in turn. */
async function balanced() {
  const answers = { "/metrics": 0, "/dashboard/history": 0 };
  const { base, close } = await proxy((request, response) => {
    forward(request, url + request.url, async (answer) => {
      if (!(request.url in answers) || answers[request.url]++ % 2 === 0) {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
        return;
      }
      let text = "";
      for await (const part of answer) text += part;
      const { "content-length": _, ...rest } = answer.headers;
      response.writeHead(answer.statusCode, rest);
      response.end(request.url === "/metrics" ? second(text) : secondHistory(text));
    });
  });
  const tab = await visit("/dashboard", "/metrics", base);
  await tab.until("document.getElementById('answering').textContent === '2 servers answer.'");
  const workers = `Number(/all (\\d+)/.exec(document.querySelector("#charts .graph").getAttribute("aria-label"))[1])`;
  const sum = await tab.evaluate(workers);
  check("each server has a row", await tab.evaluate("document.querySelectorAll('#servers tr').length") === 2);
  const show = (n) => tab.evaluate(`(() => { const list = document.getElementById("server"); list.selectedIndex = ${n}; list.dispatchEvent(new Event("change")); })()`);
  const each = [];
  const rows = (await (await fetch(`${url}/dashboard/history`)).json()).rows.length;
  for (const n of [1, 2]) {
    await show(n);
    each.push(await tab.evaluate(workers));
    await tab.until(`2 * ${points} - ${polls} >= ${rows}`); // each answers half of the polls
    check("each server has its own history", true);
  }
  await show(0);
  check("the charts show their sum and each of them", each[0] > 0 && sum === each[0] + each[1], { sum, each });
  const before = await tab.evaluate(points);
  await tab.until(`${points} > ${before} + 2`);
  check("a change of servers keeps what was seen", true);
  await looks(tab, "Two servers");
  check("no complaints behind a balancer", only(tab), tab.complaints);
  close();
}

/** At an address for metrics alone no link leads to what is not there. */
async function apart() {
  const tab = await visit("/dashboard", "/openapi.json", metrics);
  await tab.until(live);
  await tab.until(`performance.getEntriesByType("resource").some(({ name }) => /openapi.json$/.test(name))`);
  const sides = await tab.evaluate("Promise.all([...document.querySelectorAll('nav a')].filter((a) => a.checkVisibility()).map(({ href }) => fetch(href).then(({ status }) => status)))");
  check("links at the metrics lead to what is there", sides.join() === "200", sides);
  check("no complaints at the metrics", only(tab, "/openapi.json"), tab.complaints);
}

for (const part of [history, dashboard, prefixed, balanced, apart]) {
  await part().catch((error) => check(part.name, false, error.stack));
}
await browser.close();
finish();
