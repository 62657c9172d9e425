// What travels between the modules. The first three are the server's own.

/**
 * @typedef {object} Part  a stretch of sound and its answer: a window, a segment, an utterance
 * @property {number} start  seconds
 * @property {number} end  seconds
 * @property {string} emotion  the most probable label
 * @property {Record<string, number>} probabilities
 * @property {string[]} candidates  labels probable enough, none where the model claims nothing
 * @property {boolean | null} unsure  whether there are several; null where the model does not say
 */

/**
 * @typedef {object} Timeline
 * @property {string} source
 * @property {number} seconds
 * @property {string} model
 * @property {number} hop  seconds
 * @property {{kind: "whole" | "causal" | "none", seconds: number}} smoothing
 * @property {Part[]} segments
 * @property {Part[]} utterances
 * @property {Part[]} windows
 * @property {number | null} channel
 * @property {string[]} warnings
 * @property {number[]} peaks  the largest magnitude in each tenth of a second
 */

/** @typedef {{value: number, low: number | null, high: number | null}} Interval */

/**
 * @typedef {object} ModelFacts
 * @property {string} name
 * @property {boolean} default
 * @property {string[]} labels
 * @property {number} window_seconds
 * @property {number} hop_seconds
 * @property {{uar: Interval, protocol: string, stamp: string}} expected
 * @property {number | null} coverage
 * @property {{corpus: string, title: string, licence: string | null, clips: number,
 *   speakers: number}[]} training  no speakers where they are not known
 */

/** @typedef {{body_bytes: number, seconds: number, stream_seconds: number}} Limits */

/** @typedef {{rate: number, values: ArrayLike<number>}} Envelope  magnitudes, so many a second */

/** @typedef {Int16Array<ArrayBuffer>} Samples  mono */

/** @typedef {{name: string, blob: Blob, envelope?: Envelope}} Sound  what the page has in hand */

/** @typedef {{smoothing: string, hop: string, first: string}} Settings  empty: the server's own */

export {};
