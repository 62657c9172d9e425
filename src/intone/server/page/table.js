// The segments as a table: the whole timeline for those who do not see it, or want it in figures.

import { element } from "./dom.js";
import { ranked } from "./parts.js";
import { clock, counted, percent, said } from "./words.js";

/** @import {Part} from "./types.js" */

const HEAD = ["", "Start", "End", "Heard", "Share", "Next"];

export class SegmentTable {
  /** @param {Part[]} segments @param {(place: number) => void} onPlay */
  constructor(segments, onPlay) {
    this.rows = segments.map((segment, place) => row(segment, () => onPlay(place)));
    this.element = element(
      "div",
      { class: "scroll", role: "region", tabindex: 0, "aria-label": "Segments" },
      element(
        "table",
        {},
        element("caption", {}, `${counted(segments.length, "segment")}, smoothed and merged`),
        element("thead", {}, element("tr", {}, ...HEAD.map(head))),
        element("tbody", {}, ...this.rows),
      ),
    );
  }

  /** @param {number} playing  the segment that is heard by itself, or -1 */
  mark(playing) {
    this.rows.forEach((row, place) => {
      row.classList.toggle("playing", place === playing);
      row.ariaCurrent = place === playing ? "true" : null;
    });
  }
}

/** @param {string} title */
const head = title =>
  title
    ? element("th", { scope: "col" }, title)
    : element("td", {}, element("span", { class: "unseen" }, "Play"));

/** @param {Part} segment @param {() => void} play */
function row(segment, play) {
  const { start, end, emotion } = segment;
  const [[, share], [next, nextShare]] = ranked(segment);
  const button = element("button", {
    type: "button",
    class: "play",
    "aria-label": `Play ${clock(start)} to ${clock(end)}`,
    onclick: play,
  });
  return element(
    "tr",
    { "data-emotion": emotion },
    element("td", {}, button),
    element("td", {}, clock(start)),
    element("td", {}, clock(end)),
    element("th", { scope: "row" }, element("i", { class: "dot" }), said(segment)),
    element("td", {}, shareBar(share), percent(share)),
    element("td", { class: "muted" }, `${next} ${percent(nextShare)}`),
  );
}

/** @param {number} share */
function shareBar(share) {
  const bar = element("i");
  bar.style.transform = `scaleX(${share.toFixed(3)})`;
  return element("span", { class: "bar", "aria-hidden": "true" }, bar);
}
