// The page and the dashboard, driven as a person would: node page.mjs URL FOLDER
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, request as ask } from "node:http";
import { join, resolve as absolute } from "node:path";
import { alphas, check, downloads, finish, focused, launch, open, visible, within } from "./browser.mjs";

const [url, work] = process.argv.slice(2);
const photo = absolute("fixtures/photos/rocket.jpg");
const broken = join(work, "broken.jpg");
writeFileSync(broken, "no image");

// The photo with an EXIF block before all else, which says that it lies on its side (orientation 6).
const exif = Buffer.from("ffe1002245786966" + "00004d4d002a00000008" + "0001011200030000000100060000" + "00000000", "hex");
const lying = join(work, "lying.jpg");
writeFileSync(lying, Buffer.concat([Buffer.from([0xff, 0xd8]), exif, readFileSync(photo).subarray(2)]));

const browser = await launch("chromium", join(work, "profile"));
const downloaded = await downloads(browser, work);

/** A tab at `path`; requests to `hold` go through `intercept`, from the start since a later change may miss some. */
async function visit(path, hold, base = url) {
  const tab = await open(browser);
  tab.on("Fetch.requestPaused", ({ requestId, request }) => {
    const answer = tab.answer ?? ((id) => tab.send("Fetch.continueRequest", { requestId: id }));
    tab.answer = null;
    answer(requestId, request);
  });
  await tab.send("Fetch.enable", { patterns: [{ urlPattern: `*${hold}` }] });
  await tab.go(`${base}${path}`);
  return tab;
}

/** Has the next held request answered by `reply(requestId, request)` in place of the server. */
function intercept(tab, reply) {
  return within("a request", new Promise((resolve, reject) => {
    tab.answer = (requestId, request) => reply(requestId, request).then(resolve, reject);
  }));
}

function fulfil(tab, status, code, ...headers) {
  const body = btoa(JSON.stringify({ status, code, title: code, detail: `about ${code}` }));
  const responseHeaders = [{ name: "Content-Type", value: "application/problem+json" }, ...headers];
  return (requestId) => tab.send("Fetch.fulfillRequest", { requestId, responseCode: status, responseHeaders, body });
}

const ready = `${visible("result")} && document.getElementById("before").complete`;

