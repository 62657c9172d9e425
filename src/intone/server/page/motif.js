// The bars behind the place to drop files: a made-up voice, in the colours of the emotions.

import { svg } from "./dom.js";

const BARS = 96;
const COLOURS = ["neutral", "happy", "surprised", "sad", "fearful", "angry", "disgust"];

export function drawMotif() {
  const motif = /** @type {Element} */ (document.querySelector(".motif"));
  motif.setAttribute("viewBox", `0 0 ${BARS * 4} 40`);
  for (let bar = 0; bar < BARS; bar++) {
    const phrase = Math.abs(Math.sin((Math.PI * bar * 7) / BARS)) ** 0.7;
    const syllable = 0.45 + 0.55 * Math.abs(Math.sin(bar * 1.7) * Math.cos(bar * 0.61));
    const reach = Math.max(0.2, 18 * phrase * syllable);
    const emotion = COLOURS[Math.floor((bar * COLOURS.length) / BARS)];
    const d = `M${bar * 4 + 2} ${20 - reach}v${2 * reach}`;
    motif.append(svg("path", { d, "data-emotion": emotion }));
  }
}
