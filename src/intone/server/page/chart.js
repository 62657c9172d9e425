// The drawing: the sound in the colours of what is heard, a lane an emotion, and the time.

import { element, svg } from "./dom.js";
import { averaged, strands, within } from "./parts.js";
import { area, BAR, bars, between, curve, line, ticks } from "./shapes.js";
import { clock, wholeClock } from "./words.js";

/** @import {Envelope, Part} from "./types.js" */

const MARGIN = 24; // pixels, above and below the sound
const HEAD = 6; // pixels, above a lane

/**
 * @typedef {object} Scene  what is drawn
 * @property {number} seconds
 * @property {Envelope} envelope
 * @property {Part[]} windows  the model's own answers: the curves
 * @property {Part[]} segments  what is answered: the colours
 */

export class Chart {
  /** @param {string[]} labels  a lane each, from above */
  constructor(labels) {
    this.labels = labels;
    this.wave = drawing("wave");
    this.lanes = drawing("lanes");
    this.lanes.style.setProperty("--count", String(labels.length));
    this.axis = drawing("axis");
    this.strip = element("div", { class: "strip" });
    this.parts = [this.wave, this.strip, this.lanes, this.axis];
  }

  /**
   * Draw what lies between two times.
   * @param {Scene} scene
   * @param {number} from  seconds
   * @param {number} to  seconds
   */
  draw(scene, from, to) {
    const width = this.wave.clientWidth;
    if (!width || to <= from) return;
    const frame = (/** @type {Element} */ part) => ({ from, to, width, height: part.clientHeight });
    const seen = (/** @type {Part} */ part) => part.end > from && part.start < to;
    let [segments, windows] = [scene.segments, scene.windows].map(parts => parts.filter(seen));
    if (segments.length > width / BAR) {
      const step = (BAR * (to - from)) / width;
      [segments, windows] = [segments, windows].map(parts => averaged(parts, step));
    }
    this.wave.replaceChildren(...drawnSound(scene, segments, frame(this.wave)));
    this.lanes.replaceChildren(...this.#drawnLanes(windows, segments, frame(this.lanes)));
    this.axis.replaceChildren(...drawnTimes(frame(this.axis)));
  }

  /**
   * @param {Part[]} windows @param {Part[]} segments
   * @param {import("./shapes.js").Frame} frame  of all lanes
   */
  #drawnLanes(windows, segments, { from, to, width, height }) {
    const lane = height / this.labels.length;
    const frame = { from, to, width, height: lane - HEAD };
    const spoken = strands(windows).map(strand => ({ strand, own: within(strand, segments) }));
    return this.labels.map((label, place) => {
      const curves = spoken.map(({ strand }) => curve(strand, label));
      const won = spoken.flatMap(({ own }, number) =>
        own
          .filter(({ emotion }) => emotion === label)
          .map(({ start, end }) => between(curves[number], start, end)),
      );
      return svg(
        "g",
        { "data-emotion": label, transform: `translate(0 ${place * lane + HEAD})` },
        svg("path", { class: "floor", d: `M0 ${frame.height}H${width}` }),
        svg("path", { class: "area", d: curves.map(points => area(points, frame)).join("") }),
        svg("path", { class: "won", d: won.map(points => area(points, frame)).join("") }),
        svg("path", { class: "line", d: curves.map(points => line(points, frame)).join("") }),
      );
    });
  }
}

/** @param {string} kind */
const drawing = kind =>
  /** @type {SVGSVGElement} */ (svg("svg", { class: `drawing ${kind}`, "aria-hidden": "true" }));

/** @param {Scene} scene @param {Part[]} segments @param {import("./shapes.js").Frame} frame */
function drawnSound(scene, segments, frame) {
  const middle = frame.height / 2;
  const inside = { ...frame, height: frame.height - MARGIN };
  /** @type {Map<string, string[]>} */
  const strokes = new Map();
  let segment = 0;
  for (const { place, x, at, reach } of bars(scene.envelope, inside)) {
    if (at > scene.seconds) break;
    while (segment < segments.length && segments[segment].end <= at) segment++;
    const colour = colourAt(segments[segment], at, place);
    const half = Math.max(0.05, reach - 2).toFixed(1);
    const stroke = `M${x.toFixed(1)} ${middle - Number(half)}v${2 * Number(half)}`;
    if (!strokes.has(colour)) strokes.set(colour, []);
    strokes.get(colour)?.push(stroke);
  }
  return [...strokes].map(([colour, own]) =>
    svg("path", { "data-emotion": colour, d: own.join("") }),
  );
}

/**
 * The emotion that colours a bar; where several are candidates they take turns.
 * @param {Part | undefined} segment @param {number} at @param {number} place
 */
function colourAt(segment, at, place) {
  if (!segment || segment.start > at) return "";
  const { emotion, unsure, candidates } = segment;
  return unsure ? candidates[place % candidates.length] : emotion;
}

/** @param {import("./shapes.js").Frame} frame */
function drawnTimes(frame) {
  return ticks(frame).flatMap(({ at, x, step }) => [
    svg("path", { d: `M${x} 0v5` }),
    svg(
      "text",
      { x, y: 20, "text-anchor": x < 20 ? "start" : x > frame.width - 20 ? "end" : "middle" },
      step < 1 ? clock(at) : wholeClock(at + 0.01),
    ),
  ]);
}
