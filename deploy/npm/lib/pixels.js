// Plain pixels, red, green, blue and straight alpha, to files.

const SHORT = 3; // types of TIFF
const LONG = 4;
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const RGBA = 6; // a colour type of PNG
const SUB = 1; // of PNG's filters: from the pixel at the left
const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** An ImageData as an uncompressed TIFF, which takes no time to write. */
export function tiff({ data, width, height }) {
  const entries = [
    [256, LONG, 1, width],
    [257, LONG, 1, height],
    [258, SHORT, 4, 134], // bits of each sample, at
    [259, SHORT, 1, 1], // no compression
    [262, SHORT, 1, 2], // RGB
    [273, LONG, 1, 142], // pixels, at
    [277, SHORT, 1, 4], // samples of a pixel
    [278, LONG, 1, height], // all in one strip
    [279, LONG, 1, data.length],
    [338, SHORT, 1, 2], // straight alpha
  ];
  const file = new Uint8Array(142 + data.length);
  const view = new DataView(file.buffer);
  file.set([0x49, 0x49, 42, 0, 8, 0, 0, 0, entries.length, 0]); // little-endian
  entries.forEach(([tag, type, count, value], i) => {
    const at = 10 + 12 * i;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, count, true);
    view.setUint32(at + 8, value, true);
  });
  for (let i = 0; i < 4; i++) view.setUint16(134 + 2 * i, 8, true);
  file.set(data, 142);
  return file;
}

async function deflated(bytes) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"))).arrayBuffer());
}

function crc(bytes) {
  let sum = ~0;
  for (let i = 0; i < bytes.length; i++) sum = CRC[(sum ^ bytes[i]) & 0xff] ^ (sum >>> 8);
  return ~sum;
}

function chunk(name, data) {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set([...name].map((c) => c.charCodeAt(0)), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** A PNG of 8 bits. */
export async function png({ data, width, height }) {
  const stride = width * 4;
  const rows = new Uint8Array((stride + 1) * height);
  for (let y = 0; y < height; y++) {
    const row = rows.subarray(y * (stride + 1), (y + 1) * (stride + 1));
    const line = data.subarray(y * stride, (y + 1) * stride);
    row[0] = SUB;
    row.set(line.subarray(0, 4), 1);
    for (let x = 4; x < stride; x++) row[x + 1] = line[x] - line[x - 4];
  }
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head.set([8, RGBA], 8);
  const parts = [chunk("IHDR", head), chunk("IDAT", await deflated(rows)), chunk("IEND", [])];
  return new Uint8Array(await new Blob([new Uint8Array(SIGNATURE), ...parts]).arrayBuffer());
}
