// Stretches of sound with their answers: windows, segments and utterances, taken together or apart.

/** @import {Part} from "./types.js" */

/** @param {Part[]} parts @returns {number} seconds */
export const duration = parts => parts.reduce((sum, { start, end }) => sum + end - start, 0);

/** @param {Part} part @returns {[string, number][]} labels and shares, the largest first */
export const ranked = ({ probabilities }) =>
  Object.entries(probabilities).sort((a, b) => b[1] - a[1]);

/**
 * How many parts sound like what; the longest first.
 * @param {Part[]} parts
 */
export function tally(parts) {
  const groups = Object.entries(Object.groupBy(parts, ({ emotion }) => emotion));
  return groups
    .map(([emotion, own = []]) => ({ emotion, count: own.length, seconds: duration(own) }))
    .sort((a, b) => b.seconds - a.seconds);
}

/**
 * Windows that overlap, together: those of an utterance.
 * @param {Part[]} windows
 * @returns {Part[][]}
 */
export function strands(windows) {
  /** @type {Part[][]} */
  const found = [];
  for (const window of windows) {
    const last = found.at(-1);
    if (last && window.start < last[last.length - 1].end) last.push(window);
    else found.push([window]);
  }
  return found;
}

/** @param {Part[]} windows @returns {Part[]} each for the time that is nearest to its centre */
export function cells(windows) {
  return strands(windows).flatMap(strand =>
    strand.map((window, place) => ({
      ...window,
      start: place ? middle(strand[place - 1], window) : window.start,
      end: place < strand.length - 1 ? middle(window, strand[place + 1]) : window.end,
    })),
  );
}

/** @param {Part} a @param {Part} b @returns {number} half way between the centres of two windows */
const middle = (a, b) => (a.start + a.end + b.start + b.end) / 4;

/**
 * Parts that are too short to be seen apart, averaged in stretches of equal length.
 * @param {Part[]} parts
 * @param {number} step  seconds
 * @returns {Part[]} what was heard longest in each stretch, and its mean probabilities
 */
export function averaged(parts, step) {
  const groups = Object.groupBy(parts, ({ start, end }) => Math.floor((start + end) / 2 / step));
  return Object.entries(groups).map(([place, own = []]) => ({
    start: Number(place) * step,
    end: (Number(place) + 1) * step,
    emotion: tally(own)[0].emotion,
    probabilities: mean(own),
    candidates: [],
    unsure: null,
  }));
}

/** @param {Part[]} parts @returns {Record<string, number>} each weighs as much as it is long */
function mean(parts) {
  const total = duration(parts);
  const share = (/** @type {string} */ label) =>
    parts.reduce((sum, part) => sum + duration([part]) * part.probabilities[label], 0) / total;
  return Object.fromEntries(Object.keys(parts[0].probabilities).map(each => [each, share(each)]));
}

/** @param {Part[]} strand @param {Part[]} segments @returns {Part[]} what of them lies in it */
export function within(strand, segments) {
  const [first, last] = [strand[0].start, strand[strand.length - 1].end];
  return segments
    .filter(({ start, end }) => start < last && end > first)
    .map(part => ({ ...part, start: Math.max(part.start, first), end: Math.min(part.end, last) }));
}