async function page() {
  const response = await fetch(`${url}/`);
  const policy = response.headers.get("Content-Security-Policy") ?? "";
  check("a strict policy", /default-src 'none'/.test(policy) && /script-src 'self'/.test(policy) && !/unsafe/.test(policy), policy);
  const served = Buffer.from(await (await fetch(`${url}/v1/remove`, { method: "POST", body: readFileSync(photo) })).arrayBuffer());
  const [width, height] = [served.readUInt32BE(16), served.readUInt32BE(20)];

  const tab = await visit("/", "/v1/remove");
  check("landmarks and one h1", await tab.evaluate("document.querySelectorAll('header, main, h1').length === 3"));
  check("every control has a name", await tab.evaluate(
    "[...document.querySelectorAll('input')].every((i) => i.labels.length || i.ariaLabel)"));
  await tab.key("Tab");
  check("the first stop of the keyboard is the file", await tab.evaluate(focused("file")));
  check("the token is not asked for", !(await tab.evaluate(visible("token"))));

  await tab.upload("#file", photo);
  await tab.until(ready);
  check("the cut-out has its natural size", await tab.evaluate(
    `document.getElementById("after").naturalWidth === ${width} && document.getElementById("after").naturalHeight === ${height}`));
  check("both images cover each other", await tab.evaluate(`(() => {
    const [a, b] = ["before", "after"].map((id) => document.getElementById(id).getBoundingClientRect());
    return a.width > 0 && Math.abs(a.width - b.width) < 1 && Math.abs(a.height - b.height) < 1 &&
      Math.abs(a.width / a.height - ${width / height}) < 0.02;
  })()`));
  check("focus is on the result", await tab.evaluate("document.activeElement.closest('#result') !== null"));
  check("the status says so", /Done/.test(await tab.evaluate("document.getElementById('status').textContent")));

  const clip = () => tab.evaluate("getComputedStyle(document.getElementById('before')).clipPath");
  const half = await clip();
  await tab.evaluate("document.getElementById('slider').focus()");
  await tab.key("ArrowRight");
  const more = await clip();
  check("an arrow key moves the clip", half !== more && more.includes("49%"), [half, more]);
  await tab.key("Home");
  check("Home hides the original", (await clip()).includes("100%"), await clip());
  await tab.click("#stage");
  check("a click moves the clip", /\b(49|50|51)(\.\d+)?%/.test(await clip()), await clip());

  await tab.drag("#stage", 0.9, 0.25);
  check("dragging moves the clip", /\b(74|75|76)(\.\d+)?%/.test(await clip()), await clip());

  const png = await downloaded(() => tab.click("#download-png"));
  check("the PNG has the server's own bytes", png.bytes.equals(served) && png.name === "rocket-cutout.png", png.name);
  const webp = await downloaded(() => tab.click("#download-webp"));
  const seen = await alphas(tab, webp.bytes, "image/webp");
  check("the WebP decodes", webp.bytes.toString("latin1", 8, 12) === "WEBP" && seen.width === width && seen.height === height, seen.width);
  await tab.click("#background input[value=white]");
  check("white is shown", (await tab.evaluate("getComputedStyle(document.getElementById('stage')).backgroundColor")) === "rgb(255, 255, 255)");
  const white = await downloaded(() => tab.click("#download-png"));
  const opaque = await alphas(tab, white.bytes, "image/png");
  check("a background leaves nothing transparent", opaque.values.every((a) => a === 255) && opaque.width === width, opaque.width);
  await tab.evaluate(`(() => {
    const colour = document.getElementById("colour");
    colour.value = "#123456";
    colour.dispatchEvent(new Event("input", { bubbles: true }));
  })()`);
  check("a colour is shown", (await tab.evaluate("getComputedStyle(document.getElementById('stage')).backgroundColor")) === "rgb(18, 52, 86)");

  const address = await tab.evaluate("document.getElementById('after').src");
  await tab.click("#again");
  check("another image resets", await tab.evaluate(`!(${visible("result")}) && ${visible("drop")} && ${focused("file")}`));
  check("nothing keeps the old image", await tab.evaluate(
    `new Promise((resolve) => { const i = new Image(); i.onload = () => resolve(false); i.onerror = () => resolve(true); i.src = "${address}"; })`));
  check("no complaints of the browser", only(tab, "revoked", address), tab.complaints);

  await tab.upload("#file", broken);
  await tab.until(visible("error"));
  const text = await tab.evaluate("document.getElementById('error').textContent");
  check("a broken file is told in words, with the server's", /image/.test(text) && /Details: \S/.test(text), text);
  check("focus is on the error", await tab.evaluate(focused("error")));
  await refusals(tab);
  await pasteAndDrop(tab);
  await unusual(tab, served);
  check("no complaints but of refused images", only(tab, "/v1/remove"), tab.complaints);

  await tab.evaluate("document.head.append(Object.assign(document.createElement('style'), { textContent: 'p { color: red }' }))");
  await tab.until("document.querySelector('head > style').sheet === null");
  await tab.evaluate("1");
  check("a breach of the policy would be seen", tab.complaints.some((c) => /Content Security Policy/.test(c)), tab.complaints);
}

/** Whether all complaints are of failed loads of `path`; they are then forgotten. */
function only(tab, ...allowed) {
  const others = tab.complaints.filter((c) => !(/^network: /.test(c) && allowed.some((a) => c.includes(a))));
  tab.complaints.splice(0, Infinity, ...others);
  return others.length === 0;
}

