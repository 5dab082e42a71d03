// Choosing images: by file, drop, paste, or the example.

import { $, say } from "./dom.js";

/** The files of a drop or a paste; `instead` is said where there are none. */
function take(transfer, taken, instead) {
  const files = [...(transfer?.files ?? [])];
  if (files.length > 0) taken(files);
  else say(instead);
}

async function example(taken) {
  try {
    const response = await fetch("example.jpg");
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    taken([new File([await response.blob()], "example.jpg", { type: "image/jpeg" })]);
  } catch {
    say("The example could not be loaded. Choose an image of your own.");
  }
}

/** Calls `taken(files)` for all that is chosen. */
export function wireChoices(taken) {
  $("file").addEventListener("change", () => {
    const files = [...$("file").files];
    $("file").value = ""; // so that the same file can be chosen again
    if (files.length > 0) taken(files);
  });
  $("add").addEventListener("click", () => $("file").click());
  $("example").addEventListener("click", () => example(taken));
  $("drop").addEventListener("click", (event) => {
    if (!event.target.closest("label, input, button")) $("file").click();
  });
  document.addEventListener("paste", (event) => {
    if (event.target.type === "password") return;
    take(event.clipboardData, taken, "There is no image in the clipboard.");
  });
  // On the whole page, or an image dropped beside the field would replace the page.
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    take(event.dataTransfer, taken, "That was not a file. Save the image first, then drop it.");
  });
}
