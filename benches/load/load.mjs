// Four times the load that a server can carry, and what came of it.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(process.env.NODE_PATH + '/');
const autocannon = require('autocannon');
const [url, image, seconds, bench, pid] = process.argv.slice(2);

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const series = JSON.parse(readFileSync(bench)).series;
const rateOf = (figure) => median(series.find((s) => s.figure === figure && s.count === 2).samples);
const can = rateOf('throughput-reused');

const memory = () => {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Rss: +(\d+) kB/m.exec(rollup)[1]) / 1024;
};
const before = memory();
let peak = before;
const watch = setInterval(() => { peak = Math.max(peak, memory()); }, 200);

const codes = {};
const run = autocannon({
    url: `${url}/v1/remove`,
    method: 'POST',
    body: readFileSync(image),
    headers: { 'content-type': 'image/jpeg' },
    connections: 64,
    overallRate: Math.ceil(4 * can),
    duration: Number(seconds),
    timeout: 30,
});
run.on('response', (_client, code) => { codes[code] = (codes[code] ?? 0) + 1; });
const result = await run;
clearInterval(watch);
const start = process.hrtime.bigint();
let after = memory();
// What is accepted is still answered; memory falls within a few seconds or not at all.
while (after > before * 1.1 && process.hrtime.bigint() - start < 10_000_000_000n) after = memory();

const answered = (codes[200] ?? 0) / result.duration;
const others = Object.keys(codes).filter((code) => code !== '200' && code !== '503');
const line = (name, value) => console.log(`${name.padEnd(44)} ${value}`);
line('can carry (cutout bench, 2 workers, kept)', `${can.toFixed(2)} images/s`);
line('asked for', `${(4 * can).toFixed(2)} requests/s on 64 connections for ${result.duration} s`);
line('answered with 200', `${answered.toFixed(2)} images/s, ${(answered / can).toFixed(2)} of what it can carry`);
line('answers', JSON.stringify(codes));
line('answers that are neither 200 nor 503', others.length);
line('no answer: errors, time-outs', `${result.errors}, ${result.timeouts}`);
line('latency of all answers: p50, p99, max', `${result.latency.p50}, ${result.latency.p99}, ${result.latency.max} ms`);
line('RSS before, peak, after', `${before.toFixed(1)}, ${peak.toFixed(1)}, ${after.toFixed(1)} MiB`);
process.exit(others.length || result.errors || result.timeouts ? 1 : 0);
