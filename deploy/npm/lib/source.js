// Images as callers have them, and their bytes.

import { CutoutError } from "./error.js";
import { tiff } from "./pixels.js";

const MOST_BYTES = 64 << 20; // as in `cutout run`
const LIMITS = { maxBytes: BigInt(MOST_BYTES), maxSide: 32_768, maxPixels: 50_000_000n };
const COLOUR = /^#(?:[\da-f]{3,4}|[\da-f]{6}|[\da-f]{8})$/i;

const tooLarge = (size) => new CutoutError("too-many-bytes", `the image has ${size} bytes, more than the ${MOST_BYTES} allowed`);
const isPixels = (image) => image?.data instanceof Uint8ClampedArray && Number.isInteger(image.width) && Number.isInteger(image.height);

/** Reads images for one call. */
export class Source {
  #platform;
  #fetchArgs;
  #signal;

  constructor(platform, { fetchArgs, signal }) {
    this.#platform = platform;
    this.#fetchArgs = fetchArgs;
    this.#signal = signal;
  }

  /** The bytes of an image, in a buffer that can be given away, and the limits that hold for it. */
  async image(image) {
    if (isPixels(image)) {
      if (image.data.length !== image.width * image.height * 4) {
        throw new CutoutError("usage", `an image of ${image.width} × ${image.height} pixels has ${image.width * image.height * 4} values, not ${image.data.length}`);
      }
      const bytes = tiff(image);
      // The pixels are counted, and the bytes are our own.
      return { bytes, limits: { ...LIMITS, maxBytes: BigInt(bytes.length) } };
    }
    return { bytes: await this.#bytes(image), limits: LIMITS };
  }

  /** The component's background: a colour "#81d4fa", or an image in any form. */
  async background(background) {
    if (background === undefined) return { tag: "transparent" };
    if (typeof background === "string" && COLOUR.test(background)) return { tag: "colour", val: colour(background) };
    return { tag: "picture", val: (await this.image(background)).bytes };
  }

  async #bytes(image) {
    if (typeof image === "string") return this.#at(this.#address(image));
    if (image instanceof URL) return this.#at(image);
    if (image instanceof Blob) {
      if (image.size > MOST_BYTES) throw tooLarge(image.size);
      return new Uint8Array(await this.#io("the image", () => image.arrayBuffer()));
    }
    const view = ArrayBuffer.isView(image) ? new Uint8Array(image.buffer, image.byteOffset, image.byteLength) : image;
    if (!(view instanceof Uint8Array || view instanceof ArrayBuffer)) {
      throw new CutoutError("usage", `an image is an ImageData, ArrayBuffer, Uint8Array, Buffer, Blob, URL or string, not ${named(image)}`);
    }
    if (view.byteLength > MOST_BYTES) throw tooLarge(view.byteLength);
    return new Uint8Array(view).slice(); // the caller keeps its own
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
    if (url.protocol === "file:" && open) return this.#collect(url, async () => open(url));
    return this.#collect(url, async () => {
      const response = await fetch(url, { ...this.#fetchArgs, signal: this.#signal });
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
