// One instance of the component in a worker, which answers one request after another.
// In: { modules }, the compiled core modules by name; then { image, options } each time, with { mask, marks } for a correction.
// Out: { ready } when an instance is there, or { failed } where one cannot be; { ended }, how many stages have ended; then
// { output }, { refused: { kind, text } } or { broken }.

import { instantiate } from "./component/cutout.js";
import { inverse } from "./inverse.js";
import * as cli from "./wasi/cli.js";
import * as clocks from "./wasi/clocks.js";
import * as http from "./wasi/http.js";
import * as io from "./wasi/io.js";
import * as random from "./wasi/random.js";

const LARGE = 128 << 20; // bytes: an instance that grew beyond is not kept, since its memory never shrinks

/** What the component imports, with a clock that calls `look` whenever the guest looks at it. */
function imports(look) {
  const monotonicClock = {
    ...clocks.monotonicClock,
    now() {
      const now = clocks.monotonicClock.now();
      look();
      return now;
    },
  };
  return {
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
}

/** An instance of the component, and its memories. */
async function fresh(modules, imported) {
  const memories = [];
  const { matting } = await instantiate((name) => modules[name], imported, (module, needs) => {
    const made = new WebAssembly.Instance(module, needs);
    memories.push(...Object.values(made.exports).filter((e) => e instanceof WebAssembly.Memory));
    return made;
  });
  return { matting, memories };
}

/** The function that takes a worker's messages; `post(message, transfer)` sends its own. */
export function guest(post) {
  let modules = null;
  let instance = null;
  let looks = 0; // at the clock: the guest looks when it begins and at the end of every stage; null where nobody wants to know

  const tell = (ended) => ended > 0 && post({ ended });
  const stage = (ended) => {
    looks = ended;
    tell(ended);
  };
  const imported = imports(() => looks !== null && tell(looks++));

  async function made(matting, { image, mask, marks, options }) {
    if (marks) return matting.refine(image, mask, marks, options).bytes;
    return options.output === "inverse" ? inverse(matting, image, options, stage) : matting.remove(image, options).bytes;
  }

  async function answer(work) {
    looks = 0;
    const { matting, memories } = instance;
    try {
      const bytes = await made(matting, work);
      post({ output: bytes }, [bytes.buffer]);
    } catch (error) {
      if (!error.payload) throw error; // a trap, and no word of the guest
      post({ refused: { kind: error.payload.tag, text: error.payload.val } });
    }
    if (memories.some((memory) => memory.buffer.byteLength > LARGE)) instance = null;
  }

  return async (data) => {
    if (data.modules) {
      modules = data.modules;
      return;
    }
    try {
      instance ??= await fresh(modules, imported);
    } catch (error) {
      post({ failed: String(error) });
      return;
    }
    post({ ready: true });
    try {
      await answer(data);
    } catch (error) {
      post({ broken: String(error) });
    }
  };
}
