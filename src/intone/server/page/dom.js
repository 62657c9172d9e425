// Elements, made in one line each. Text is only ever set as text.

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Record<string, string | number | boolean | EventListener | undefined>} Properties */

/**
 * Make an element: attributes by name, listeners by `onclick` and the like, children or text.
 * @param {string} tag
 * @param {Properties} [properties]
 * @param {...(Node | string)} children
 */
export function element(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/**
 * Make an element of a drawing.
 * @param {string} tag
 * @param {Properties} [properties]
 * @param {...(Node | string)} children
 */
export function svg(tag, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children);
}

/** @param {string} id @returns {any} an element of the page, of the kind that stands there */
export const byId = id => document.getElementById(id);

/**
 * @template {Element} T
 * @param {T} made @param {Properties} properties @param {(Node | string)[]} children
 * @returns {T}
 */
function filled(made, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== undefined && value !== false) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}
