// For the tests beside this one, in a project that has installed the npm package: an image, and what `cutout run` makes of it. The program
// is CUTOUT, and the folder of the photos PHOTOS.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const { CUTOUT, PHOTOS } = process.env;
export const PHOTO = `${PHOTOS}/coffee.png`;
export const image = readFileSync(PHOTO);
export const run = (...flags) => execFileSync(CUTOUT, ["run", PHOTO, "-o", "-", "--engine", "wasm", ...flags], { maxBuffer: 1e8 });
export const bytes = async (blob) => Buffer.from(await blob.arrayBuffer());
export const cutout = run();

export async function same(call, expected, type = "image/png") {
  const blob = await call;
  assert.equal(blob.type, type);
  assert.ok((await bytes(blob)).equals(expected), "other bytes than those of cutout run");
}
