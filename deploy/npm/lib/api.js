// The functions of the package, whatever it runs on.

import { read, readMarks } from "./config.js";
import { Engine } from "./engine.js";
import { limits, Source } from "./source.js";

const STAGES = ["decode", "preprocess", "segment", "matte", "colour", "encode"];
const STAGES_OF_REFINING = ["decode", "matte", "colour", "encode"]; // no network runs

/** What the engine tells of one call, as its caller wants to hear it. */
function listeners(progress, signal, stages) {
  return {
    signal,
    loaded: progress && ((name, loaded, total) => progress(`fetch:${name}`, loaded, total)),
    progress: progress && ((ended) => progress(`compute:${stages[Math.min(ended, stages.length - 1)]}`, ended, stages.length)),
  };
}

/** The functions on one worker of their own. */
export function api(platform) {
  const engine = new Engine(platform);

  async function make(type, image, config) {
    const { options: plain, progress, signal, background, fetchArgs } = read(config, type);
    signal?.throwIfAborted();
    const source = new Source(platform, fetchArgs, signal);
    const [bytes, behind] = await Promise.all([source.image(image), source.background(background)]);
    signal?.throwIfAborted();
    const options = { ...plain, background: behind, limits: limits(bytes, ...(behind.tag === "picture" ? [behind.val] : [])) };
    const output = await engine.run({ image: bytes, options }, listeners(progress, signal, STAGES));
    return new Blob([output], { type: `image/${plain.encoding.format}` });
  }

  async function refine(image, mask, { keep, erase, ...config } = {}) {
    const marked = [...readMarks(keep, "keep"), ...readMarks(erase, "erase")];
    const { options: plain, progress, signal, background, fetchArgs } = read(config, "refined");
    signal?.throwIfAborted();
    const source = new Source(platform, fetchArgs, signal);
    const [bytes, of, behind, marks] = await Promise.all([
      source.image(image),
      source.image(mask),
      source.background(background),
      Promise.all(marked.map((mark) => source.mark(mark))),
    ]);
    signal?.throwIfAborted();
    const files = [bytes, of, behind, ...marks.map(({ area }) => area)].map((file) => file.val ?? file).filter((file) => ArrayBuffer.isView(file));
    const options = { ...plain, background: behind, limits: limits(...files) };
    const output = await engine.run({ image: bytes, mask: of, marks, options }, listeners(progress, signal, STAGES_OF_REFINING));
    return new Blob([output], { type: `image/${plain.encoding.format}` });
  }

  return {
    removeBackground: (image, config) => make("foreground", image, config),
    removeForeground: (image, config) => make("background", image, config),
    segmentForeground: (image, config) => make("mask", image, config),
    refineForeground: (image, mask, config) => refine(image, mask, config ?? {}),
    async preload(config) {
      const { progress, signal } = read(config, "foreground");
      signal?.throwIfAborted();
      await engine.load(progress && ((name, loaded, total) => progress(`fetch:${name}`, loaded, total)), signal);
    },
  };
}
