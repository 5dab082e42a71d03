// The dashboard, driven as a person would: node dashboard.mjs URL FOLDER
import { readFileSync } from "node:fs";
import { join, resolve as absolute } from "node:path";
import { check, finish, launch, visible } from "./browser.mjs";
import { below, forward, fulfil, intercept, only, proxy, visitor } from "./visits.mjs";

const [url, work] = process.argv.slice(2);
const photo = absolute("fixtures/photos/rocket.jpg");
const browser = await launch("chromium", join(work, "dashboard"));
const visit = visitor(browser, url);

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

/** The dashboard behind a proxy that takes a path off each request. */
async function prefixed() {
  const behind = await below(url, "/tools/cutout");
  const tab = await visit("/dashboard", "/metrics", behind.base);
  await tab.until("document.getElementById('status').textContent === 'Live.'");
  check("the dashboard works below a path", only(tab), tab.complaints);
  behind.close();
}

/** The dashboard at an address behind which there are two servers, who answer in turn. */
async function balanced() {
  let answers = 0;
  const { base, close } = await proxy((request, response) => {
    forward(request, url + request.url, async (answer) => {
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
    });
  });
  const tab = await visit("/dashboard", "/metrics", base);
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
  close();
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

for (const part of [dashboard, prefixed, balanced]) {
  await part().catch((error) => check(part.name, false, error.stack));
}
await browser.close();
finish();
