// What is seen while somebody speaks: the level, the bars, and the timeline as it grows.

import { Chart } from "./chart.js";
import { element } from "./dom.js";
import { Names } from "./names.js";
import { cells } from "./parts.js";
import { heardPiece, setPieces } from "./strip.js";
import { heard, said, wholeClock } from "./words.js";

/** @import {Session} from "./session.js" */
/** @import {Part} from "./types.js" */

const SHOWN = 30; // seconds
const FLOOR = -60; // dB, where the meter begins
const FAINT = 0.005; // a peak below which nobody speaks into the microphone
const LOUD = 0.99; // a peak that is cut off
const HELD = 5; // seconds after which an answer is not of what is said now
const FRAME = 33; // milliseconds from one drawing to the next
const CALM = 500; // the same where people want less motion

export class LiveView {
  /** @type {Part[]} */
  #windows = [];

  /**
   * @param {HTMLElement} root
   * @param {{labels: string[], first: number, tell: (words: string) => void,
   *   onStop: () => void, onDiscard: () => void}} options  `first` is the length of a window in
   *   seconds
   */
  constructor(root, { labels, first, tell, onStop, onDiscard }) {
    this.first = first;
    this.tell = tell;
    this.chart = new Chart(labels);
    this.names = new Names(labels);
    this.time = element("span", { class: "time" });
    this.hint = element("p", { class: "muted hint" });
    this.level = element("i");
    this.meter = element(
      "div",
      {
        ...{ class: "meter", role: "meter", "aria-label": "Level in decibels" },
        ...{ "aria-valuemin": FLOOR, "aria-valuemax": 0 },
      },
      this.level,
    );
    this.stop = /** @type {HTMLButtonElement} */ (
      element("button", { type: "button", class: "main stop", onclick: onStop }, "Stop")
    );
    const discard = element("button", { type: "button", onclick: onDiscard }, "Discard");
    this.tape = element("div", { class: "tape" });
    this.chart.strip.append(this.tape);
    this.cursor = element("div", { class: "cursor" });
    const track = element("div", { class: "track" }, ...this.chart.parts, this.cursor);
    root.replaceChildren(
      element(
        "div",
        { class: "controls" },
        element("span", { class: "recording" }, "Recording"),
        this.time,
        this.meter,
        this.stop,
        discard,
      ),
      element(
        "div",
        { class: "scene" },
        this.names.element,
        element("div", { class: "viewport" }, track),
      ),
      this.hint,
    );
  }

  /** @param {Session} session */
  begin(session) {
    this.session = session;
    this.stop.focus();
    this.#draw();
  }

  /** No more sound comes; the result does. */
  finish() {
    this.stop.disabled = true;
    this.stop.textContent = "One moment";
  }

  end() {
    this.session = undefined;
  }

  /** @param {Part} window */
  hear(window) {
    const before = this.#windows.at(-1);
    this.#windows.push(window);
    this.#fillTape();
    if (!before || said(before) !== said(window)) this.tell(said(window));
  }

  #fillTape() {
    const pieces = cells(this.#windows).map(heardPiece);
    setPieces(pieces, SHOWN, this.chart.strip.clientWidth);
    this.tape.replaceChildren(...pieces.map(({ piece }) => piece));
  }

  #draw() {
    const { recording } = this.session ?? {};
    if (!recording) return;
    const { seconds, envelope } = recording;
    const end = Math.max(SHOWN, seconds);
    const windows = this.#windows;
    const scene = { seconds, envelope, windows, segments: cells(windows) };
    this.chart.draw(scene, end - SHOWN, end);
    this.tape.style.left = `${-100 * (end / SHOWN - 1)}%`;
    this.cursor.style.left = `${100 * (seconds / end)}%`;
    this.time.textContent = wholeClock(seconds);
    this.#drawLevel(envelope);
    this.#drawAnswer(seconds);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    setTimeout(() => this.#draw(), calm ? CALM : FRAME);
  }

  /** @param {{rate: number, values: number[]}} envelope */
  #drawLevel({ rate, values }) {
    const now = Math.max(0, ...values.slice(-rate / 10));
    const lately = Math.max(0, ...values.slice(-3 * rate));
    const decibels = Math.max(FLOOR, 20 * Math.log10(now));
    this.level.style.transform = `scaleX(${1 - decibels / FLOOR})`;
    this.meter.ariaValueNow = String(Math.round(decibels));
    this.meter.classList.toggle("loud", lately >= LOUD);
    this.hint.textContent = this.#hint(lately, values.length >= 3 * rate);
  }

  /** @param {number} lately @param {boolean} certain */
  #hint(lately, certain) {
    if (lately >= LOUD) return "Too loud: the sound is cut off. Go further from the microphone.";
    if (certain && lately < FAINT) return "Very quiet. Is it the right microphone, and is it on?";
    if (this.#windows.length) return "";
    return `Speak. The first answer comes after a pause, or ${this.first} seconds of speech.`;
  }

  /** @param {number} seconds */
  #drawAnswer(seconds) {
    const last = this.#windows.at(-1);
    if (!last) return this.names.show("now", "listening", null, null);
    if (seconds - last.end > HELD) return this.names.show("now", "no speech", null, null);
    this.names.show("now", heard(last), last.emotion, last.probabilities);
  }
}
