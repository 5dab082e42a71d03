/** An image in any form. A string is a URL; in Node, one without a scheme is the path of a file. */
export type ImageSource = ImagePixels | ArrayBuffer | ArrayBufferView | Blob | URL | string;

/** Pixels as an `ImageData` has them: red, green, blue and straight alpha, in sRGB. */
export interface ImagePixels {
  /** `width × height × 4` values, row by row. */
  readonly data: Uint8ClampedArray;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
}

/** What to make of an image. */
export interface Config {
  /** The result's file. */
  output?: {
    /** Default: `image/png`. JPEG has white behind what is transparent. */
    format?: "image/png" | "image/webp" | "image/jpeg";
    /** Quality of JPEG (default: .9) and WebP (default: lossless), 0 to 1. PNG is always lossless. */
    quality?: number;
    /** Of `removeBackground` and `refineForeground`: what is left of the image. Default: `foreground`. */
    type?: "foreground" | "background" | "mask";
  };
  /**
   * Told how far the call is: `fetch:cutout.core.wasm` with bytes while the package's own file is loaded, `compute:STAGE` with the
   * number of stages that have ended, of 6. An error that it throws ends the call.
   */
  progress?: (key: string, current: number, total: number) => void;
  /** Ends the call, wherever it is; it then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** How edges are made; `best` takes up to three times as long. Default: `good`. */
  quality?: "fast" | "good" | "best";
  /** What is put behind the foreground: a colour such as `#81d4fa`, or an image. Default: nothing. */
  background?: ImageSource;
  /**
   * The result ends at the foreground, with margins around it: one, two or four lengths as in CSS, each up to 500 pixels or 50 % of the
   * foreground. `true` is no margin. Default: the whole image.
   */
  crop?: boolean | number | string;
  /** Longer side of the result in pixels; larger images are scaled down. Default: as it is. */
  maxSide?: number;
  /** The second argument of `fetch` where the image is given by its URL. */
  fetchArgs?: RequestInit;

  /** @deprecated No meaning here: the package has its files with it. */
  publicPath?: string;
  /** @deprecated No meaning here: there is one model, inside. */
  model?: string;
  /** @deprecated No meaning here: it runs on the processor. */
  device?: string;
  /** @deprecated No meaning here: it always runs in a worker. */
  proxyToWorker?: boolean;
  /** @deprecated No meaning here: nothing is logged. */
  debug?: boolean;
  /** @deprecated No meaning here: a result has the image's size. `false` is refused. */
  rescale?: boolean;
}

/** A part of an image in pixels, the image being upright. It lies within the image and is not empty. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * A mark by hand: a rectangle, or an image that is painted there, stretched over the image: painted is where its alpha, or else its grey
 * value, is 128 or more.
 */
export type Mark = Rectangle | ImageSource;

/** What to correct, and what to make of it. */
export interface RefineConfig extends Config {
  /** What becomes foreground. The border of a mark follows the image's edges nearby. */
  keep?: Mark | readonly Mark[];
  /** What becomes background; it wins where both overlap. */
  erase?: Mark | readonly Mark[];
}

/**
 * The kind of a failure: `unsupported-format`, `undecodable`, `too-many-bytes`, `too-many-pixels`, `correction`, `encode` and `model` as in
 * `cutout run`; `usage` for an argument that cannot be, `io` for an image that could not be read, `engine` where the package's files or
 * its worker could not be loaded, `trap` where the work stopped, most likely because there was not enough memory.
 */
export type ErrorKind =
  | "unsupported-format"
  | "undecodable"
  | "too-many-bytes"
  | "too-many-pixels"
  | "correction"
  | "model"
  | "encode"
  | "usage"
  | "io"
  | "engine"
  | "trap";

/** A failure. Its kind is stable, for programs; its message is for people. */
export class CutoutError extends Error {
  constructor(kind: ErrorKind, message: string, options?: { cause?: unknown });
  /** What failed. */
  readonly kind: ErrorKind;
}

/**
 * The image without its background. Images are taken one at a time, in the order in which they are read.
 * @throws {CutoutError} where it cannot be made.
 */
export function removeBackground(image: ImageSource, config?: Config): Promise<Blob>;

/**
 * The image without its foreground, as PNG. It takes more than twice as long as `removeBackground`, and longer with large images.
 * @throws {CutoutError} where it cannot be made.
 */
export function removeForeground(image: ImageSource, config?: Config): Promise<Blob>;

/**
 * The mask alone, in grey: 255 is foreground.
 * @throws {CutoutError} where it cannot be made.
 */
export function segmentForeground(image: ImageSource, config?: Config): Promise<Blob>;

/**
 * The image without its background by a mask that is there already, as `segmentForeground` or a cut-out gives it, corrected by marks. No
 * network runs; `output.type` is `foreground` or `mask`.
 * @throws {CutoutError} where it cannot be made.
 */
export function refineForeground(image: ImageSource, mask: ImageSource, config?: RefineConfig): Promise<Blob>;

/**
 * Loads the package's own file ahead of the first image. A signal ends the wait, not the loading that other calls share.
 * @throws {CutoutError} of the kind `engine`.
 */
export function preload(config?: Pick<Config, "progress" | "signal">): Promise<void>;

export default removeBackground;