async function refusals(tab) {
  const error = () => tab.evaluate("document.getElementById('error').textContent");
  const shown = async (pattern) => tab.until(`${visible("error")} && ${pattern}.test(document.getElementById("error").textContent)`);

  let answered = intercept(tab, fulfil(tab, 503, "queue-full", { name: "Retry-After", value: "1" }));
  await tab.upload("#file", photo);
  await answered;
  await shown(/busy/);
  check("a full queue says when to come again", /in 1 s/.test(await error()), await error());
  await tab.until("!document.getElementById('retry').disabled");

  answered = intercept(tab, (requestId) => tab.send("Fetch.failRequest", { requestId, errorReason: "ConnectionRefused" }));
  await tab.click("#retry");
  await answered;
  await shown(/connection/);
  check("no network is told in words", await tab.evaluate(visible("retry")), await error());

  answered = intercept(tab, fulfil(tab, 401, "unauthorised"));
  await tab.click("#retry");
  await answered;
  await shown(/token/);
  check("401 asks for the token", await tab.evaluate(focused("token")));
  await tab.send("Input.insertText", { text: "open sesame" });
  let sent = "";
  answered = intercept(tab, (requestId, request) => {
    sent = request.headers.Authorization;
    return tab.send("Fetch.continueRequest", { requestId });
  });
  await tab.key("Enter");
  await answered;
  check("the token is sent", sent === "Bearer open sesame", sent);
  await tab.until(ready);
  await tab.click("#again");

  answered = intercept(tab, async () => {
    await tab.until(visible("cancel"));
    check("focus is on cancel while working", await tab.evaluate(focused("cancel")));
    await tab.key("Enter");
  });
  await tab.upload("#file", photo);
  await answered;
  check("cancel goes back", await tab.evaluate(`${visible("drop")} && !(${visible("error")}) && !(${visible("cancel")})`));
}

async function pasteAndDrop(tab) {
  await browser.send("Browser.grantPermissions", { permissions: ["clipboardReadWrite", "clipboardSanitizedWrite"] });
  await tab.evaluate(`(async () => {
    const canvas = new OffscreenCanvas(40, 30);
    canvas.getContext("2d").fillRect(10, 10, 10, 10);
    const blob = await canvas.convertToBlob({ type: "image/png" });
    await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
  })()`);
  await tab.key("v", { code: "KeyV", windowsVirtualKeyCode: 86, modifiers: 2, commands: ["paste"] });
  await tab.until(ready);
  check("a pasted image is cut out", await tab.evaluate("document.getElementById('after').naturalWidth === 40"));
  await tab.click("#again");

  const data = { items: [], files: [photo], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) await tab.send("Input.dispatchDragEvent", { type, x: 200, y: 200, data });
  await tab.until(ready);
  check("a dropped image is cut out", await tab.evaluate("document.getElementById('after').naturalWidth > 40"));
}

async function unusual(tab, served) {
  const sizes = () => tab.evaluate(`["before", "after"].map((id) => document.getElementById(id)).map((i) => i.naturalWidth + " " + i.naturalHeight)`);
  await tab.click("#again");
  await tab.upload("#file", lying);
  await tab.until(ready);
  const [before, after] = await sizes();
  check("an image is upright by its EXIF orientation", before === after && before === `${served.readUInt32BE(20)} ${served.readUInt32BE(16)}`, [before, after]);
  await tab.click("#again");

  const headers = [{ name: "Content-Type", value: "image/png" }];
  const answered = intercept(tab, (requestId) => tab.send("Fetch.fulfillRequest",
    { requestId, responseCode: 200, responseHeaders: headers, body: served.toString("base64") }));
  await tab.upload("#file", broken);
  await answered;
  await tab.until(visible("no-before"));
  check("an original that the browser cannot show leaves the cut-out", await tab.evaluate(`${visible("after")} && !(${visible("slider")})`));
}

