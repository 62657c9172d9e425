// Stretches of sound as pieces of a strip, with as much text as each has room for.

import { element } from "./dom.js";
import { clock, heard, percent, said } from "./words.js";

/** @import {Part} from "./types.js" */

const LETTER = 7.2; // pixels, about
const MARGIN = 6; // pixels

/** @typedef {{piece: HTMLElement, start: number, end: number, texts: string[]}} Piece */

/**
 * Make a segment that can be clicked.
 * @param {Part} segment
 * @param {() => void} act
 * @returns {Piece}
 */
export function segmentPiece(segment, act) {
  const share = percent(segment.probabilities[segment.emotion]);
  const when = `${clock(segment.start)} to ${clock(segment.end)}`;
  const label = `${said(segment)}, ${share}, ${when}`;
  const piece = element("button", { type: "button", "aria-label": label, onclick: act });
  return coloured(piece, segment);
}

/** @param {Part} part @returns {Piece} one that is only looked at */
export const heardPiece = part => coloured(element("div"), part);

/** @param {number} start @param {number} end @returns {Piece} where nobody speaks */
export function quietPiece(start, end) {
  return { piece: element("div", { class: "quiet" }), start, end, texts: ["no speech"] };
}

/**
 * Set pieces where they belong.
 * @param {Piece[]} pieces
 * @param {number} seconds  that the strip stands for
 * @param {number} width  of the strip in pixels
 */
export function setPieces(pieces, seconds, width) {
  for (const { piece, start, end, texts } of pieces) {
    const room = ((end - start) / seconds) * width - MARGIN;
    const text = texts.find(each => each.length * LETTER <= room) ?? "";
    piece.style.left = `${(100 * start) / seconds}%`;
    piece.style.width = `${(100 * (end - start)) / seconds}%`;
    piece.classList.toggle("tiny", room < 0);
    piece.replaceChildren(...(text ? [element("span", {}, text)] : []));
  }
}

/** @param {HTMLElement} piece @param {Part} part @returns {Piece} */
function coloured(piece, part) {
  const { start, end, emotion, unsure, candidates } = part;
  const [first, second] = unsure ? candidates : [emotion];
  piece.className = unsure ? "segment unsure" : "segment";
  piece.dataset.emotion = first;
  if (second) piece.style.setProperty("--second", `var(--${CSS.escape(second)}, var(--own-word))`);
  return { piece, start, end, texts: unsure ? [heard(part), "unsure", "?"] : [emotion] };
}
