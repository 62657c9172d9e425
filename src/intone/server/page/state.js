// Where one is on the page: at its start, waiting, recording, or before a result.

import { byId } from "./dom.js";

/** @typedef {"start" | "busy" | "live" | "result"} View */

const VIEWS = /** @type {View[]} */ (["start", "busy", "live", "result"]);

export class State {
  /** @type {View} */
  view = "start";
  /** @type {View} where one is when nothing goes on */
  home = "start";

  /** @param {View} view */
  show(view) {
    this.view = view;
    if (view === "start" || view === "result") this.home = view;
    document.body.dataset.view = view;
    for (const each of VIEWS) byId(each).hidden = each !== view;
  }

  /** Back to where one was before. */
  goHome() {
    this.show(this.home);
    byId(this.home).querySelector("button").focus();
  }
}
