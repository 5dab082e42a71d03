import { pixels, png } from "./pixels.js";

const PNG = { format: "png", png: "fast", webp: undefined, jpeg: 90 };

/**
 * An image without its foreground, as PNG. The component has no such output, so it is asked twice: for the image on itself,
 * which gives the pixels that it decodes, and for the mask. `stage(n)` is told how many stages have ended.
 */
export async function inverse(matting, image, { quality, limits, ...options }, stage) {
  const onItself = { ...options, output: "cutout", quality: "fast", encoding: PNG, background: { tag: "picture", val: image }, limits };
  stage(null);
  const whole = matting.remove(image, onItself).bytes;
  stage(0);
  const mask = matting.matte(image, quality, limits).data;
  const { data, width, height } = await pixels(whole);
  for (let i = 0; i < mask.length; i++) data[4 * i + 3] = (data[4 * i + 3] * (255 - mask[i])) / 255; // which rounds
  stage(5);
  const bytes = await png({ data, width, height });
  stage(6);
  return bytes;
}
