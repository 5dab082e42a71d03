// The package in Node, and in what has Node's modules.

import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { api } from "../lib/api.js";
import { SIZE, small } from "../lib/modules.js";

async function load(got) {
  const bytes = await readFile(new URL("../lib/component/cutout.core.wasm", import.meta.url));
  got("cutout.core.wasm", SIZE, SIZE);
  return { "cutout.core.wasm": await WebAssembly.compile(bytes), ...small() };
}

function hire(hear, lose) {
  // Without the flags of this process, of which some forbid a file as entry.
  const worker = new Worker(new URL("./worker.js", import.meta.url), { execArgv: [] });
  worker.on("message", hear);
  worker.on("error", lose);
  worker.on("messageerror", lose);
  worker.on("exit", (code) => lose(new Error(`exit code ${code}`)));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    terminate: () => worker.terminate(),
    // An idle worker does not keep the process running.
    hold: (yes) => (yes ? worker.ref() : worker.unref()),
  };
}

/** A text is a URL, or else the path of a file. */
function address(text) {
  // Of one letter it is a drive.
  return /^[a-z][a-z\d+.-]+:/i.test(text) ? new URL(text) : pathToFileURL(resolve(text));
}

/** A file's pieces. */
const file = (url, signal) => createReadStream(fileURLToPath(url), { signal });

export const { removeBackground, removeForeground, segmentForeground, refineForeground, preload } = api({ load, hire, address, file });
export { CutoutError } from "../lib/error.js";
export default removeBackground;
