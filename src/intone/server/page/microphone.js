// The microphone, as the room sounds: without what calls do to make speech easier to follow.

import { Problem } from "./api.js";

/** @import {Samples} from "./types.js" */

const RAW = {
  channelCount: 1,
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
};

/** @type {Record<string, string>} */
const REFUSALS = {
  NotAllowedError: "The microphone was not allowed; allow it for this page",
  NotFoundError: "No microphone was found; connect one",
  NotReadableError: "The microphone is in use by another program; close it there",
};

/**
 * Open the microphone.
 * @param {{onSamples: (samples: Samples) => void, onEnd: () => void}} listener  `onEnd` when it
 *   is unplugged or taken away
 * @returns {Promise<{rate: number, close: () => void}>}
 */
export async function openMicrophone({ onSamples, onEnd }) {
  if (!navigator.mediaDevices) {
    throw new Problem(
      "Browsers record only over https or from localhost; open the page so, or drop a file",
    );
  }
  const context = new AudioContext(); // while the click that asked for it still counts
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: RAW });
    await context.audioWorklet.addModule(new URL("recorder.js", import.meta.url));
    context.resume(); // where the browser waits for it
    const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
    recorder.port.onmessage = ({ data }) => onSamples(data);
    context.createMediaStreamSource(stream).connect(recorder);
    const [track] = stream.getTracks();
    track.onended = onEnd;
    const close = () => {
      recorder.port.onmessage = null;
      track.stop();
      if (context.state !== "closed") context.close();
    };
    return { rate: context.sampleRate, close };
  } catch (error) {
    context.close();
    const { name, message } = /** @type {Error} */ (error);
    throw new Problem(REFUSALS[name] ?? `The microphone cannot be used: ${message}`);
  }
}
