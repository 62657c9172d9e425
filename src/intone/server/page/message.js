// What went wrong, or is to be known, in one line, with one thing to do about it.

import { Problem } from "./api.js";
import { byId, element } from "./dom.js";

/**
 * @param {string} words
 * @param {{title: string, act: () => void}} [remedy]
 */
export function say(words, remedy) {
  const parts = [element("span", {}, words)];
  if (remedy) parts.push(element("button", { type: "button", onclick: remedy.act }, remedy.title));
  parts.push(
    element(
      "button",
      { type: "button", class: "close", "aria-label": "Close", onclick: hush },
      "×",
    ),
  );
  byId("message").replaceChildren(element("p", { class: "note bad" }, ...parts));
}

function hush() {
  byId("message").replaceChildren();
}

/**
 * Do something; where it fails, say why, and offer to try again where that may help.
 * @param {() => Promise<void>} action
 */
export async function attempt(action) {
  hush();
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Problem)) {
      say(`A fault of this page: ${error}`);
      throw error;
    }
    const again = { title: "Try again", act: () => attempt(action) };
    say(error.message, error.lasting ? undefined : again);
  }
}
