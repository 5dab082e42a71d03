// Masks corrected by marks: the bytes of `cutout run`, and what is refused.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { refineForeground, removeBackground, segmentForeground } from "cutout";
import { cutout, image, run, same } from "./expected.mjs";
import { pixels } from "./pixels.mjs";

test("a mask is corrected by marks, with the bytes of cutout run", async () => {
  const { png } = await import(new URL("../lib/pixels.js", import.meta.resolve("cutout")));
  const { width, height } = pixels(image);
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 60; y < 150; y++) for (let x = 80; x < 200; x++) data[4 * (y * width + x) + 3] = 255;
  const painted = await png({ data, width, height });
  writeFileSync("painted.png", painted);
  const flags = ["--keep", "painted.png", "--keep", "10,20,60,50", "--erase", "100,100,90,80"];
  const marks = { keep: [painted, { x: 10, y: 20, width: 60, height: 50 }], erase: { x: 100, y: 100, width: 90, height: 80 } };
  const mask = await segmentForeground(image);
  await same(refineForeground(image, mask, marks), run(...flags));
  await same(refineForeground(image, cutout, { ...marks, keep: [{ data, width, height }, marks.keep[1]] }), run(...flags));
  await same(refineForeground(image, mask, { ...marks, output: { type: "mask" } }), run(...flags, "--mask"));
  await same(refineForeground(image, mask), cutout);
  await same(refineForeground(image, await segmentForeground(image, { quality: "fast" }), { quality: "fast" }), run("--quality", "fast"));
  const said = [];
  await refineForeground(image, mask, { progress: (key, ended, total) => key.startsWith("compute:") && said.push([key, ended, total]) });
  assert.deepEqual(said, ["decode", "matte", "colour", "encode", "encode"].map((stage, i) => [`compute:${stage}`, i, 4]));
  for (const [config, kind, text] of [
    [{ keep: { x: 1, y: 1, width: 0, height: 1 } }, "usage", /keep.*not empty/],
    [{ erase: [{ x: NaN, y: 1, width: 1, height: 1 }] }, "usage", /erase.*whole numbers/],
    [{ erase: 7 }, "usage", /not 7/],
    [{ erase: { x: width, y: 0, width: 1, height: 1 } }, "correction", /not within the image/],
    [{ keep: new Uint8Array(9) }, "unsupported-format", /mark 1 \(keep\)/],
    [{ output: { type: "background" } }, "usage", /mask/],
  ]) await assert.rejects(refineForeground(image, mask, config), { kind, message: text });
  await assert.rejects(removeBackground(image, { keep: painted }), { kind: "usage" });
});
