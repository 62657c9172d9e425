// What is heard, and where in it one is: the whole, or one stretch of it.

/** @typedef {{start: number, end: number}} Span  seconds */

export class Player {
  #audio = new Audio();
  #url = "";
  /** @type {Span | null} */
  #span = null;

  /**
   * @param {{onMove: () => void, onChange: () => void}} listener  `onMove` where the time is
   *   another, `onChange` where it plays, stops, or cannot play
   */
  constructor({ onMove, onChange }) {
    this.onMove = onMove;
    this.playable = true;
    this.#audio.preload = "auto";
    for (const name of ["play", "pause", "ended"]) this.#audio.addEventListener(name, onChange);
    this.#audio.addEventListener("play", () => this.#follow());
    this.#audio.addEventListener("pause", onMove);
    this.#audio.addEventListener("seeked", onMove);
    this.#audio.addEventListener("error", () => {
      this.playable = !this.#url;
      onChange();
    });
  }

  get playing() {
    return !this.#audio.paused;
  }

  get time() {
    return this.#audio.currentTime;
  }

  /** The stretch that is played by itself, if one is. */
  get span() {
    return this.playing ? this.#span : null;
  }

  /** @param {Blob} blob */
  load(blob) {
    this.unload();
    this.#url = URL.createObjectURL(blob);
    this.#audio.src = this.#url;
  }

  unload() {
    this.#audio.pause();
    URL.revokeObjectURL(this.#url);
    this.playable = true;
    this.#span = null;
  }

  /** Go on from where one is, or hear one stretch. @param {Span} [span] */
  async play(span) {
    this.#span = span ?? null;
    if (span) this.#audio.currentTime = span.start;
    await this.#audio.play().catch(() => {}); // stopped before it began, or cannot: `error` says so
  }

  pause() {
    this.#audio.pause();
  }

  /** @param {number} seconds */
  seek(seconds) {
    this.#span = null;
    this.#audio.currentTime = seconds;
  }

  #follow() {
    if (!this.playing) return;
    if (this.#span && this.time >= this.#span.end) this.pause();
    this.onMove();
    requestAnimationFrame(() => this.#follow());
  }
}
