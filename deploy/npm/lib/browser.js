// The package in browsers.

import { api } from "./api.js";
import { SIZE, small } from "./modules.js";

/** The core modules, compiled while they arrive; `got(name, bytes, total)` is told of every piece. */
async function load(got) {
  // As a literal, which is how bundlers find the file.
  const response = await fetch(new URL("./component/cutout.core.wasm", import.meta.url));
  if (!response.ok) throw new Error(`cutout.core.wasm: HTTP status ${response.status}`);
  let loaded = 0;
  const pieces = response.body.pipeThrough(new TransformStream({
    transform(piece, controller) {
      loaded += piece.byteLength;
      got("cutout.core.wasm", loaded, SIZE);
      controller.enqueue(piece);
    },
  }));
  // With a type of our own, since not every static server knows it.
  const large = await WebAssembly.compileStreaming(new Response(pieces, { headers: { "Content-Type": "application/wasm" } }));
  return { "cutout.core.wasm": large, ...small() };
}

function hire(hear, lose) {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }) => hear(data));
  worker.addEventListener("error", ({ message }) => lose(new Error(message ?? "it could not start")));
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    terminate: () => worker.terminate(),
    hold() {},
  };
}

const address = (text) => new URL(text, globalThis.document?.baseURI ?? location.href);

export const { removeBackground, removeForeground, segmentForeground, refineForeground, preload } = api({ load, hire, address });
export { CutoutError } from "./error.js";
export default removeBackground;
