// The images of the page, worked on one after another.

/** An image: `state` is "waiting", "working", "done" or "failed". */
function item(file) {
  return {
    file,
    name: file.name || "pasted image",
    state: "waiting",
    progress: null, // { words, share } while working; share is null where nobody knows how far it is
    began: 0,
    seconds: 0,
    failure: null, // { text, detail, retry }
    cutouts: new Map(), // by quality, { blob, … }: the whole cut-out as PNG
    strokes: [], // of the brush
    past: [], // strokes as they were before each change
    future: [], // and as they were before each undo
    isOpaque: null, // whether the file has no alpha of its own
    masks: new Map(), // by quality, where the cut-out's alpha is not the mask
    corrected: null, // { blob, strokes, quality, … }: the cut-out after these strokes
    result: null, // { blob, origin, strokes, quality, key, … }: with the options of this key
  };
}

export class Queue {
  items = [];
  #work; // remove(file, { quality, signal, progress }), failure(error)
  #quality; // what to ask for, when an image begins
  #changed; // (item) when its state or its progress has changed
  #job = null; // { item, controller }

  constructor(work, quality, changed) {
    this.#work = work;
    this.#quality = quality;
    this.#changed = changed;
  }

  add(files) {
    const added = files.map(item);
    this.items.push(...added);
    this.#next();
    return added;
  }

  /** Takes an image out, whatever it is doing. */
  remove(gone) {
    this.items = this.items.filter((other) => other !== gone);
    if (this.#job?.item === gone) this.#stop();
    this.#next();
  }

  clear() {
    this.items = [];
    this.#stop();
  }

  retry(again) {
    again.state = "waiting";
    this.#changed(again);
    this.#next();
  }

  count(state) {
    return this.items.filter((one) => one.state === state).length;
  }

  #stop() {
    const job = this.#job;
    this.#job = null;
    job?.controller.abort();
  }

  async #next() {
    const next = this.items.find((one) => one.state === "waiting");
    if (this.#job || !next) return;
    const job = { item: next, controller: new AbortController() };
    this.#job = job;
    const isCurrent = () => this.#job === job;
    Object.assign(next, { state: "working", began: performance.now(), progress: { words: "", share: null }, failure: null });
    this.#changed(next);
    const quality = this.#quality();
    const progress = (words, share) => {
      if (!isCurrent()) return;
      next.progress = { words, share };
      this.#changed(next);
    };
    try {
      const made = await this.#work.remove(next.file, { quality, signal: job.controller.signal, progress });
      if (!isCurrent()) return;
      next.cutouts.set(quality, made);
      next.seconds = (performance.now() - next.began) / 1e3;
      next.state = "done";
    } catch (error) {
      if (!isCurrent()) return;
      next.failure = this.#work.failure(error);
      next.state = "failed";
    }
    this.#job = null;
    this.#changed(next);
    this.#next();
  }
}
