// What the model says of itself: how often it was right, and what it learned from.

import { byId, element, svg } from "./dom.js";
import { listed, megabytes } from "./words.js";

/** @import {Interval, Limits, ModelFacts} from "./types.js" */

const COLUMNS = ["Corpus", "Clips", "Speakers", "Licence"];

/** @param {ModelFacts} model @param {Limits} limits */
export function showFacts(model, limits) {
  const minutes = Math.round(limits.seconds / 60);
  byId("expected").append(...expected(model));
  byId("training").replaceChildren(training(model));
  byId("model").textContent =
    `${model.name} hears ${listed(model.labels, "and")}, ` +
    `in windows of ${model.window_seconds} s. ` +
    `This server takes files up to ${megabytes(limits.body_bytes)} and ${minutes} minutes.`;
}

/** @param {ModelFacts} model */
function expected({ expected: { uar, protocol, stamp }, labels, coverage }) {
  const chance = 1 / labels.length;
  const [found, guessed] = [uar.value, chance].map(rate => Math.round(100 * rate));
  const words = [
    element(
      "p",
      {},
      `Of 100 clips of each emotion it finds ${found} on average; a guess finds ${guessed}.`,
    ),
    scale(uar, chance),
    element(
      "p",
      { class: "muted" },
      `UAR ${rate(uar.value)} %${span(uar)}, protocol ${protocol}, stamped ${stamp}. ` +
        "New rooms, microphones and languages are harder.",
    ),
  ];
  if (coverage === null) return words;
  const held = Math.round(100 * coverage);
  return [
    ...words,
    element(
      "p",
      {},
      "Where several emotions are likely enough it says unsure, and names them: " +
        `in ${held} of 100 clips the right one is among those that it names.`,
    ),
  ];
}

/**
 * The rate and its interval on a line from 0 to 100.
 * @param {Interval} uar
 * @param {number} chance
 */
function scale({ value, low, high }, chance) {
  const at = (/** @type {number} */ share) => 4 + 232 * share;
  const band = low === null || high === null ? "" : `M${at(low)} 28H${at(high)}`;
  const text = (/** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ words) =>
    svg("text", { x, y, "text-anchor": "middle" }, words);
  return svg(
    "svg",
    { class: "scale", viewBox: "0 0 244 52", "aria-hidden": "true" },
    svg("path", { d: "M4 28H236" }),
    svg("path", { class: "chance", d: `M${at(chance)} 20v16` }),
    svg("path", { class: "band", d: band }),
    svg("circle", { cx: at(value), cy: 28, r: 5 }),
    svg("g", { class: "rate" }, text(at(value), 14, `${rate(value)} %`)),
    text(at(chance), 48, "guess"),
    text(222, 48, "100 %"),
  );
}

/** @param {Interval} interval */
const span = ({ low, high }) =>
  low === null || high === null ? "" : ` (${rate(low)} to ${rate(high)})`;

/** @param {number} share */
const rate = share => (100 * share).toFixed(1);

/** @param {ModelFacts} model */
function training({ training }) {
  const heads = COLUMNS.map(title => element("th", { scope: "col" }, title));
  const rows = training.map(({ title, clips, speakers, licence }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, title),
      element("td", {}, clips.toLocaleString("en")),
      element("td", {}, speakers ? String(speakers) : "not known"),
      element("td", {}, licence ?? "not stated"),
    ),
  );
  return element(
    "details",
    {},
    element("summary", {}, "What it learned from"),
    element(
      "div",
      { class: "scroll", role: "region", tabindex: 0, "aria-label": "Training corpora" },
      element(
        "table",
        {},
        element("caption", {}, "Acted speech, under its own licences"),
        element("thead", {}, element("tr", {}, ...heads)),
        element("tbody", {}, ...rows),
      ),
    ),
  );
}
