// Sound and answers as shapes: pure functions from seconds and shares to pixels.

/** @import {Envelope, Part} from "./types.js" */

/** @typedef {{from: number, to: number, width: number, height: number}} Frame  seconds, pixels */
/** @typedef {{at: number, share: number}} Point  seconds, 0 to 1 */

export const BAR = 4; // pixels from one bar of the sound to the next
const FAINT = 0.05; // where nothing is louder, the sound is drawn small
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800]; // seconds
const LONGEST = 3600; // seconds
const APART = 72; // pixels between ticks, at least
const NEARLY = 1e-9; // what rounding may cost

/**
 * The sound as bars, as high as the mean of what they stand for; full scale is the loudest of all.
 * @param {Envelope} envelope
 * @param {Frame} frame
 * @returns {{place: number, x: number, at: number, reach: number}[]}  `place` counts from the
 *   beginning of the sound, `reach` is in pixels from the middle
 */
export function bars({ rate, values }, { from, to, width, height }) {
  const loudest = Math.max(largest(values), FAINT);
  const wide = ((to - from) * BAR) / width; // seconds a bar
  const first = Math.floor(from / wide); // bars stand still while one scrolls
  return Array.from({ length: Math.ceil(width / BAR) + 1 }, (_, count) => {
    const place = first + count;
    const start = place * wide;
    const level = levelBetween(values, start * rate, (start + wide) * rate);
    const at = start + wide / 2;
    const x = ((at - from) / (to - from)) * width;
    return { place, x, at, reach: (level / loudest) * (height / 2) };
  });
}

/**
 * What windows say of one label over time, unbroken while they overlap: one curve an utterance.
 * @param {Part[]} strand  windows that overlap
 * @param {string} label
 * @returns {Point[]}
 */
export function curve(strand, label) {
  const points = strand.map(({ start, end, probabilities }) => ({
    at: (start + end) / 2,
    share: probabilities[label],
  }));
  const [first, last] = [points[0], points[points.length - 1]];
  return [
    { at: strand[0].start, share: first.share },
    ...points,
    { at: strand[strand.length - 1].end, share: last.share },
  ];
}

/** @param {Point[]} points @param {number} at @returns {number} what a curve says at a time */
export function shareAt(points, at) {
  const next = points.findIndex(point => point.at >= at);
  if (next === 0) return points[0].share;
  if (next < 0) return points[points.length - 1].share;
  const [a, b] = [points[next - 1], points[next]];
  return a.share + ((b.share - a.share) * (at - a.at)) / (b.at - a.at);
}

/** @param {Point[]} points @param {number} start @param {number} end @returns {Point[]} a piece */
export function between(points, start, end) {
  return [
    { at: start, share: shareAt(points, start) },
    ...points.filter(({ at }) => at > start && at < end),
    { at: end, share: shareAt(points, end) },
  ];
}

/** @param {Point[]} points @param {Frame} frame @returns {string} a curve as a line */
export function line(points, frame) {
  const places = points.map(({ at, share }) => `${x(at, frame)} ${px(frame.height * (1 - share))}`);
  return `M${places.join("L")}`;
}

/** @param {Point[]} points @param {Frame} frame @returns {string} the area under a curve */
export function area(points, frame) {
  return `${line(points, frame)}V${frame.height}H${x(points[0].at, frame)}Z`;
}

/**
 * Where the axis says when.
 * @param {Frame} frame
 * @returns {{at: number, x: number, step: number}[]}
 */
export function ticks(frame) {
  const { from, to, width } = frame;
  const step = STEPS.find(each => (each / (to - from)) * width >= APART) ?? LONGEST;
  const first = Math.ceil(from / step - NEARLY);
  const count = Math.max(0, Math.floor(to / step + NEARLY) - first + 1);
  return Array.from({ length: count }, (_, place) => {
    const at = (first + place) * step;
    return { at, x: x(at, frame), step };
  });
}

/** @param {number} at @param {Frame} frame @returns {number} pixels */
const x = (at, { from, to, width }) => px(((at - from) / (to - from)) * width);

/** @param {number} length */
const px = length => Math.round(10 * length) / 10;

/** @param {ArrayLike<number>} values */
function largest(values) {
  let most = 0;
  for (let at = 0; at < values.length; at++) most = Math.max(most, values[at]);
  return most;
}

/**
 * The mean of the values between two places; where there is none, what lies between its neighbours.
 * @param {ArrayLike<number>} values
 * @param {number} start
 * @param {number} end
 */
function levelBetween(values, start, end) {
  const [first, last] = [Math.max(0, Math.ceil(start)), Math.min(values.length, Math.ceil(end))];
  if (last - first < 2) {
    const place = Math.max(0, (start + end) / 2 - 0.5);
    const [a, b] = [values[Math.floor(place)] ?? 0, values[Math.floor(place) + 1] ?? 0];
    return a + (b - a) * (place % 1);
  }
  let sum = 0;
  for (let at = first; at < last; at++) sum += values[at];
  return sum / (last - first);
}
