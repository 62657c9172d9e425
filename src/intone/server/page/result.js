// A result: the answer in words, the timeline, its segments as a table, and files to take along.

import { element } from "./dom.js";
import { csv, json, manner, webvtt } from "./formats.js";
import { settingsForm } from "./settings.js";
import { SegmentTable } from "./table.js";
import { TimelineView } from "./timeline.js";
import { clock, overall } from "./words.js";

/** @import {Envelope, Settings, Sound, Timeline} from "./types.js" */

export class ResultView {
  /** @type {TimelineView | null} */
  #timeline = null;
  /** @type {string[]} */
  #urls = [];

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
  }

  /**
   * @param {Timeline} timeline @param {Sound} sound @param {Envelope} envelope
   * @param {{labels: string[], settings: Settings, onAgain: (settings: Settings) => void}} how
   */
  show(timeline, sound, envelope, { labels, settings, onAgain }) {
    this.#clear();
    const { headline, support, emotion } = overall(timeline);
    const table = new SegmentTable(timeline.segments, place => view.toggle(place));
    const view = new TimelineView(timeline, envelope, sound, {
      labels,
      onPlaying: place => table.mark(place),
    });
    this.#timeline = view;
    document.title = `${headline} · ${sound.name} · Intone`;
    this.root.replaceChildren(
      element(
        "div",
        { class: "answer", "data-emotion": emotion ?? "" },
        element("p", { class: "kind" }, `${sound.name} · ${clock(timeline.seconds)}`),
        element("h2", { id: "headline", tabindex: -1 }, headline),
        element("p", { class: "lead" }, support),
      ),
      ...timeline.warnings
        .filter(warning => emotion || warning !== "no speech found") // which the headline says
        .map(warning => element("p", { class: "note fair" }, element("b", {}, "Note"), warning)),
      view.element,
      element(
        "div",
        { class: "beside" },
        ...(timeline.segments.length ? [table.element] : []),
        element(
          "div",
          { class: "more" },
          element("h3", {}, "Download"),
          this.#files(timeline, sound, labels),
          element("h3", {}, "How it was heard"),
          element("p", { class: "muted" }, `${manner(timeline)}. The curves are not smoothed.`),
          element(
            "details",
            {},
            element("summary", {}, "Hear it another way"),
            settingsForm(settings, onAgain),
          ),
        ),
      ),
    );
  }

  #clear() {
    this.#timeline?.close();
    this.#urls.splice(0).forEach(url => URL.revokeObjectURL(url));
  }

  /** @param {Timeline} timeline @param {Sound} sound @param {string[]} labels */
  #files(timeline, sound, labels) {
    const stem = sound.name.replace(/\.[^.]*$/, "");
    const link = (
      /** @type {string} */ title,
      /** @type {string} */ ending,
      /** @type {Blob} */ blob,
    ) => {
      const url = URL.createObjectURL(blob);
      this.#urls.push(url);
      return element("a", { class: "button", href: url, download: `${stem}.${ending}` }, title);
    };
    return element(
      "p",
      { class: "files" },
      link("JSON", "json", new Blob([json(timeline)], { type: "application/json" })),
      link("CSV", "csv", new Blob([csv(timeline, labels)], { type: "text/csv" })),
      link("WebVTT", "vtt", new Blob([webvtt(timeline)], { type: "text/vtt" })),
      ...(sound.envelope ? [link("Recording", "wav", sound.blob)] : []),
    );
  }
}