async function dashboard() {
  const post = (body) => fetch(`${url}/v1/remove`, { method: "POST", body });
  const tab = await visit("/dashboard", "/metrics");
  await arithmetic(tab);
  await tab.until("document.getElementById('status').textContent === 'Live.'");
  const labels = await tab.evaluate("[...document.querySelectorAll('#charts svg[role=img]')].map((s) => s.getAttribute('aria-label'))");
  check("eight charts with words", labels.length === 8 && labels.every((l) => /Now: /.test(l)), labels);
  check("the workers are counted", /all [1-9]/.test(labels[0]), labels[0]);
  check("the host's memory is known", /resident [\d.]+ [KMG]iB/.test(labels[7]), labels[7]);
  check("it is up", /\d/.test(await tab.evaluate("document.getElementById('uptime').textContent")));

  const label = (n) => `document.querySelectorAll("#charts svg")[${n}].getAttribute("aria-label")`;
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
  check("lines are drawn", await tab.evaluate("/L/.test(document.querySelector('#charts path.line').getAttribute('d'))"));
  await tab.until("document.querySelectorAll('#stages th').length >= 3");
  const stages = await tab.evaluate("[...document.querySelectorAll('#stages th')].map((th) => th.textContent)");
  check("stages are listed in order", stages[0] === "decode" && stages.at(-1) === "encode", stages);
  await tab.until("document.querySelectorAll('#failures time').length >= 1");
  const row = await tab.evaluate("document.querySelector('#failures tr').textContent");
  check("failures are listed", /41[35]|422/.test(row) && /unsupported-format|undecodable/.test(row), row);
  check("no complaints of the browser", only(tab), tab.complaints);

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
  await intercept(tab, (requestId) => tab.send("Fetch.failRequest", { requestId, errorReason: "ConnectionRefused" }));
  await tab.until("/cannot be reached/.test(document.getElementById('status').textContent)");
  check("a lost server is told in words", true);
  check("no complaints but of lost answers", only(tab, "/metrics"), tab.complaints);
}

