// The labels beside the lanes, each with a bar that shows how much of it is heard.

import { element } from "./dom.js";
import { percent } from "./words.js";

export class Names {
  /** @type {Map<string, {row: HTMLElement, bar: HTMLElement, value: HTMLElement}>} */
  #rows = new Map();

  /** @param {string[]} labels */
  constructor(labels) {
    this.when = element("p", { class: "when" });
    this.heard = element("p", { class: "heard" });
    this.list = element("ul", { class: "names" });
    this.element = element(
      "div",
      { class: "side" },
      element("div", { class: "now" }, this.when, this.heard),
      this.list,
    );
    for (const label of labels) {
      const [bar, value] = [element("i"), element("b")];
      const row = element(
        "li",
        { "data-emotion": label },
        element("span", {}, label),
        element("div", { class: "bar", "aria-hidden": "true" }, bar),
        value,
      );
      this.#rows.set(label, { row, bar, value });
      this.list.append(row);
    }
  }

  /**
   * @param {string} when  what it is the answer for
   * @param {string} heard  what is heard, in words
   * @param {string | null} emotion  the most probable
   * @param {Record<string, number> | null} probabilities
   */
  show(when, heard, emotion, probabilities) {
    this.when.textContent = when;
    this.heard.textContent = heard;
    for (const [label, { row, bar, value }] of this.#rows) {
      const share = probabilities?.[label] ?? 0;
      bar.style.transform = `scaleX(${share.toFixed(3)})`;
      value.textContent = probabilities ? percent(share) : "";
      row.classList.toggle("most", label === emotion);
    }
  }
}
