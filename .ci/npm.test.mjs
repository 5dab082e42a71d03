// The npm package in Node, in a project that has installed it: node --test npm.test.mjs, with the program as CUTOUT and the folder of
// the photos as PHOTOS. Results are compared with those of `cutout run`, byte for byte.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { promises, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { relative } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import threads from "node:worker_threads";
import { pixels } from "./pixels.mjs";
import removeByDefault, { CutoutError, preload, removeBackground, removeForeground, segmentForeground } from "cutout";

const { CUTOUT, PHOTOS } = process.env;
const PHOTO = `${PHOTOS}/coffee.png`;
const image = readFileSync(PHOTO);
const run = (...flags) => execFileSync(CUTOUT, ["run", PHOTO, "-o", "-", "--engine", "wasm", ...flags], { maxBuffer: 1e8 });
const bytes = async (blob) => Buffer.from(await blob.arrayBuffer());
const cutout = run();

async function same(call, expected, type = "image/png") {
  const blob = await call;
  assert.equal(blob.type, type);
  assert.ok((await bytes(blob)).equals(expected), "other bytes than those of cutout run");
}

test("an image is taken in every form", async (t) => {
  const server = createServer((_, response) => response.end(image)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.after(() => server.close());
  const within = new Uint8Array(image.length + 20);
  within.set(image, 7);
  const shared = new Uint8Array(new SharedArrayBuffer(image.length));
  shared.set(image);
  const forms = {
    Buffer: image,
    "Uint8Array within a buffer": within.subarray(7, 7 + image.length),
    "Uint8Array of shared memory": shared,
    DataView: new DataView(within.buffer, 7, image.length),
    ArrayBuffer: new Uint8Array(image).buffer,
    Blob: new Blob([image]),
    "absolute path": PHOTO,
    "relative path": relative("", PHOTO),
    "file: URL": pathToFileURL(PHOTO),
    "file: URL as string": pathToFileURL(PHOTO).href,
    "data: URL": `data:image/png;base64,${image.toString("base64")}`,
    "http: URL": new URL(`http://127.0.0.1:${server.address().port}/coffee.png`),
  };
  for (const [name, form] of Object.entries(forms)) await t.test(name, () => same(removeBackground(form), cutout));
  assert.equal(within.buffer.byteLength, image.length + 20, "a caller's buffer is still there");
  const call = removeBackground(within.subarray(7, 7 + image.length));
  within.fill(0); // which the call does not see
  await same(call, cutout);
});

test("pixels give what a file of them gives", async () => {
  const [width, height] = [40, 30];
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < data.length; i++) data[i] = i % 4 === 3 ? 255 : (i * 7919) >> 5;
  const bmp = Buffer.alloc(54 + width * height * 3);
  bmp.write("BM");
  bmp.writeUInt32LE(bmp.length, 2);
  bmp.writeUInt32LE(54, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(width, 18);
  bmp.writeInt32LE(-height, 22);
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(24, 28);
  for (let i = 0; i < width * height; i++) [2, 1, 0].forEach((c, k) => (bmp[54 + 3 * i + k] = data[4 * i + c]));
  const expected = await bytes(await segmentForeground(bmp));
  await same(segmentForeground({ data, width, height }), expected);
  const half = await bytes(await removeBackground({ data: data.map((v, i) => (i % 4 === 3 ? 128 : v)), width, height }));
  assert.equal(half[25], 6, "alpha stays");
  await same(removeBackground({ data, width, height }, { background: image }), await bytes(await removeBackground(bmp, { background: image })));
  const large = { data: new Uint8ClampedArray(4 * 5000 * 4000), width: 5000, height: 4000 }; // more bytes than a file may have
  assert.equal((await removeBackground(large, { maxSide: 8 })).type, "image/png");
});

test("without its foreground a translucent image has its own colours, and the alpha that its foreground has not", async () => {
  const { png } = await import(new URL("../lib/pixels.js", import.meta.resolve("cutout")));
  const { data, width, height } = pixels(image);
  for (let i = 0; i < width * height; i++) data[4 * i + 3] = 60 + (i % 150);
  const file = await png({ data, width, height });
  const [{ data: front }, { data: rest }] = await Promise.all(
    [removeBackground(file), removeForeground(file)].map(async (call) => pixels(await bytes(await call))));
  const wrong = data.filter((v, i) => (i % 4 === 3 ? Math.abs(front[i] + rest[i] - v) > 1 : rest[i] !== v)); // each is rounded
  assert.deepEqual([rest.length, wrong.length], [data.length, 0]);
  const some = (which) => rest.some((v, i) => i % 4 === 3 && which(v, data[i]));
  assert.ok(some((is) => is === 0) && some((is, was) => is === was) && some((is, was) => is > 0 && is < was), "a mask of all kinds");
});

const settings = [
  ["the default", {}, []],
  ["JPEG", { output: { format: "image/jpeg" } }, ["--format", "jpg"]],
  ["JPEG of a quality", { output: { format: "image/jpeg", quality: 0.5 } }, ["--format", "jpg", "--jpeg-quality", "50"]],
  ["lossless WebP", { output: { format: "image/webp" } }, ["--format", "webp"]],
  ["lossy WebP", { output: { format: "image/webp", quality: 0.8 } }, ["--format", "webp", "--webp-quality", "80"]],
  ["fast", { quality: "fast" }, ["--quality", "fast"]],
  ["best", { quality: "best" }, ["--quality", "best"]],
  ["a colour", { background: "#81d4fa" }, ["--background", "81d4fa"]],
  ["a short colour with alpha", { background: "#8df8" }, ["--background", "8df8"]],
  ["an image behind", { background: image }, ["--background", PHOTO]],
  ["cropped", { crop: true }, ["--crop"]],
  ["cropped with a share", { crop: "5%" }, ["--crop=5%"]],
  ["cropped with two lengths", { crop: "10px 2.5%" }, ["--crop=10px 2.5%"]],
  ["cropped with four lengths", { crop: "1 2 3 4" }, ["--crop=1 2 3 4"]],
  ["cropped with pixels", { crop: 7 }, ["--crop=7"]],
  ["smaller", { maxSide: 200 }, ["--max-side", "200"]],
  ["the mask", { output: { type: "mask" } }, ["--mask"]],
  ["imgly's keys without meaning", { model: "isnet", device: "gpu", debug: true, publicPath: "/", proxyToWorker: false, rescale: true }, []],
];
for (const [name, config, flags] of settings) {
  test(`${name}: the bytes of cutout run ${flags.join(" ")}`, () => same(removeBackground(image, config), run(...flags), config.output?.format));
}

test("the mask, and the default export", async () => {
  await same(segmentForeground(image), run("--mask"));
  await same(removeByDefault(image), cutout);
});

const refused = [
  ["no image", new TextEncoder().encode("no image at all"), {}, "unsupported-format", /convert/],
  ["nothing", new Uint8Array(), {}, "undecodable", /./],
  ["half an image", image.subarray(0, 5000), {}, "undecodable", /./],
  ["too many bytes", new Uint8Array((64 << 20) + 1), {}, "too-many-bytes", /67108865 bytes/],
  ["a file that is not there", "nowhere.png", {}, "io", /nowhere\.png.*ENOENT/],
  ["an endless file", "/dev/zero", {}, "too-many-bytes", /or more/],
  ["a server that is not there", "http://127.0.0.1:1/", {}, "io", /127\.0\.0\.1:1/],
  ["a scheme that nobody knows", "gopher://127.0.0.1/", {}, "io", /gopher/],
  ["a URL that is none", "http://", {}, "usage", /no URL: http/],
  ["a number", 7, {}, "usage", /not 7/],
  ["nothing at all", undefined, {}, "usage", /not undefined/],
  ["an array", [1, 2], {}, "usage", /not Array/],
  ["pixels that are too few", { data: new Uint8ClampedArray(4), width: 2, height: 2 }, {}, "usage", /16 values/],
  ["pixels of another colour space", { data: new Uint8ClampedArray(4), width: 1, height: 1, colorSpace: "display-p3" }, {}, "usage", /sRGB/],
  ["an ImageData of floats", { data: new Float32Array(4), width: 1, height: 1 }, {}, "usage", /8 bits.*not Float32Array/],
  ["an unknown key", image, { outptu: {} }, "usage", /no key `outptu`.*output/],
  ["an unknown key of output", image, { output: { kind: 1 } }, "usage", /no key `kind`.*format/],
  ["raw pixels", image, { output: { format: "image/x-rgba8" } }, "usage", /image\/png/],
  ["a quality above 1", image, { output: { quality: 80 } }, "usage", /0 to 1, not 80/],
  ["a quality of edges", image, { quality: "rembg" }, "usage", /"best"/],
  ["a wide margin", image, { crop: "51%" }, "usage", /50%/],
  ["three margins", image, { crop: "1 2 3" }, "usage", /one, two or four/],
  ["no side", image, { maxSide: 0 }, "usage", /from 1 on/],
  ["a mask on a colour", image, { output: { type: "mask" }, background: "#fff" }, "usage", /foreground alone/],
  ["a background that is none", image, { background: new Uint8Array(3) }, "unsupported-format", /background/],
  ["the background as JPEG", image, { output: { type: "background", format: "image/jpeg" } }, "usage", /PNG/],
  ["progress that is no function", image, { progress: 1 }, "usage", /function/],
  ["a signal that is none", image, { signal: {} }, "usage", /AbortSignal/],
  ["a config that is none", image, "png", "usage", /object/],
  ["a BigInt as format", image, { output: { format: 1n } }, "usage", /not 1/],
  ["a BigInt as quality of the file", image, { output: { quality: 1n } }, "usage", /not 1/],
  ["a BigInt as quality", image, { quality: 1n }, "usage", /not 1/],
  ["a BigInt as output", image, { output: 1n }, "usage", /not 1/],
  ["a BigInt as crop", image, { crop: 1n }, "usage", /not 1/],
  ["a Symbol as side", image, { maxSide: Symbol("a") }, "usage", /Symbol/],
  ["no rescaling", image, { rescale: false }, "usage", /rescale/],
];
for (const [name, source, config, kind, text] of refused) {
  test(`${name} is refused as ${kind}`, async () => {
    const error = await removeBackground(source, config).then(() => assert.fail("not refused"), (e) => e);
    assert.ok(error instanceof CutoutError && error instanceof Error, error.stack);
    assert.deepEqual([error.name, error.kind], ["CutoutError", kind]);
    assert.match(error.message, text);
  });
}

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
