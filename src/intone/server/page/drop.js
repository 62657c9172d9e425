// Files dropped anywhere on the page.

import { byId } from "./dom.js";

/** @param {(files: File[]) => void} onFiles */
export function acceptDrops(onFiles) {
  const overlay = byId("overlay");
  const carries = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", event => {
    if (!carries(event)) return;
    event.preventDefault();
    overlay.classList.add("over");
  });
  addEventListener("dragleave", event => {
    if (!event.relatedTarget) overlay.classList.remove("over");
  });
  addEventListener("drop", event => {
    if (!carries(event)) return;
    event.preventDefault();
    overlay.classList.remove("over");
    onFiles([...(event.dataTransfer?.files ?? [])]);
  });
}
