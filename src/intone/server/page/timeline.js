// A result to look at and listen to: the drawing, a cursor, and segments to click.

import { Chart } from "./chart.js";
import { element } from "./dom.js";
import { Names } from "./names.js";
import { strands } from "./parts.js";
import { Player } from "./player.js";
import { curve, shareAt } from "./shapes.js";
import { quietPiece, segmentPiece, setPieces } from "./strip.js";
import { Viewport } from "./viewport.js";
import { clock, counted, heard, said } from "./words.js";

/** @import {Piece} from "./strip.js" */
/** @import {Envelope, Part, Sound, Timeline} from "./types.js" */

export class TimelineView {
  /** @type {number | null} */
  #pointed = null; // seconds
  #moved = false; // whether somebody has played or sought

  /**
   * @param {Timeline} timeline
   * @param {Envelope} envelope
   * @param {Sound} sound
   * @param {{labels: string[], onPlaying: (segment: number) => void}} options  `onPlaying` gets the
   *   segment that is heard by itself, or -1
   */
  constructor(timeline, envelope, sound, { labels, onPlaying }) {
    const { segments, seconds } = timeline;
    this.timeline = timeline;
    this.onPlaying = onPlaying;
    this.strands = strands(timeline.windows);
    this.chart = new Chart(labels);
    this.names = new Names(labels);
    this.play = /** @type {HTMLButtonElement} */ (
      element("button", { type: "button", class: "main play", onclick: () => this.#playOrPause() })
    );
    this.time = element("span", { class: "time" });
    this.cursor = element("div", { class: "cursor" });
    this.pointer = element("div", { class: "pointer" });
    this.slider = /** @type {HTMLInputElement} */ (
      element("input", {
        ...{ type: "range", min: 0, max: seconds, step: 0.1, value: 0 },
        "aria-label": "Position",
        oninput: () => this.#seek(Number(this.slider.value)),
      })
    );
    const played = segments.map((segment, at) => segmentPiece(segment, () => this.toggle(at)));
    const pieces = [...played, ...gaps(segments, seconds)].sort((a, b) => a.start - b.start);
    this.buttons = played.map(({ piece }) => piece);
    this.#fillStrip(pieces);

    const scene = { ...timeline, envelope };
    const parts = [...this.chart.parts, this.slider, this.pointer, this.cursor];
    this.viewport = new Viewport(parts, seconds, {
      onView: (from, to) => this.chart.draw(scene, from, to),
      onWidth: pixels => setPieces(pieces, seconds, pixels),
    });
    this.viewport.track.addEventListener("pointermove", event => this.#point(event));
    this.viewport.track.addEventListener("pointerleave", () => this.#leave());
    this.element = element(
      "div",
      { class: "player", onkeydown: event => this.#key(/** @type {KeyboardEvent} */ (event)) },
      element("div", { class: "controls" }, this.play, this.time, this.viewport.buttons),
      element("div", { class: "scene" }, this.names.element, this.viewport.element),
    );
    this.player = new Player({ onMove: () => this.#move(), onChange: () => this.#change() });
    this.player.load(sound.blob);
    this.#change();
  }

  /** Let go of the sound. */
  close() {
    this.viewport.close();
    this.player.unload();
  }

  /** Hear a segment by itself, or stop it. @param {number} place */
  toggle(place) {
    const segment = this.timeline.segments[place];
    if (this.player.span === segment) return this.player.pause();
    this.#moved = true;
    this.player.play(segment);
  }

  /** @param {Piece[]} pieces */
  #fillStrip(pieces) {
    const { strip } = this.chart;
    strip.setAttribute("role", "group");
    strip.setAttribute("aria-label", "Segments: arrow keys go from one to the next, Enter plays");
    strip.append(...pieces.map(({ piece }) => piece));
    this.buttons.forEach((button, place) => (button.tabIndex = place ? -1 : 0));
  }

  #playOrPause() {
    this.#moved = true;
    if (this.player.playing) this.player.pause();
    else this.player.play();
  }

  /** @param {number} seconds */
  #seek(seconds) {
    this.#moved = true;
    this.player.seek(seconds);
    this.#move();
  }

  #move() {
    const { time, playing } = this.player;
    const { seconds } = this.timeline;
    this.cursor.hidden = !this.#moved;
    this.cursor.style.left = `${100 * Math.min(1, time / seconds)}%`;
    this.slider.value = String(time);
    this.slider.setAttribute("aria-valuetext", `${clock(time)}, ${this.#saidAt(time)}`);
    this.time.textContent = `${clock(time)} / ${clock(seconds)}`;
    if (playing) this.viewport.follow(time);
    this.#tell();
  }

  #change() {
    const { playing, playable, span } = this.player;
    const place = this.timeline.segments.findIndex(segment => segment === span);
    this.play.textContent = playing ? "Pause" : "Play";
    this.play.dataset.sign = playing ? "pause" : "play";
    this.play.disabled = !playable;
    this.buttons.forEach((button, other) => button.classList.toggle("playing", other === place));
    this.onPlaying(place);
    this.#move();
    if (!playable)
      this.time.textContent = "This browser cannot play the format; the answer stands.";
  }

  /** Say what is heard where one points, or plays, or on the whole. */
  #tell() {
    const pointed = this.player.playing ? null : this.#pointed;
    this.pointer.hidden = pointed === null;
    this.pointer.style.left = `${(100 * (pointed ?? 0)) / this.timeline.seconds}%`;
    const at = pointed ?? (this.#moved ? this.player.time : null);
    if (at === null) return this.#tellWhole();
    const segment = this.#segmentAt(at);
    const strand = this.strands.find(each => each[0].start <= at && at <= last(each).end);
    const shares = strand && this.#shares(label => shareAt(curve(strand, label), at));
    const words = segment ? heard(segment) : "no speech";
    this.names.show(`at ${clock(at)}`, words, segment?.emotion ?? null, shares ?? null);
  }

  #tellWhole() {
    const { utterances } = this.timeline;
    if (!utterances.length) return this.names.show("on the whole", "no speech", null, null);
    const means = this.#shares(label => {
      const own = utterances.map(utterance => utterance.probabilities[label]);
      return own.reduce((a, b) => a + b) / own.length;
    });
    this.names.show("on average over", counted(utterances.length, "utterance"), null, means);
  }

  /** @param {(label: string) => number} share @returns {Record<string, number>} */
  #shares(share) {
    return Object.fromEntries(this.chart.labels.map(label => [label, share(label)]));
  }

  /** @param {number} at */
  #segmentAt(at) {
    return this.timeline.segments.find(({ start, end }) => start <= at && at < end);
  }

  /** @param {number} at */
  #saidAt(at) {
    const segment = this.#segmentAt(at);
    return segment ? said(segment) : "no speech";
  }

  /** @param {PointerEvent} event */
  #point(event) {
    if (event.pointerType === "touch") return;
    this.#pointed = this.viewport.secondsAt(event.clientX);
    this.#tell();
  }

  #leave() {
    this.#pointed = null;
    this.#tell();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape") return this.player.pause();
    const from = this.buttons.indexOf(/** @type {HTMLElement} */ (event.target));
    if (from < 0) return;
    const end = this.buttons.length - 1;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: end }[event.key];
    const next = this.buttons[to ?? -1];
    if (!next) return;
    event.preventDefault();
    this.buttons.forEach(button => (button.tabIndex = button === next ? 0 : -1));
    next.focus();
  }
}

/** @template T @param {T[]} list */
const last = list => list[list.length - 1];

/** @param {Part[]} segments @param {number} seconds @returns {Piece[]} where nobody speaks */
function gaps(segments, seconds) {
  const starts = [...segments.map(({ start }) => start), seconds];
  const ends = [0, ...segments.map(({ end }) => end)];
  return ends.flatMap((end, at) => (end < starts[at] ? [quietPiece(end, starts[at])] : []));
}