/** Page and dashboard behind a proxy that takes a path off each request. */
async function prefixed() {
  const prefix = "/tools/cutout";
  const proxy = createServer((request, response) => {
    if (!request.url.startsWith(`${prefix}/`)) {
      response.writeHead(404).end();
      return;
    }
    const { method, headers } = request;
    request.pipe(ask(`${url}${request.url.slice(prefix.length)}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    }));
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${proxy.address().port}${prefix}`;

  const page = await visit("/", "/v1/remove", base);
  await page.upload("#file", photo);
  await page.until(ready);
  check("the page works below a path", only(page), page.complaints);
  const dashboard = await visit("/dashboard", "/metrics", base);
  await dashboard.until("document.getElementById('status').textContent === 'Live.'");
  check("the dashboard works below a path", only(dashboard), dashboard.complaints);
  proxy.closeAllConnections();
  proxy.close();
}

/** The dashboard at an address behind which there are two servers, who answer in turn. */
async function balanced() {
  let answers = 0;
  const proxy = createServer((request, response) => {
    const { method, headers } = request;
    request.pipe(ask(url + request.url, { method, headers }, async (answer) => {
      const metrics = request.url === "/metrics";
      if (!metrics || answers++ % 2 === 0) {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
        return;
      }
      let text = "";
      for await (const part of answer) text += part;
      const { "content-length": _, ...rest } = answer.headers;
      response.writeHead(answer.statusCode, rest);
      response.end(text.replace(/(cutout_server_info\{host=)"[^"]*"/, '$1"second"').replace(/^(process_start_time_seconds) .*/m, "$1 1000"));
    }));
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const tab = await visit("/dashboard", "/metrics", `http://127.0.0.1:${proxy.address().port}`);
  await tab.until("document.getElementById('answering').textContent === '2 servers answer.'");
  const workers = `Number(/all (\\d+)/.exec(document.querySelector("#charts svg").getAttribute("aria-label"))[1])`;
  const sum = await tab.evaluate(workers);
  check("each server has a row", await tab.evaluate("document.querySelectorAll('#servers tr').length") === 2);
  const show = (n) => tab.evaluate(`(() => { const list = document.getElementById("server"); list.selectedIndex = ${n}; list.dispatchEvent(new Event("change")); })()`);
  const each = [];
  for (const n of [1, 2]) {
    await show(n);
    each.push(await tab.evaluate(workers));
  }
  await show(0);
  check("the charts show their sum and each of them", each[0] > 0 && sum === each[0] + each[1], { sum, each });
  const lines = "document.querySelector('#charts path.line').getAttribute('d').split('L').length";
  const before = await tab.evaluate(lines);
  await tab.until(`${lines} > ${before} + 2`);
  check("a change of servers keeps what was seen", true);
  check("no complaints behind a balancer", only(tab), tab.complaints);
  proxy.closeAllConnections();
  proxy.close();
}

/** The dashboard's pure functions, on values worked out by hand. */
async function arithmetic(tab) {
  const text = String.raw`# TYPE a counter
a_total{path="/x\\y\"}z\n",status="200"} 3 1700000000 # {trace="1"} 1
a_total{status="500",} 4
h_bucket{le="1"} 2
h_bucket{le="+Inf"} 4
h_bucket{le="2"} 4
# EOF`;
  const seen = await tab.evaluate(`import("./dashboard.js").then((m) => {
    const samples = m.parse(${JSON.stringify(text)});
    const counts = m.buckets(samples, "h");
    return {
      path: samples.get("a_total")[0].labels.path,
      total: m.total(samples, "a_total"),
      part: m.total(samples, "a_total", (l) => l.status === "500"),
      none: String(m.total(samples, "b")),
      quantiles: [0.5, 0.75, 0.99].map((q) => m.quantile(q, counts)),
      high: m.quantile(0.9, new Map([[1, 1], [Infinity, 10]])),
      empty: String(m.quantile(0.5, m.difference(counts, counts))),
      ticks: [m.ticks(7), m.ticks(0.13), m.ticks(100 * 2 ** 20, 2)],
      spread: m.spread([50, 10, 52], 10, 0, 60),
      durations: [59, 3700, 90061].map(m.duration),
      ...several(m),
    };
    function several({ keep, parse, gauge, rate }) {
      const servers = new Map();
      const state = (host, start, count) => parse(\`cutout_server_info{host="\${host}"} 1\\nprocess_start_time_seconds \${start}\\nn \${count}\\n\`);
      const all = () => [...servers.values()].map(({ series }) => series);
      const seen = [["a", 1, 10, 0], ["b", 2, 1000, 2], ["a", 1, 20, 10], ["b", 2, 1040, 12]];
      for (const [host, start, count, time] of seen) keep(servers, time, state(host, start, count));
      const together = [gauge("n")(all()), rate("n")(all()), servers.size];
      keep(servers, 14, state("a", 14, 3)); // started again
      keep(servers, 22, state("a", 14, 5));
      const again = [servers.size, gauge("n")(all())];
      keep(servers, 80, state("a", 14, 6));
      return { together, again, left: servers.size };
    }
  })`);
  check("the parser", seen.path === '/x\\y"}z\n' && seen.total === 7 && seen.part === 4 && seen.none === "NaN", seen);
  check("the percentiles", JSON.stringify(seen.quantiles) === "[1,1.5,1.98]" && seen.high === 1 && seen.empty === "NaN", seen);
  const near = (a, b) => a.length === b.length && a.every((v, i) => Math.abs(v - b[i]) < 1e-9);
  check("the ticks", near(seen.ticks[0], [0, 2, 4, 6, 8]) && near(seen.ticks[1], [0, 0.05, 0.1, 0.15]) &&
    near(seen.ticks[2], [0, 32, 64, 96, 128].map((v) => v * 2 ** 20)), seen.ticks);
  check("the labels", near(seen.spread, [50, 10, 60]), seen.spread);
  check("the sum of two servers", seen.together.join() === "1060,5,2", seen.together);
  check("a server that was started again", seen.again.join() === "2,1045" && seen.left === 1, seen);
  check("the durations", seen.durations.join() === "59 s,1 h 1 min,1 d 1 h", seen.durations);
}

for (const part of [page, dashboard, prefixed, balanced]) {
  await part().catch((error) => check(part.name, false, error.stack));
}
await browser.close();
finish();
