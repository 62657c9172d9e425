// Speaking: microphone to server, piece by piece, and all of it kept until it is over.

import { openMicrophone } from "./microphone.js";
import { Recording } from "./recording.js";

/** @import {Api, Ending} from "./api.js" */
/** @import {Part, Samples, Sound} from "./types.js" */

/** @typedef {Ending & {sound: Sound}} Outcome */

/**
 * @typedef {object} SessionListener
 * @property {(window: Part) => void} onWindow
 * @property {() => void} onStop  no more sound comes, its timeline does
 * @property {(outcome: Outcome) => void} onEnd
 */

export class Session {
  /** @param {Api} api @param {number} longest  seconds @param {SessionListener} listener */
  constructor(api, longest, listener) {
    this.api = api;
    this.longest = longest;
    this.listener = listener;
  }

  /** Begin to record; throws a problem where there is no microphone. */
  async start() {
    this.microphone = await openMicrophone({
      onSamples: samples => this.#hear(samples),
      onEnd: () => this.stop(),
    });
    this.recording = new Recording(this.microphone.rate);
    this.stream = this.api.stream(this.microphone.rate, {
      onWindow: this.listener.onWindow,
      onEnd: ending => this.#end(ending),
    });
  }

  /** Say that this is all; the outcome comes. */
  stop() {
    this.microphone?.close();
    this.stream?.end();
    this.listener.onStop();
  }

  /** Forget all of it. */
  discard() {
    this.microphone?.close();
    this.stream?.close();
  }

  /** @param {Samples} samples */
  #hear(samples) {
    this.recording?.push(samples);
    this.stream?.send(samples);
    if (this.recording && this.recording.seconds >= this.longest) this.stop();
  }

  /** @param {Ending} ending */
  #end(ending) {
    this.microphone?.close();
    if (!this.recording) return;
    const { envelope } = this.recording;
    const name = `recording ${new Date().toLocaleString("sv").replaceAll(":", ".")}.wav`;
    this.listener.onEnd({ sound: { name, blob: this.recording.wav(), envelope }, ...ending });
  }
}
