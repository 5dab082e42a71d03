// Images as callers have them, and their bytes.

import { CutoutError } from "./error.js";
import { tiff } from "./pixels.js";

const MOST_BYTES = 64 << 20; // as in `cutout run`
const COLOUR = /^#(?:[\da-f]{3,4}|[\da-f]{6}|[\da-f]{8})$/i;

function refuse(text) {
  throw new CutoutError("usage", text);
}

const tooLarge = (size) => new CutoutError("too-many-bytes", `the image has ${size} bytes, more than the ${MOST_BYTES} allowed`);

// By what they are and not by `instanceof`, since test runners and frames have classes of their own.
const tag = (value) => Object.prototype.toString.call(value).slice(8, -1);
const isPixels = (image) => ArrayBuffer.isView(image?.data) && Number.isInteger(image.width) && Number.isInteger(image.height);
const isBlob = (image) => typeof image?.arrayBuffer === "function" && typeof image.size === "number";
const isUrl = (image) => typeof image?.href === "string" && typeof image.protocol === "string";
const isBuffer = (image) => ["ArrayBuffer", "SharedArrayBuffer"].includes(tag(image));

/** The component's limits on files that were read here: their bytes were counted, but for those of pixels, which are our own. */
export function limits(...files) {
  const largest = Math.max(MOST_BYTES, ...files.map((file) => file.length));
  return { maxBytes: BigInt(largest), maxSide: 32_768, maxPixels: 50_000_000n };
}

/** Reads images for one call. */
export class Source {
  #platform;
  #fetchArgs;
  #signal;

  constructor(platform, fetchArgs, signal) {
    this.#platform = platform;
    this.#fetchArgs = fetchArgs;
    this.#signal = signal;
  }

  /** The bytes of an image, in a buffer that can be given away. */
  async image(image) {
    if (isPixels(image)) {
      const { width, height, data, colorSpace = "srgb" } = image;
      if (tag(data) !== "Uint8ClampedArray") {
        refuse(`pixels are taken in 8 bits alone, as a Uint8ClampedArray, not ${tag(data)}; ask the canvas for the pixelFormat "rgba-unorm8"`);
      }
      if (data.length !== width * height * 4) refuse(`an image of ${width} × ${height} pixels has ${width * height * 4} values, not ${data.length}`);
      if (colorSpace !== "srgb") refuse(`pixels are taken in sRGB alone, not ${colorSpace}; give the image's file`);
      return tiff(image);
    }
    return this.#bytes(image);
  }

  /** The component's background: a colour "#81d4fa", or an image in any form. */
  async background(background) {
    if (background === undefined) return { tag: "transparent" };
    if (typeof background === "string" && COLOUR.test(background)) return { tag: "colour", val: colour(background) };
    return { tag: "picture", val: await this.image(background) };
  }

  /** A mark in the component's words. */
  async mark({ brush, rectangle, image }) {
    const area = rectangle ? { tag: "rectangle", val: rectangle } : { tag: "painted", val: await this.image(image) };
    return { brush, area };
  }

  async #bytes(image) {
    if (typeof image === "string") return this.#at(this.#address(image));
    if (isUrl(image)) return this.#at(image);
    if (isBlob(image)) {
      if (image.size > MOST_BYTES) throw tooLarge(image.size);
      return new Uint8Array(await this.#io("the image", () => image.arrayBuffer()));
    }
    if (!ArrayBuffer.isView(image) && !isBuffer(image)) {
      refuse(`an image is an ImageData, ArrayBuffer, Uint8Array, Buffer, Blob, URL or string, not ${named(image)}`);
    }
    if (image.byteLength > MOST_BYTES) throw tooLarge(image.byteLength);
    // The caller keeps its own.
    return isBuffer(image) ? new Uint8Array(image).slice() : new Uint8Array(image.buffer, image.byteOffset, image.byteLength).slice();
  }

  #address(text) {
    try {
      return this.#platform.address(text);
    } catch (error) {
      throw new CutoutError("usage", `no URL: ${text}`, { cause: error });
    }
  }

  /** What is at a URL, which is asked for since the caller named it. */
  async #at(url) {
    const { file: open } = this.#platform;
    if (url.protocol === "file:" && open) return this.#collect(url, async () => open(url, this.#signal));
    return this.#collect(url, async () => {
      const response = await fetch(url, this.#signal ? { ...this.#fetchArgs, signal: this.#signal } : this.#fetchArgs);
      if (!response.ok) throw new Error(`HTTP status ${response.status}`);
      return pieces(response.body);
    });
  }

  async #collect(url, open) {
    const parts = [];
    let size = 0;
    await this.#io(url.protocol === "data:" ? "the data: URL" : url.href, async () => {
      for await (const piece of await open()) {
        size += piece.byteLength;
        if (size > MOST_BYTES) throw tooLarge(`${size} or more`);
        parts.push(piece);
      }
    });
    const whole = new Uint8Array(size);
    parts.reduce((at, piece) => (whole.set(piece, at), at + piece.byteLength), 0);
    return whole;
  }

  /** What `act` gives; its errors are of the kind `io`, unless they have one or the call was aborted. */
  async #io(what, act) {
    try {
      return await act();
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (error instanceof CutoutError) throw error;
      throw new CutoutError("io", `${what} could not be read: ${error.cause?.message ?? error.message}`, { cause: error });
    }
  }
}

/** A stream's pieces; not every browser iterates over one. */
async function* pieces(stream) {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** Red, green, blue and alpha of "#rgb", "#rgba", "#rrggbb" or "#rrggbbaa". */
function colour(text) {
  const digits = text.slice(1);
  const pairs = digits.length < 6 ? [...digits].map((d) => d + d) : digits.match(/../g);
  const [r, g, b, a = 255] = pairs.map((pair) => parseInt(pair, 16));
  return [r, g, b, a];
}

function named(value) {
  return value === null || typeof value !== "object" ? String(value) : (value.constructor?.name ?? "an object");
}
