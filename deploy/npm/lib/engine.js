// One worker with one instance of the component. It takes one image after another, in the order in which they come.

import { CutoutError } from "./error.js";

const unloaded = (text, cause) => new CutoutError("engine", text, { cause });
const trap = (text, cause) => new CutoutError("trap", `the work stopped, most likely because there was not enough memory: ${text}`, { cause });

export class Engine {
  #platform; // load(got): the compiled core modules by name; hire(hear, lose): a worker { post, terminate, hold }
  #loading = null; // { modules, listeners }
  #worker = null;
  #ready = false; // whether the worker has had an instance
  #job = null; // the one under way
  #waiting = [];

  constructor(platform) {
    this.#platform = platform;
  }

  /**
   * The compiled modules, loaded at most once; `progress(key, bytes, total)` is told of every piece. The signal and an error of
   * `progress` end this call, and not the loading that others wait for.
   */
  load(progress, signal) {
    const { modules, listeners } = (this.#loading ??= this.#load());
    return new Promise((resolve, reject) => {
      const leave = () => {
        listeners.delete(listener);
        signal?.removeEventListener("abort", abort);
      };
      const fail = (error) => {
        leave();
        reject(error);
      };
      const listener = (...news) => {
        try {
          progress?.(...news);
        } catch (error) {
          fail(error);
        }
      };
      const abort = () => fail(signal.reason);
      listeners.add(listener);
      signal?.addEventListener("abort", abort);
      modules.finally(leave).then(resolve, reject);
    });
  }

  #load() {
    const listeners = new Set();
    const got = (...news) => listeners.forEach((listener) => listener(...news));
    const modules = this.#platform.load(got).catch((error) => {
      this.#loading = null; // the next call tries again
      throw unloaded(`Cutout's own files could not be loaded: ${error.message}`, error);
    });
    return { modules, listeners };
  }

  /**
   * The encoded result of `work`: { image, options }, or with `mask` and `marks` a correction. Its images are Uint8Arrays that are given
   * away; `progress(ended)` is told of every stage.
   */
  run(work, { progress, loaded, signal }) {
    return new Promise((resolve, reject) => {
      const job = { work, progress, loaded, signal, resolve, reject, sent: false };
      job.abort = () => this.#abort(job);
      signal?.addEventListener("abort", job.abort);
      this.#waiting.push(job);
      this.#next();
    });
  }

  async #next() {
    if (this.#job || this.#waiting.length === 0) return;
    const job = (this.#job = this.#waiting.shift());
    try {
      const modules = await this.load(job.loaded, job.signal);
      if (this.#job !== job) return; // aborted meanwhile
      this.#worker ??= this.#hire(modules);
      this.#worker.hold(true);
      const { image, mask, marks = [] } = job.work;
      const files = [image, mask, ...marks.map(({ area }) => area.val)].filter((file) => ArrayBuffer.isView(file));
      this.#worker.post(job.work, files.map((file) => file.buffer));
      job.sent = true;
      this.#tell(job, 0);
    } catch (error) {
      this.#end(job, () => job.reject(error));
    }
  }

  #hire(modules) {
    const ended = (error) => (this.#ready ? trap(error.message, error) : unloaded(`the worker ended: ${error.message}`, error));
    const ours = (act) => (news) => worker === this.#worker && act(news);
    let worker = null;
    this.#ready = false;
    try {
      worker = this.#platform.hire(ours((message) => this.#hear(message)), ours((error) => this.#lose(ended(error))));
      worker.post({ modules });
    } catch (error) {
      throw ended(error); // a page's policy, for one
    }
    return worker;
  }

  #hear({ ready, ended, output, refused, failed, broken }) {
    const job = this.#job;
    if (ready) this.#ready = true;
    if (ended) this.#tell(job, ended);
    if (output) this.#end(job, () => job.resolve(output));
    if (refused) this.#end(job, () => job.reject(new CutoutError(refused.kind, refused.text)));
    if (failed) this.#lose(unloaded(`the worker could not begin: ${failed}`));
    if (broken) this.#lose(trap(broken));
  }

  /** Tells the caller how many stages have ended; an error of theirs ends the call, unless they have aborted it before. */
  #tell(job, ended) {
    try {
      job.progress?.(ended);
    } catch (error) {
      if (this.#job === job) this.#lose(error); // and not the next one, which an abort has let in
    }
  }

  /** A worker whose guest broke off is not asked again: the next image gets another. */
  #lose(error) {
    this.#dismiss();
    const job = this.#job;
    if (job) this.#end(job, () => job.reject(error));
  }

  /** Nothing but its end stops a worker that is inside a call. */
  #dismiss() {
    this.#worker?.terminate();
    this.#worker = null;
  }

  #abort(job) {
    const { reason } = job.signal;
    if (this.#job !== job) {
      this.#waiting.splice(this.#waiting.indexOf(job), 1);
      this.#end(job, () => job.reject(reason));
      return;
    }
    if (job.sent) this.#dismiss();
    this.#end(job, () => job.reject(reason));
  }

  #end(job, settle) {
    job.signal?.removeEventListener("abort", job.abort);
    if (this.#job === job) {
      this.#job = null;
      this.#worker?.hold(false);
    }
    settle();
    this.#next();
  }
}
