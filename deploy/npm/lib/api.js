// The functions of the package, whatever it runs on.

import { read } from "./config.js";
import { Engine } from "./engine.js";
import { limits, Source } from "./source.js";

const STAGES = ["decode", "preprocess", "segment", "matte", "colour", "encode"];

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
    const output = await engine.run(bytes, options, {
      signal,
      loaded: progress && ((name, loaded, total) => progress(`fetch:${name}`, loaded, total)),
      progress: progress && ((ended) => progress(`compute:${STAGES[Math.min(ended, STAGES.length - 1)]}`, ended, STAGES.length)),
    });
    return new Blob([output], { type: `image/${plain.encoding.format}` });
  }

  return {
    removeBackground: (image, config) => make("foreground", image, config),
    removeForeground: (image, config) => make("background", image, config),
    segmentForeground: (image, config) => make("mask", image, config),
    async preload(config) {
      const { progress, signal } = read(config, "foreground");
      signal?.throwIfAborted();
      await engine.load(progress && ((name, loaded, total) => progress(`fetch:${name}`, loaded, total)), signal);
    },
  };
}
