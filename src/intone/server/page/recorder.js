// Runs beside the page's own thread: microphone -> mono samples in 16 bits, in pieces.

const PIECE = 1024;

class Recorder extends AudioWorkletProcessor {
  #piece = new Int16Array(PIECE);
  #filled = 0;

  /** @param {Float32Array[][]} inputs */
  process([channels]) {
    for (let at = 0; at < (channels[0]?.length ?? 0); at++) {
      let sum = 0;
      for (const channel of channels) sum += channel[at];
      const sample = Math.max(-1, Math.min(1, sum / channels.length));
      this.#piece[this.#filled++] = Math.round(32767 * sample);
      if (this.#filled === PIECE) this.#give();
    }
    return true;
  }

  #give() {
    this.port.postMessage(this.#piece, [this.#piece.buffer]);
    this.#piece = new Int16Array(PIECE);
    this.#filled = 0;
  }
}

registerProcessor("recorder", Recorder);
