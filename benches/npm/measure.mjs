// One image at a time by the package in this process and by `cutout serve` at URL, in turns: node measure.mjs URL ROUNDS PHOTO…
// Both keep one instance. A request's time has HTTP on this machine in it, a call's the way to the worker and back.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { preload, removeBackground } from "cutout";

const MOST = 1.3; // times wasmtime's
const [url, rounds, ...photos] = process.argv.slice(2);

const runners = {
  node: async (image) => Buffer.from(await (await removeBackground(image)).arrayBuffer()),
  wasmtime: async (image) => Buffer.from(await (await fetch(`${url}/v1/remove`, { method: "POST", body: image })).arrayBuffer()),
};

async function timed(runner, image) {
  const began = performance.now();
  const bytes = await runners[runner](image);
  return { ms: performance.now() - began, bytes };
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const fixed = (ms) => ms.toFixed(0);

const start = performance.now();
await preload();
console.log(`own file read and compiled in ${fixed(performance.now() - start)} ms, before any image\n`);
console.log("| photo | first image, ms | Node, ms | wasmtime, ms | ratio | middle half, Node | wasmtime |");
console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
let worst = 0;
for (const photo of photos) {
  const image = readFileSync(photo);
  const first = await timed("node", image);
  for (let i = 0; i < 10; i++) for (const runner of Object.keys(runners)) await timed(runner, image);
  const times = { node: [], wasmtime: [] };
  for (let i = 0; i < Number(rounds); i++) {
    const order = Object.keys(runners);
    if (Math.random() < 0.5) order.reverse();
    for (const runner of order) {
      const { ms, bytes } = await timed(runner, image);
      if (!bytes.equals(first.bytes)) throw new Error(`${photo}: other bytes by ${runner}`);
      times[runner].push(ms);
    }
  }
  const ratio = median(times.node) / median(times.wasmtime);
  worst = Math.max(worst, ratio);
  const quarters = Object.values(times).map((all) => {
    const sorted = all.toSorted((a, b) => a - b);
    return `${fixed(sorted[sorted.length >> 2])} to ${fixed(sorted[(sorted.length * 3) >> 2])}`;
  });
  const row = [basename(photo), fixed(first.ms), fixed(median(times.node)), fixed(median(times.wasmtime)), ratio.toFixed(2), ...quarters];
  console.log(`| ${row.join(" | ")} |`);
}
console.log(`\nnode ${process.version}, V8 ${process.versions.v8}; ${rounds} rounds in turns after 10; the same bytes`);
process.exit(worst <= MOST ? 0 : 1);
