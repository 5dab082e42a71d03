// The result of an image: the network's mask, corrected by the brush, rendered with the options. Only what has changed is made anew.

import { marks } from "./marks.js";
import { isPlain } from "./options.js";

const PLAIN = { format: "png" };

/** The cut-out of a quality as the network finds it. */
async function found(work, item, quality, signal) {
  if (!item.cutouts.has(quality)) item.cutouts.set(quality, await work.remove(item.file, { quality, signal, progress() {} }));
  return item.cutouts.get(quality);
}

/** Forgets an answer that is no image, so that it is asked for again. */
export function forget(item, blob) {
  for (const [quality, made] of item.cutouts) if (made.blob === blob) item.cutouts.delete(quality);
  for (const kind of ["corrected", "result"]) if (item[kind]?.blob === blob) item[kind] = null;
}

/** Whether the browser sees nothing transparent in an image; not where it cannot read it. */
async function isOpaque(file) {
  try {
    const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
    if (first === 0xff && second === 0xd8) return true; // JPEG, whatever its name says
    const bitmap = await createImageBitmap(file);
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    bitmap.close();
    for (let i = 3; i < data.length; i += 4) if (data[i] < 255) return false;
    return true;
  } catch {
    return false;
  }
}

/** The network's mask as an image. The alpha of the cut-out is the mask, unless the image has an alpha of its own that is in there too. */
async function mask(work, item, quality, signal) {
  item.isOpaque ??= await isOpaque(item.file);
  if (item.isOpaque) return (await found(work, item, quality, signal)).blob;
  if (!item.masks.has(quality)) item.masks.set(quality, await work.mask(item.file, { quality, signal }));
  return item.masks.get(quality);
}

async function refined(work, item, quality, options, full, signal) {
  const { strokes } = item;
  const painted = strokes.length > 0 ? await marks(strokes, (await found(work, item, quality, signal)).blob) : {};
  const made = await work.refine(item.file, await mask(work, item, quality, signal), { ...painted, options: { ...options, quality }, full, signal });
  signal.throwIfAborted();
  return { ...made, strokes, quality };
}

/** The whole cut-out after the strokes of the brush. */
export async function corrected(work, item, quality, signal) {
  const cutout = await found(work, item, quality, signal);
  if (item.strokes.length === 0) return cutout;
  const known = item.corrected;
  if (known?.strokes !== item.strokes || known.quality !== quality) {
    item.corrected = await refined(work, item, quality, PLAIN, null, signal);
  }
  return item.corrected;
}

/** What is shown and saved. */
export async function render(work, item, { quality, key, ...options }, signal) {
  if (isPlain(options)) return corrected(work, item, quality, signal);
  const known = item.result;
  if (known?.strokes !== item.strokes || known.quality !== quality || known.key !== key) {
    const full = options.crop ? await corrected(work, item, quality, signal) : null;
    item.result = { ...await refined(work, item, quality, options, full, signal), key };
  }
  return item.result;
}
