// The dialog that asks for the server's token.

import { Problem } from "./api.js";
import { byId } from "./dom.js";

/**
 * @param {boolean} refused  whether one was given that the server did not take
 * @returns {Promise<string>}
 */
export function askToken(refused) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("token");
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
  byId("token-words").textContent = refused
    ? "The server did not take that one. Look at it again."
    : "Whoever runs it can give you one. It is kept only until you close this page.";
  const cancel = /** @type {HTMLButtonElement} */ (dialog.querySelector("[data-close]"));
  cancel.onclick = () => dialog.close();
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve, reject) => {
    dialog.onclose = () => {
      const token = String(new FormData(form).get("token"));
      form.reset();
      if (dialog.returnValue) resolve(token);
      else reject(new Problem("Without its token this server hears nothing"));
    };
  });
}
