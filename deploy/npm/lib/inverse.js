import { png, tiff } from "./pixels.js";

const RAW = { format: "raw", png: "fast", webp: undefined, jpeg: 90 };

/**
 * An image without its foreground, as PNG. The component has no such output, so it is asked twice: for the mask, and for the image behind
 * a transparent one, which gives the pixels that it decodes with their own alpha. `stage(n)` is told how many stages have ended.
 */
export async function inverse(matting, image, { quality, limits, ...options }, stage) {
  const { data: mask, width, height } = matting.matte(image, quality, limits);
  const clear = tiff({ data: new Uint8Array(width * height * 4), width, height });
  stage(null);
  const behind = { ...options, output: "cutout", quality: "fast", encoding: RAW, background: { tag: "picture", val: image }, limits };
  const data = new Uint8ClampedArray(matting.remove(clear, behind).bytes);
  for (let i = 0; i < mask.length; i++) data[4 * i + 3] = (data[4 * i + 3] * (255 - mask[i])) / 255; // which rounds
  stage(5);
  const bytes = await png({ data, width, height });
  stage(6);
  return bytes;
}
