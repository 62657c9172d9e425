// Answers and figures in plain words.

import { duration, ranked, tally } from "./parts.js";

/** @import {Part, Timeline} from "./types.js" */

/** @param {number} seconds @returns {string} as 1:02:03.4, or 2:03.4 */
export function clock(seconds) {
  const tenths = Math.round(seconds * 10);
  const [hours, minutes] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60];
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** @param {number} seconds @returns {string} as 2:03, for what counts on its own */
export const wholeClock = seconds => clock(Math.floor(seconds)).slice(0, -2);

/** @param {number} share @returns {string} */
export const percent = share => `${Math.round(100 * share)}\u00a0%`;

/** @param {number} bytes @returns {string} */
export const megabytes = bytes => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

/** @param {number} count @param {string} thing @returns {string} */
export const counted = (count, thing) => `${count} ${thing}${count === 1 ? "" : "s"}`;

/** @param {string[]} words @param {string} last @returns {string} as "a, b or c" */
export function listed(words, last) {
  return words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

/** @param {Part} part @returns {string} what is said of it: "sad", or "unsure: sad or neutral" */
export function said(part) {
  return part.unsure ? `unsure: ${listed(part.candidates, "or")}` : part.emotion;
}

/** @param {Part} part @returns {string} the same where there is little room: "sad or neutral?" */
export function heard(part) {
  if (!part.unsure) return part.emotion;
  const [first, second, ...others] = part.candidates;
  return others.length ? `${first}, ${second}, …?` : `${first} or ${second}?`;
}

/**
 * The answer for a whole recording, from its utterances.
 * @param {Timeline} timeline
 * @returns {{headline: string, support: string, emotion: string | null}}
 */
export function overall(timeline) {
  const { utterances } = timeline;
  if (!utterances.length) {
    return {
      headline: "No speech found",
      support: "Only speech is judged, so there is no answer.",
      emotion: null,
    };
  }
  const speech = `Speech in ${lengths(duration(utterances), timeline.seconds)}.`;
  const answer = utterances.length === 1 ? one(utterances[0]) : several(utterances);
  return { ...answer, support: `${answer.support} ${speech}` };
}

/** @param {number} part @param {number} whole @returns {string} both in seconds, or as clocks */
const lengths = (part, whole) =>
  whole < 60
    ? `${part.toFixed(1)} of ${whole.toFixed(1)} s`
    : `${wholeClock(part)} of ${wholeClock(whole)}`;

/** @param {Part} part */
function one(part) {
  const [first, second] = ranked(part).map(([label, share]) => `${label} ${percent(share)}`);
  return {
    headline: capital(said(part)),
    support: `One utterance: ${first}, then ${second}.`,
    emotion: part.emotion,
  };
}

/** @param {Part[]} utterances */
function several(utterances) {
  const total = utterances.length;
  const unsure = utterances.filter(part => part.unsure);
  const sure = byCount(utterances.filter(part => !part.unsure));
  if (2 * unsure.length > total) {
    const [{ emotion }] = byCount(unsure);
    const headline = sure.length ? "Mostly unsure" : "Unsure throughout";
    const leaning = `${ofAll(unsure.length, total)}, leaning to ${emotion}`;
    return { headline, support: sentence(leaning, sure, 0), emotion };
  }
  const [{ emotion, count }] = sure;
  const most = sure.filter(each => each.count === count).map(each => each.emotion);
  const first = most.length > 1 ? `${ofAll(count, total)} each` : ofAll(count, total);
  return {
    headline: summary(most, count, total),
    support: sentence(first, sure.slice(most.length), unsure.length),
    emotion,
  };
}

/** @param {Part[]} parts  how many sound like what, the most first, and of as many the longest */
const byCount = parts => tally(parts).sort((a, b) => b.count - a.count);

/** @param {string[]} most  heard as often @param {number} count @param {number} total */
function summary(most, count, total) {
  if (most.length > 1) return `Mixed: ${listed(most, "and")}`;
  if (count === total) return `${capital(most[0])} throughout`;
  return `${2 * count > total ? "Mostly" : "Most often"} ${most[0]}`;
}

/** @param {number} count @param {number} total */
const ofAll = (count, total) =>
  count === total ? `All ${total} utterances` : `${count} of ${total} utterances`;

/**
 * @param {string} first
 * @param {{emotion: string, count: number}[]} others
 * @param {number} unsure  how many are
 */
function sentence(first, others, unsure) {
  const rest = others.map(({ emotion, count }) => `${count} ${emotion}`);
  if (unsure) rest.push(`${unsure} unsure`);
  return `${first}${rest.length ? `; ${rest.join(", ")}` : ""}.`;
}

/** @param {string} text */
const capital = text => text.charAt(0).toUpperCase() + text.slice(1);
