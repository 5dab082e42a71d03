// The dashboard's pure functions, on values worked out by hand.
import { check } from "./browser.mjs";

const MODULES = ["charts", "format", "plot", "samples", "servers"];

/** Asks the functions of the modules that a tab at the dashboard can import. */
export async function arithmetic(tab) {
  const text = String.raw`# TYPE a counter
a_total{path="/x\\y\"}z\n",status="200"} 3 1700000000 # {trace="1"} 1
a_total{status="500",} 4
h_bucket{le="1"} 2
h_bucket{le="+Inf"} 4
h_bucket{le="2"} 4
# EOF`;
  const modules = `Promise.all(${JSON.stringify(MODULES)}.map((name) => import(\`./dashboard/\${name}.js\`)))`;
  const seen = await tab.evaluate(`${modules}.then((all) => Object.assign({}, ...all)).then((m) => {
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
      durations: [59, 3700, 90061].map(m.duration),
      ...several(m),
      ...joined(m),
      drawn: drawn(m),
    };
    function several({ keep, parse, gauge, rate, present }) {
      const servers = new Map();
      const state = (host, start, count) => parse(\`cutout_server_info{host="\${host}"} 1\\nprocess_start_time_seconds \${start}\\nn \${count}\\n\`);
      const all = (time) => present(servers, time).map(([, { series }]) => series);
      const seen = [["a", 1, 10, 0], ["b", 2, 1000, 2], ["a", 1, 20, 10], ["b", 2, 1040, 12]];
      for (const [host, start, count, time] of seen) keep(servers, time, state(host, start, count));
      const together = [gauge("n")(all(12)), rate("n")(all(12)), all(12).length];
      keep(servers, 14, state("a", 14, 3)); // started again
      keep(servers, 22, state("a", 14, 5));
      const again = [all(22).length, gauge("n")(all(22))];
      keep(servers, 80, state("a", 14, 6));
      return { together, again, left: all(80).length, past: gauge("n")(all(12)) };
    }
    function joined({ keep, join, decode, parse, thin, times, gauge }) {
      const servers = new Map();
      keep(servers, 5000, parse('cutout_server_info{host="a"} 1\\nprocess_start_time_seconds 7\\nn 30'));
      const names = ['cutout_server_info{host="a"}', "process_start_time_seconds", "n", 'late{x="y"}'];
      const rows = [[970, [1, 7, 10]], [985, [1, 7, 20]], [1000, [1, 7, 30, 1]]].map(([time, values]) => ({ time, values }));
      join(servers, decode({ now: 1000, names, rows }, 5000.2));
      const { series, whole } = servers.values().next().value;
      const next = parse('cutout_server_info{host="a"} 1\\nprocess_start_time_seconds 7\\nn 40');
      const hour = thin(Array.from({ length: 1001 }, (_, n) => ({ time: 5 * n })), 5000).map(({ time }) => time);
      const gaps = hour.slice(1).map((time, n) => time - hour[n]);
      return {
        joined: [servers.size, whole, series.map(({ time }) => time.toFixed(1)).join(" "), series.map((_, n) => gauge("n")([series.slice(0, n + 1)])).join(" "),
          times(servers, 5000.2).length],
        asks: [5002, 5018].map((time) => keep(servers, time, next).whole).join(),
        late: series.map(({ samples }) => samples.has("late")).join(),
        hour: [hour.at(-1) - hour[0], hour.length, Math.max(...gaps), Math.min(...gaps), gaps.filter((gap) => gap === 5).length],
      };
    }
    function drawn({ plot }) {
      const points = [[100, 1], [105, 2], [110, NaN], [115, 3], [150, 4], [152, 4]];
      const d = plot({ unit: "count" }, [points], { span: 600, now: 160, width: 300, height: 150 }).find(({ tagName }) => tagName === "path").getAttribute("d");
      return d.replace(/[\\d. -]+/g, " ").trim();
    }
  })`);
  check("the parser", seen.path === '/x\\y"}z\n' && seen.total === 7 && seen.part === 4 && seen.none === "NaN", seen);
  check("the percentiles", JSON.stringify(seen.quantiles) === "[1,1.5,1.98]" && seen.high === 1 && seen.empty === "NaN", seen);
  const near = (a, b) => a.length === b.length && a.every((v, i) => Math.abs(v - b[i]) < 1e-9);
  check("the ticks", near(seen.ticks[0], [0, 2, 4, 6, 8]) && near(seen.ticks[1], [0, 0.05, 0.1, 0.15]) &&
    near(seen.ticks[2], [0, 32, 64, 96, 128].map((v) => v * 2 ** 20)), seen.ticks);
  check("the sum of two servers", seen.together.join() === "1060,5,2", seen.together);
  check("a server that was started again", seen.again.join() === "2,1045" && seen.left === 1, seen);
  check("the sum of before is of the servers of before", seen.past === 1060, seen);
  check("a history is joined to what was polled", seen.joined.join() === "1,true,4970.2 4985.2 5000.2,10 20 30,3", seen.joined);
  check("a pause is filled from the history", seen.asks === "true,false", seen.asks);
  check("a figure that came later is not in earlier rows", seen.late === "false,false,true", seen.late);
  check("an hour, about a minute apart and lately all", seen.hour.join() === "3600,176,55,5,120", seen.hour);
  check("lines break where nothing is known", seen.drawn === "M h L M h M h L", seen.drawn);
  check("the durations", seen.durations.join() === "59 s,1 h 1 min,1 d 1 h", seen.durations);
}
