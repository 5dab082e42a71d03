/** A failure with a stable kind, for programs. */
export class CutoutError extends Error {
  constructor(kind, message, options) {
    super(message, options);
    this.name = "CutoutError";
    this.kind = kind;
  }
}
