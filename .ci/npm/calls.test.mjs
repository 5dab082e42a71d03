// Calls on their way: progress, signals, their order, and workers that fail.
import assert from "node:assert/strict";
import { promises } from "node:fs";
import { createServer } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { test } from "node:test";
import threads from "node:worker_threads";
import { preload, removeBackground, removeForeground, segmentForeground } from "cutout";
import { cutout, image, run, same } from "./expected.mjs";

test("progress tells of every stage, in order", async () => {
  const said = [];
  const progress = (...news) => said.push(news);
  await preload({ progress });
  await removeBackground(image, { progress });
  const stages = ["decode", "preprocess", "segment", "matte", "colour", "encode", "encode"];
  assert.deepEqual(said.filter(([key]) => key.startsWith("compute:")), stages.map((stage, i) => [`compute:${stage}`, i, 6]));
  said.length = 0;
  await removeForeground(image, { progress });
  assert.deepEqual(said.at(-1), ["compute:encode", 6, 6]);
  assert.ok(said.every(([, now], i) => i === 0 || now >= said[i - 1][1]), JSON.stringify(said));
});

test("an error of progress ends the call, and the next one works", async () => {
  const broken = new Error("of the caller");
  const throws = (at) => (_, now) => {
    if (now === at) throw broken;
  };
  await assert.rejects(removeBackground(image, { progress: throws(0) }), broken);
  await assert.rejects(removeBackground(image, { progress: throws(2) }), broken);
  await same(removeBackground(image), cutout);
});

for (const at of [0, 2]) {
  test(`progress that aborts its call after ${at} stages and then throws ends no other call`, async () => {
    const reason = new Error("enough");
    const control = new AbortController();
    const progress = (key, ended) => {
      if (!key.startsWith("compute:") || ended !== at) return;
      control.abort(reason);
      throw new Error("of the caller");
    };
    const [own, other] = await Promise.allSettled([removeBackground(image, { signal: control.signal, progress }), segmentForeground(image)]);
    assert.equal(own.reason, reason);
    await same(other.value ?? Promise.reject(other.reason), run("--mask"));
  });
}

test("an error of progress while the package's file is loaded ends that call alone", async () => {
  const broken = new Error("of the caller");
  const progress = () => {
    throw broken;
  };
  const alone = await import(`${import.meta.resolve("cutout")}?alone`); // which has loaded nothing yet
  const calls = [alone.removeBackground(image, { progress }), alone.removeBackground(image), alone.preload({ progress })];
  const [first, second, third] = await Promise.allSettled(calls);
  assert.deepEqual([first.reason, third.reason], [broken, broken]);
  await same(second.value, cutout);
});

test("a signal ends a call before it begins, while it waits and while it works; others are not touched", async (t) => {
  const reason = new Error("enough");
  await assert.rejects(removeBackground(image, { signal: AbortSignal.abort(reason) }), reason);

  const [waiting, working, reading] = [new AbortController(), new AbortController(), new AbortController()];
  let aborted = false;
  const progress = (_, ended) => {
    if (ended === 2) {
      aborted = true;
      waiting.abort(reason);
      working.abort(reason);
    }
  };
  const calls = [
    removeBackground(image, { signal: working.signal, progress }),
    removeBackground(image, { signal: waiting.signal }),
    segmentForeground(image, { signal: new AbortController().signal }), // another result than that of the call before
  ];
  const silent = createServer(() => reading.abort(reason)).listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  t.after(() => (silent.closeAllConnections(), silent.close()));
  const reads = removeBackground(`http://127.0.0.1:${silent.address().port}/`, { signal: reading.signal });
  const [under, queued, untouched, read] = await Promise.allSettled([...calls, reads]);
  assert.ok(aborted);
  const early = new AbortController();
  await assert.rejects(removeBackground(image, { signal: early.signal, progress: () => early.abort(reason) }), reason);
  for (const call of [under, queued, read]) assert.equal(call.reason, reason);
  await same(untouched.value, run("--mask"));
  await assert.rejects(removeBackground(image, { signal: AbortSignal.timeout(1) }), { name: "TimeoutError" });
  await same(removeBackground(image), cutout);
});

test("a signal ends a call while the package's file is loaded, which tells it nothing from then on", async () => {
  const { readFile } = promises;
  let begun, go;
  const beginning = new Promise((resolve) => (begun = resolve));
  const held = new Promise((resolve) => (go = resolve));
  promises.readFile = async (file, ...options) => {
    if (String(file).endsWith(".wasm")) { // and no module, which Node reads so, too
      begun();
      await held;
    }
    return readFile(file, ...options);
  };
  syncBuiltinESMExports();
  const alone = await import(`${import.meta.resolve("cutout")}?held`);
  const reason = new Error("enough");
  const control = new AbortController();
  const { signal } = control;
  const [said, heard] = [[], []];
  const config = { signal, progress: (...news) => said.push(news) };
  const calls = [alone.removeBackground(image, config), alone.preload(config)];
  const other = alone.removeBackground(image, { progress: (...news) => heard.push(news) });
  await beginning;
  await new Promise(setImmediate); // for the calls to come to the loading
  control.abort(reason);
  for (const call of calls) await assert.rejects(call, reason);
  go();
  promises.readFile = readFile;
  syncBuiltinESMExports();
  await same(other, cutout);
  assert.deepEqual([said, heard[0][0]], [[], "fetch:cutout.core.wasm"]);
  await assert.rejects(alone.preload({ signal }), reason);
});

// The guest asks for the time when it begins: an exception there ends it as a trap does.
const faults = [
  ["a guest that breaks off", "performance.now = () => { throw new WebAssembly.RuntimeError('unreachable'); }", "trap", /memory.*unreachable/],
  ["a worker that ends while it works", "performance.now = () => process.exit(7)", "trap", /memory.*exit code 7/],
  ["a worker that ends before it works", "process.exit(7)", "engine", /ended: exit code 7/],
  ["a guest without an instance", "WebAssembly.Instance = class { constructor() { throw new RangeError('no room'); } }", "engine", /begin: .*no room/],
];
for (const [name, fault, kind, text] of faults) {
  test(`${name} is told as ${kind}, and the next call gets another worker`, async () => {
    const { Worker } = threads;
    threads.Worker = class extends Worker {
      constructor(url, options) {
        super(`${fault}; import("${url}");`, { ...options, eval: true });
      }
    };
    syncBuiltinESMExports();
    const { removeBackground: remove } = await import(`${import.meta.resolve("cutout")}?${encodeURIComponent(name)}`);
    const calls = [remove(image), remove(image)];
    await assert.rejects(calls[0], { kind, message: text });
    threads.Worker = Worker;
    syncBuiltinESMExports();
    await same(calls[1], cutout);
  });
}

test("the event loop goes on, and calls are taken in order", async () => {
  const ends = [];
  const calls = ["first", "second", "third"].map((name) => removeBackground(image).then(() => ends.push(name)));
  await new Promise((resolve) => setTimeout(resolve, 1));
  assert.deepEqual(ends, []);
  await Promise.all(calls);
  assert.deepEqual(ends, ["first", "second", "third"]);
});
