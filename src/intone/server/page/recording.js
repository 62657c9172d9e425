// Sound that the page holds: a recording as it grows, and how loud a file is over time.

/** @import {Envelope, Samples, Timeline} from "./types.js" */

const PEAKS = 50; // a second
const DECODED = 100; // a second
const LONG = 300; // seconds: from here on the server's peaks, ten a second, are enough

/** What the microphone gave so far. */
export class Recording {
  /** @type {Samples[]} */
  #pieces = [];
  #samples = 0;
  #peak = 0;
  #since = 0; // samples

  /** @param {number} rate  Hz */
  constructor(rate) {
    this.rate = rate;
    /** @type {{rate: number, values: number[]}} */
    this.envelope = { rate: PEAKS, values: [] };
  }

  get seconds() {
    return this.#samples / this.rate;
  }

  /** @param {Samples} samples */
  push(samples) {
    this.#pieces.push(samples);
    this.#samples += samples.length;
    for (const sample of samples) {
      this.#peak = Math.max(this.#peak, Math.abs(sample) / 32768);
      if (++this.#since >= this.rate / PEAKS) {
        this.envelope.values.push(this.#peak);
        this.#peak = this.#since = 0;
      }
    }
  }

  /** Give it as a WAV file. */
  wav() {
    const bytes = 2 * this.#samples;
    const head = new DataView(new ArrayBuffer(44));
    const text = (/** @type {number} */ at, /** @type {string} */ letters) =>
      [...letters].forEach((letter, place) => head.setUint8(at + place, letter.charCodeAt(0)));
    text(0, "RIFF");
    head.setUint32(4, 36 + bytes, true);
    text(8, "WAVEfmt ");
    head.setUint32(16, 16, true); // bytes that say how
    head.setUint16(20, 1, true); // PCM
    head.setUint16(22, 1, true); // channel
    head.setUint32(24, this.rate, true);
    head.setUint32(28, 2 * this.rate, true); // bytes a second
    head.setUint16(32, 2, true); // bytes a sample
    head.setUint16(34, 16, true); // bits
    text(36, "data");
    head.setUint32(40, bytes, true);
    return new Blob([head, ...this.#pieces], { type: "audio/wav" });
  }
}

/**
 * Give how loud a file is over time: finely as the browser decodes it, or as the server says where
 * the file is long or the browser does not know its format.
 * @param {Blob} blob
 * @param {Timeline} timeline
 * @returns {Promise<Envelope>}
 */
export async function envelopeOf(blob, timeline) {
  const told = { rate: 10, values: timeline.peaks };
  if (timeline.seconds > LONG) return told;
  try {
    const context = new OfflineAudioContext(1, 1, 16_000);
    const sound = await context.decodeAudioData(await blob.arrayBuffer());
    return { rate: DECODED, values: loudest(sound) };
  } catch {
    return told;
  }
}

/** @param {AudioBuffer} sound */
function loudest(sound) {
  const values = new Float32Array(Math.ceil(sound.duration * DECODED));
  for (let channel = 0; channel < sound.numberOfChannels; channel++) {
    sound.getChannelData(channel).forEach((sample, at) => {
      const place = Math.floor((at * DECODED) / sound.sampleRate);
      values[place] = Math.max(values[place], Math.abs(sample));
    });
  }
  return values;
}
