// The result of an image: the network's cut-out, corrected by the brush, written with the options. Only what has changed is made anew.

import { marks } from "./marks.js";
import { isPlain } from "./options.js";

const PLAIN = { format: "png" };

/** The whole cut-out of a quality after the strokes of the brush. */
export async function corrected(work, item, quality, signal) {
  if (!item.cutouts.has(quality)) {
    const made = await work.remove(item.file, { quality, signal, progress() {} });
    signal.throwIfAborted();
    item.cutouts.set(quality, made);
  }
  const { strokes } = item;
  const cutout = item.cutouts.get(quality);
  if (strokes.length === 0) return cutout;
  const known = item.corrected;
  if (known?.from !== cutout || known.strokes !== strokes) {
    const painted = await marks(strokes, cutout.blob);
    const made = await work.refine(item.file, cutout, { ...painted, options: PLAIN, signal });
    signal.throwIfAborted();
    item.corrected = { ...made, from: cutout, strokes };
  }
  return item.corrected;
}

/** What is shown and saved. */
export async function render(work, item, { quality, ...options }, signal) {
  const full = await corrected(work, item, quality, signal);
  if (isPlain(options)) return full;
  const { key, ...rest } = options;
  if (item.result?.from !== full || item.result.key !== key) {
    const made = await work.refine(item.file, full, { options: rest, signal });
    signal.throwIfAborted();
    item.result = { ...made, from: full, key };
  }
  return item.result;
}
