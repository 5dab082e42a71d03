// ZIP files whose entries are stored as they are: images do not get smaller.

const MOST_FILES = 0xfffe; // 0xffff says that the number is elsewhere, as in ZIP64
const MOST_BYTES = 0xffffffff;
const UTF_8 = 0x0800; // general purpose bit 11: names are in UTF-8
const VERSION = 20; // 2.0, the least that readers ask for
const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

export function crc32(data) {
  let sum = ~0;
  for (let i = 0; i < data.length; i++) sum = CRC[(sum ^ data[i]) & 0xff] ^ (sum >>> 8);
  return ~sum >>> 0;
}

/** Date and time as MS-DOS has them: from 1980 on, in steps of two seconds. */
function moment(date) {
  const day = (Math.max(date.getFullYear() - 1980, 0) << 9) | ((date.getMonth() + 1) << 5) | date.getDate();
  return [(date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1), day];
}

/** Little-endian fields: [bytes, value]. */
function packed(...fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return new Uint8Array(view.buffer);
}

/** What the entry's own header and its line in the directory share. */
function common({ name, blob, crc }, [time, day]) {
  return [[2, VERSION], [2, UTF_8], [2, 0], [2, time], [2, day], [4, crc], [4, blob.size], [4, blob.size], [2, name.length], [2, 0]];
}

/** A ZIP file as a Blob, of files { name, blob }. */
export async function zip(files, date = new Date()) {
  if (files.length > MOST_FILES) throw new RangeError(`a ZIP file holds ${MOST_FILES} files, not ${files.length}`);
  const parts = [];
  const directory = [];
  let at = 0;
  for (const { name: text, blob } of files) {
    const name = new TextEncoder().encode(text);
    const fields = common({ name, blob, crc: crc32(new Uint8Array(await blob.arrayBuffer())) }, moment(date));
    directory.push(packed([4, 0x02014b50], [2, VERSION], ...fields, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]), name);
    const head = packed([4, 0x04034b50], ...fields);
    parts.push(head, name, blob);
    at += head.length + name.length + blob.size;
    if (at > MOST_BYTES) throw new RangeError("a ZIP file of this kind holds less than 4 GiB");
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = packed([4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, at], [2, 0]);
  if (at + size > MOST_BYTES) throw new RangeError("a ZIP file of this kind holds less than 4 GiB");
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** The names with a number where an earlier one is the same but for case or the form of its accents, which some systems do not tell apart. */
export function unique(names) {
  const taken = new Set();
  const folded = (name) => name.normalize().toLowerCase();
  return names.map((name) => {
    const [, stem, extension] = name.match(/^(.*?)(\.[^.]*)?$/s);
    let free = name;
    for (let n = 2; taken.has(folded(free)); n++) free = `${stem}-${n}${extension ?? ""}`;
    taken.add(folded(free));
    return free;
  });
}
