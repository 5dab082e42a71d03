// One instance of the component, which answers one image after another.
// In: { modules }, the compiled core modules by name; then { image } each time.
// Out: { ended }, how many stages have ended; then { output }, { refused: { kind, text } } or { broken }.

import { instantiate } from "./component/cutout.js";
import * as cli from "./wasi/cli.js";
import * as clocks from "./wasi/clocks.js";
import * as http from "./wasi/http.js";
import * as io from "./wasi/io.js";
import * as random from "./wasi/random.js";

const LIMITS = { maxBytes: 64n << 20n, maxSide: 32_768, maxPixels: 50_000_000n };
const OPTIONS = {
  output: "cutout",
  quality: "good",
  encoding: { format: "png", png: "fast", webp: undefined, jpeg: 90 },
  maxSide: undefined,
  crop: undefined,
  background: { tag: "transparent" },
  alsoMask: false,
  thumbnails: undefined,
  limits: LIMITS,
};
const LARGE = 128 << 20; // bytes: an instance that grew beyond is not kept, since its memory never shrinks

let modules = null;
let instance = null;
let memories = [];
let looks = 0; // at the clock: the guest looks when it begins and at the end of every stage

const monotonicClock = {
  ...clocks.monotonicClock,
  now() {
    const now = clocks.monotonicClock.now();
    if (looks > 0) postMessage({ ended: looks });
    looks++;
    return now;
  },
};

const IMPORTS = {
  "wasi:cli/environment": cli.environment,
  "wasi:cli/exit": cli.exit,
  "wasi:cli/stderr": cli.stderr,
  "wasi:cli/stdin": cli.stdin,
  "wasi:cli/stdout": cli.stdout,
  "wasi:cli/terminal-input": cli.terminalInput,
  "wasi:cli/terminal-output": cli.terminalOutput,
  "wasi:cli/terminal-stderr": cli.terminalStderr,
  "wasi:cli/terminal-stdin": cli.terminalStdin,
  "wasi:cli/terminal-stdout": cli.terminalStdout,
  "wasi:clocks/monotonic-clock": monotonicClock,
  "wasi:clocks/wall-clock": clocks.wallClock,
  "wasi:http/types": http.types,
  "wasi:io/error": io.error,
  "wasi:io/poll": io.poll,
  "wasi:io/streams": io.streams,
  "wasi:random/insecure-seed": random.insecureSeed,
  "wasi:random/random": random.random,
};

async function fresh() {
  memories = [];
  return instantiate((name) => modules[name], IMPORTS, (module, imports) => {
    const made = new WebAssembly.Instance(module, imports);
    memories.push(...Object.values(made.exports).filter((e) => e instanceof WebAssembly.Memory));
    return made;
  });
}

function refuse(kind, text) {
  postMessage({ refused: { kind, text } });
}

async function remove(picture) {
  if (picture.size > LIMITS.maxBytes) {
    refuse("too-many-bytes", `the file has ${picture.size} bytes, more than the ${LIMITS.maxBytes} allowed`);
    return;
  }
  let image;
  try {
    image = new Uint8Array(await picture.arrayBuffer());
  } catch (error) {
    refuse("unreadable", error.message);
    return;
  }
  instance ??= await fresh();
  looks = 0;
  try {
    const { bytes } = instance.matting.remove(image, OPTIONS);
    postMessage({ output: bytes }, [bytes.buffer]);
  } catch (error) {
    if (!error.payload) throw error; // a trap, and no word of the guest
    refuse(error.payload.tag, error.payload.val);
  }
  if (memories.some((memory) => memory.buffer.byteLength > LARGE)) instance = null;
}

addEventListener("message", async ({ data }) => {
  if (data.modules) {
    modules = data.modules;
    return;
  }
  try {
    await remove(data.picture);
  } catch (error) {
    postMessage({ broken: String(error) });
  }
});
