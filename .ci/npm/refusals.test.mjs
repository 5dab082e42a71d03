// What is refused, with its stable kind and in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CutoutError, removeBackground } from "cutout";
import { image } from "./expected.mjs";

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
