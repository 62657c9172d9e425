// The page: what a click, a file or an answer leads to.

import { showFacts } from "./about.js";
import { Api, Problem } from "./api.js";
import { byId } from "./dom.js";
import { acceptDrops } from "./drop.js";
import { LiveView } from "./live.js";
import { attempt, say } from "./message.js";
import { drawMotif } from "./motif.js";
import { envelopeOf } from "./recording.js";
import { ResultView } from "./result.js";
import { Session } from "./session.js";
import { USUAL } from "./settings.js";
import { State } from "./state.js";
import { askToken } from "./token.js";
import { megabytes, wholeClock } from "./words.js";

/** @import {Outcome} from "./session.js" */
/** @import {Limits, ModelFacts, Settings, Sound, Timeline} from "./types.js" */

/** @typedef {{model: ModelFacts, limits: Limits}} Facts */

const PATIENCE = 200; // milliseconds before waiting is worth a view of its own

const api = new Api(askToken);
const state = new State();
const result = new ResultView(byId("result"));
let waiting = new AbortController();
/** @type {Promise<Facts> | null} */
let facts = null;
/** @type {Session | null} */
let session = null;

/** What the server says of itself; asked once. @returns {Promise<Facts>} */
function known() {
  facts ??= learn().catch(error => {
    facts = null;
    throw error;
  });
  return facts;
}

/** @returns {Promise<Facts>} */
async function learn() {
  const { models, limits } = await api.models();
  const model = /** @type {ModelFacts} */ (models.find(each => each.default));
  showFacts(model, limits);
  return { model, limits };
}

/** Have a sound heard, and show what was. @param {Sound} sound @param {Settings} settings */
async function hear(sound, settings = USUAL) {
  const { limits } = await known();
  if (sound.blob.size > limits.body_bytes) {
    const [size, most] = [sound.blob.size, limits.body_bytes].map(megabytes);
    throw new Problem(
      `${sound.name}: ${size}, and this server takes ${most}; cut it, or save it as MP3`,
      413,
    );
  }
  waiting.abort();
  const { signal } = (waiting = new AbortController());
  const wait = setTimeout(() => showWaiting(sound), PATIENCE);
  try {
    const timeline = await api.timeline(sound, settings, { signal, onProgress: showProgress });
    await show(sound, timeline, settings);
  } catch (error) {
    if (state.view === "busy") state.goHome();
    if (!signal.aborted) throw error;
  } finally {
    clearTimeout(wait);
  }
}

/** @param {Sound} sound @param {Timeline} timeline @param {Settings} settings */
async function show(sound, timeline, settings) {
  const { model } = await known();
  const envelope = sound.envelope ?? (await envelopeOf(sound.blob, timeline));
  state.show("result");
  result.show(timeline, sound, envelope, {
    labels: model.labels,
    settings,
    onAgain: changed => attempt(() => hear(sound, changed)),
  });
  scrollTo({ top: 0 });
  byId("headline").focus({ preventScroll: true });
}

/** @param {Sound} sound */
function showWaiting({ name, blob }) {
  byId("busy-name").textContent = name;
  byId("busy-bar").removeAttribute("value");
  byId("busy-words").textContent = `Sending ${megabytes(blob.size)}`;
  state.show("busy");
  tell(`Listening to ${name}`);
}

/** @param {number} seconds @param {number | null} of */
function showProgress(seconds, of) {
  const whole = of ? ` of ${wholeClock(of)}` : "";
  if (of) byId("busy-bar").value = seconds / of;
  byId("busy-words").textContent = `Heard ${wholeClock(seconds)}${whole}`;
}

/** Record, and have it heard on the way. */
async function record() {
  const { model, limits } = await known();
  waiting.abort();
  const live = new LiveView(byId("live"), {
    labels: model.labels,
    first: model.window_seconds,
    tell,
    onStop: () => session?.stop(),
    onDiscard: () => {
      session?.discard();
      live.end();
      state.goHome();
    },
  });
  session = new Session(api, limits.stream_seconds, {
    onWindow: window => live.hear(window),
    onStop: () => live.finish(),
    onEnd: outcome => {
      live.end();
      recorded(outcome);
    },
  });
  await session.start();
  state.show("live");
  live.begin(session);
}

/** @param {Outcome} outcome */
function recorded({ sound, timeline, problem }) {
  if (timeline?.seconds) attempt(() => show(sound, { ...timeline, source: sound.name }, USUAL));
  else state.goHome();
  if (problem) {
    const remedy = { title: "Hear the recording", act: () => attempt(() => hear(sound)) };
    say(`Recorded, but not heard to the end: ${problem.message}`, remedy);
  } else if (!timeline?.seconds) {
    say("Nothing came from the microphone; see that it is on");
  }
}

/** @param {File[]} files */
function hearFirst([file, ...others]) {
  if (!file) return;
  if (state.view === "live") return say("Stop the recording first, then drop the file");
  attempt(async () => {
    if (others.length) tell(`Only ${file.name}: one file at a time.`);
    await hear({ name: file.name, blob: file });
  });
}

/** Say something to those who listen to the page. @param {string} words */
function tell(words) {
  byId("status").textContent = words;
}

/** @type {Record<string, () => void>} */
const deeds = {
  choose: () => byId("file").click(),
  record: () => attempt(record),
  example: () => attempt(async () => hear(await api.example())),
  cancel: () => waiting.abort(),
};
for (const button of document.querySelectorAll("[data-do]")) {
  const { do: deed = "" } = /** @type {HTMLElement} */ (button).dataset;
  button.addEventListener("click", deeds[deed]);
}
byId("file").addEventListener("change", () => {
  hearFirst([...byId("file").files]);
  byId("file").value = ""; // so that the same file may be chosen again
});
acceptDrops(hearFirst);
drawMotif();
attempt(async () => void (await known()));
