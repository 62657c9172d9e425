// A window on a drawing that may be wider than the page: zoomed by buttons, a pinch or the wheel.

import { element } from "./dom.js";

const CLOSEST = 150; // pixels a second
const STEP = 2; // from one zoom to the next
const LEAD = 0.1; // of the width, left of what is played when it is brought into view

export class Viewport {
  #zoom = 1;

  /**
   * @param {Element[]} parts  of the drawing
   * @param {number} seconds  that it stands for
   * @param {object} listener
   * @param {(from: number, to: number) => void} listener.onView  what is seen now
   * @param {(pixels: number) => void} listener.onWidth  how wide the whole is now
   */
  constructor(parts, seconds, { onView, onWidth }) {
    this.seconds = seconds;
    this.onView = onView;
    this.onWidth = onWidth;
    this.track = element("div", { class: "track" }, ...parts);
    this.element = element("div", { class: "viewport", onscroll: () => this.#see() }, this.track);
    this.element.addEventListener("wheel", event => this.#wheel(event), { passive: false });
    this.buttons = element(
      "div",
      { class: "zooms", role: "group", "aria-label": "Zoom" },
      this.#button("−", "Zoom out", 1 / STEP),
      this.#button("+", "Zoom in", STEP),
    );
    this.sizes = new ResizeObserver(() => this.#resize());
    this.sizes.observe(this.element);
  }

  close() {
    this.sizes.disconnect();
  }

  /** @param {number} clientX @returns {number} the second that is drawn there */
  secondsAt(clientX) {
    const { left, width } = this.track.getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - left) / width)) * this.seconds;
  }

  /** Bring a second into view. @param {number} seconds */
  follow(seconds) {
    const { clientWidth } = this.element;
    const x = this.#place(seconds) - this.element.scrollLeft;
    if (x < 0 || x > clientWidth) this.element.scrollLeft += x - LEAD * clientWidth;
  }

  /**
   * Zoom so that a second, if it is in view, stays where it is.
   * @param {number} by
   * @param {number} around
   */
  zoom(by, around) {
    const { clientWidth, scrollLeft } = this.element;
    const before = this.#place(around) - scrollLeft;
    const kept = before >= 0 && before <= clientWidth ? before : clientWidth / 2;
    this.#zoom = Math.min(this.#closest(), Math.max(1, this.#zoom * by));
    this.track.style.width = `${100 * this.#zoom}%`;
    this.element.scrollLeft = this.#place(around) - kept;
    this.#resize();
  }

  /** @param {string} sign @param {string} label @param {number} by */
  #button(sign, label, by) {
    const middle = () => this.#shown().reduce((from, to) => (from + to) / 2);
    const act = () => this.zoom(by, middle());
    return element("button", { type: "button", "aria-label": label, onclick: act }, sign);
  }

  /** @param {WheelEvent} event  a pinch is a wheel with the control key */
  #wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.zoom(2 ** (-event.deltaY / 200), this.secondsAt(event.clientX));
  }

  #resize() {
    this.buttons.hidden = this.#closest() < STEP;
    this.onWidth(this.track.clientWidth);
    this.#see();
  }

  #see() {
    const [from, to] = this.#shown();
    this.onView(from, to);
  }

  /** @returns {[number, number]} from which second to which */
  #shown() {
    const { scrollLeft, clientWidth } = this.element;
    const rate = this.seconds / (this.track.clientWidth || 1);
    return [scrollLeft * rate, (scrollLeft + clientWidth) * rate];
  }

  /** @param {number} seconds */
  #place(seconds) {
    return (seconds / this.seconds) * this.track.clientWidth;
  }

  #closest() {
    return Math.max(1, (CLOSEST * this.seconds) / (this.element.clientWidth || 1));
  }
}
