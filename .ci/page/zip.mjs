// The ZIP writer, read by others.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 as reference } from "node:zlib";
import { crc32, unique, zip } from "../../crates/http/src/asset/zip.js";
import { check } from "../browser.mjs";

const NAMES = [
  [["a.png", "a.png", "a.png"], ["a.png", "a-2.png", "a-3.png"]],
  [["a.png", "A.PNG", "a-2.png"], ["a.png", "A-2.PNG", "a-2-2.png"]],
  [["a", "a", "a.b.png", "a.b.png"], ["a", "a-2", "a.b.png", "a.b-2.png"]],
  [["a-2.png", "a.png", "a.png"], ["a-2.png", "a.png", "a-3.png"]],
  [[".png", ".png"], [".png", "-2.png"]],
];

const READ = `import json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
print(json.dumps([z.testzip(), [[i.filename, i.CRC, i.file_size, i.compress_type, i.date_time, i.flag_bits, z.read(i).hex()] for i in z.infolist()]]))`;

export async function zips({ work }) {
  for (const [names, expected] of NAMES) check(`names ${names.join(" ")}`, unique(names).join() === expected.join(), unique(names));

  const long = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) >> 3));
  for (const data of [Buffer.alloc(0), Buffer.from("123456789"), long]) check(`CRC of ${data.length} bytes`, crc32(data) === reference(data), crc32(data));

  const contents = { "plain.png": long, "Grüße, 東京 🚀.png": Buffer.from("a"), "empty.png": Buffer.alloc(0) };
  const files = Object.entries(contents).map(([name, data]) => ({ name, blob: new Blob([data]) }));
  const path = join(work, "written.zip");
  writeFileSync(path, Buffer.from(await (await zip(files, new Date(2026, 10, 29, 13, 45, 58))).arrayBuffer()));
  execFileSync("unzip", ["-t", path], { stdio: "ignore" });
  check("unzip takes it", true);
  const [bad, entries] = JSON.parse(execFileSync("python3", ["-c", READ, path], { encoding: "utf8" }));
  check("Python finds nothing bad", bad === null);
  check("names, in UTF-8 and saying so", entries.map(([name]) => name).join() === Object.keys(contents).join() && entries.every((e) => e[5] & 0x800), entries.map((e) => e[0]));
  check("bytes, sizes and sums", entries.every(([name, crc, size, , , , hex]) =>
    hex === contents[name].toString("hex") && size === contents[name].length && crc === reference(contents[name])));
  check("stored, at its time", entries.every(([, , , kind, time]) => kind === 0 && time.join() === "2026,11,29,13,45,58"), entries.map((e) => e[4]));

  writeFileSync(path, Buffer.from(await (await zip([])).arrayBuffer()));
  const [, none] = JSON.parse(execFileSync("python3", ["-c", READ, path], { encoding: "utf8" }));
  check("nothing is a ZIP file too", none.length === 0);
  const large = { name: "large", blob: { size: 0xffffffff, arrayBuffer: async () => new ArrayBuffer(0) } };
  for (const [what, many] of [["too many files", Array.from({ length: 0x10000 }, () => files[2])], ["too many bytes", [large]]]) {
    check(what, await zip(many).then(() => false, (error) => error instanceof RangeError));
  }
}
