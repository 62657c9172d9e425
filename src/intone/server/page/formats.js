// A result as files, to the letter as `intone predict --timeline` writes CSV and WebVTT.

import { heard } from "./words.js";

/** @import {Timeline} from "./types.js" */

/** @param {Timeline} timeline */
export const json = timeline => `${JSON.stringify(timeline, null, 1)}\n`;

/** @param {Timeline} timeline @param {string[]} labels */
export function csv(timeline, labels) {
  const rows = timeline.segments.map(segment => [
    timeline.source,
    timeline.channel ?? "",
    segment.start.toFixed(3),
    segment.end.toFixed(3),
    segment.emotion,
    segment.candidates.join("; "),
    segment.unsure === null ? "" : segment.unsure ? "True" : "False",
    ...labels.map(label => segment.probabilities[label].toFixed(6)),
  ]);
  const head = ["source", "channel", "start", "end", "emotion", "candidates", "unsure", ...labels];
  return [head, ...rows].map(row => `${row.map(cell).join(",")}\n`).join("");
}

/** @param {Timeline} timeline */
export function webvtt(timeline) {
  const voice = timeline.channel ? `<v channel ${timeline.channel}>` : "";
  const cues = timeline.segments.map(segment => {
    const share = Math.round(100 * segment.probabilities[segment.emotion]);
    const said = escaped(`${heard(segment)} ${share} %`);
    return `${stamp(segment.start)} --> ${stamp(segment.end)}\n${voice}${said}`;
  });
  const note = `NOTE\n${escaped(`${timeline.source}: ${manner(timeline)}`)}`;
  return `${["WEBVTT", note, ...cues].join("\n\n")}\n`;
}

/** @param {Timeline} timeline @returns {string} how it was made */
export function manner({ model, hop, smoothing }) {
  const how = {
    whole: `smoothed with what comes before and after, over ${smoothing.seconds} s`,
    causal: `smoothed with what came before, over ${smoothing.seconds} s`,
    none: "not smoothed",
  }[smoothing.kind];
  return `${model}, every ${Number(hop.toPrecision(6))} s, ${how}`;
}

/** @param {string | number} value */
function cell(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {string} text */
const escaped = text =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** @param {number} seconds @returns {string} as 01:02:03.456 */
function stamp(seconds) {
  const thousandths = Math.round(seconds * 1000);
  const two = (/** @type {number} */ number) => String(Math.floor(number)).padStart(2, "0");
  const rest = String(thousandths % 1000).padStart(3, "0");
  const [hours, minutes] = [thousandths / 3_600_000, (thousandths / 60_000) % 60];
  return `${two(hours)}:${two(minutes)}:${two((thousandths / 1000) % 60)}.${rest}`;
}
