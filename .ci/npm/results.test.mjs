// Images of every form and with every setting: the bytes of `cutout run`.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { relative } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import removeByDefault, { removeBackground, removeForeground, segmentForeground } from "cutout";
import { PHOTO, bytes, cutout, image, run, same } from "./expected.mjs";
import { pixels } from "./pixels.mjs";

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
