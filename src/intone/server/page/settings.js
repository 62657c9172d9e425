// How a sound is heard, to be set by who asks.

import { element } from "./dom.js";

/** @import {Settings} from "./types.js" */

/** What the server does by itself. @type {Settings} */
export const USUAL = { smoothing: "whole", hop: "", first: "" };

/** @type {{name: keyof Settings, label: string, options: [string, string][]}[]} */
const CHOICES = [
  {
    name: "smoothing",
    label: "Smoothing",
    options: [
      ["whole", "with what comes before and after"],
      ["causal", "only with what came before"],
      ["none", "none"],
    ],
  },
  {
    name: "hop",
    label: "An answer every",
    options: [
      ["", "as the model does by itself"],
      ["1", "1 s"],
      ["0.5", "0.5 s"],
      ["0.25", "0.25 s"],
    ],
  },
  {
    name: "first",
    label: "Relative to how the speaker sounds",
    options: [
      ["", "no"],
      ["10", "in the first 10 s"],
      ["30", "in the first 30 s"],
      ["120", "in the first 2 min"],
    ],
  },
];

/**
 * @param {Settings} present
 * @param {(settings: Settings) => void} onAgain
 */
export function settingsForm(present, onAgain) {
  const form = /** @type {HTMLFormElement} */ (
    element(
      "form",
      {
        class: "settings",
        onsubmit: event => {
          event.preventDefault();
          onAgain(/** @type {any} */ (Object.fromEntries(new FormData(form))));
        },
      },
      ...CHOICES.map(({ name, label, options }) =>
        element(
          "label",
          {},
          label,
          element(
            "select",
            { name },
            ...options.map(([value, title]) =>
              element("option", { value, selected: value === present[name] }, title),
            ),
          ),
        ),
      ),
      element("button", {}, "Hear it again"),
    )
  );
  return form;
}
