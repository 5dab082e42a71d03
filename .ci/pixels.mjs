// The pixels of a PNG of 8 bits in colour that is not interlaced, by a reader that shares nothing with what is tested.

import { inflateSync } from "node:zlib";

const RGB = 2; // colour types
const RGBA = 6;

/** { data, width, height } of `file`, a Uint8Array; four values a pixel. */
export function pixels(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const channels = { [RGB]: 3, [RGBA]: 4 }[file[25]];
  if (file[24] !== 8 || !channels) throw new Error("a PNG of another kind");
  const parts = [];
  for (let at = 8; at < file.length; at += 12 + view.getUint32(at)) {
    const name = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (name === "IDAT") parts.push(file.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const rows = inflateSync(Buffer.concat(parts));
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  const stride = width * channels;
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1);
    const row = rows.subarray(start + 1, start + 1 + stride);
    restore(row, above, rows[start], channels);
    for (let from = 0, to = y * width * 4; from < stride; from += channels, to += 4) {
      for (let c = 0; c < channels; c++) data[to + c] = row[from + c];
    }
    above = row;
  }
  return { data, width, height };
}

/** Takes a row's filter back (PNG, section 9). */
function restore(row, above, filter, channels) {
  const from = (predict) => {
    for (let i = 0; i < channels; i++) row[i] += predict(0, above[i], 0);
    for (let i = channels; i < row.length; i++) row[i] += predict(row[i - channels], above[i], above[i - channels]);
  };
  if (filter === 1) from((a) => a);
  if (filter === 2) from((_, b) => b);
  if (filter === 3) from((a, b) => (a + b) >> 1);
  if (filter === 4) from(paeth);
}

function paeth(a, b, c) {
  const pa = Math.abs(b - c);
  const pb = Math.abs(a - c);
  const pc = Math.abs(a + b - 2 * c);
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}
