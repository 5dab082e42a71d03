// Saving results.

import { element, say } from "./dom.js";
import { render } from "./render.js";
import { unique, zip } from "./zip.js";

/** The names of the results by image, after their files; no two are the same. */
export function names(items, { output, format }) {
  const suffix = output === "mask" ? "mask" : "cutout";
  const extension = format === "jpeg" ? "jpg" : format;
  const safe = (name) => name.replace(/\.[^.]*$/, "").replace(/[\\/:*?"<>|\u0000-\u001f]/g, "_") || "image";
  const free = unique(items.map(({ name }) => `${safe(name)}-${suffix}.${extension}`));
  return new Map(items.map((item, i) => [item, free[i]]));
}

export function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  // The download has its own hold on the bytes soon after the click, but not yet when it returns.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  say(`Saved as ${name}.`);
}

/** Saves the results of all images that are done as a ZIP file. */
export async function saveAll(work, items, options, signal) {
  const done = items.filter(({ state }) => state === "done");
  const called = names(items, options);
  const files = [];
  const failed = [];
  for (const [i, item] of done.entries()) {
    signal.throwIfAborted();
    say(`Preparing ${i + 1} of ${done.length} …`);
    try {
      files.push({ name: called.get(item), blob: (await render(work, item, options, signal)).blob });
    } catch (error) {
      signal.throwIfAborted();
      failed.push(`${item.name} (${work.failure(error).text})`);
    }
  }
  const file = files.length > 0 ? await zip(files) : null;
  signal.throwIfAborted();
  if (file) save(file, "cutouts.zip");
  if (failed.length > 0) say(`${file ? "Not in the ZIP file" : "No ZIP file"}: ${failed.join(", ")}`);
}
