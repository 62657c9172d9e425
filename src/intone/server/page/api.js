// The server, as docs/service.md describes it: questions out, answers and problems in.

import { events } from "./events.js";

/** @import {Limits, ModelFacts, Settings, Sound, Timeline, Part, Samples} from "./types.js" */

const EXAMPLE = "example.mp3";
const NAME = 200; // characters
const PASSING = [408, 429, 502, 503, 504];

/** What went wrong, in one line for people. */
export class Problem extends Error {
  /** @param {string} detail @param {number} [status]  of the server's answer, if it gave one */
  constructor(detail, status) {
    super(detail);
    this.lasting = status !== undefined && !PASSING.includes(status);
  }
}

const SILENT = "The server does not answer; is intone serve still running?";
const BROKEN = "The connection broke off before the answer came; try again";

export class Api {
  #token = "";

  /**
   * @param {(refused: boolean) => Promise<string>} askToken  asks a person, and throws where they
   *   give none
   */
  constructor(askToken) {
    this.askToken = askToken;
  }

  /** @returns {Promise<{models: ModelFacts[], limits: Limits}>} */
  async models() {
    return (await this.#request("v1/models")).json();
  }

  /**
   * Have a sound heard; tells on the way how much of it has been.
   * @param {Sound} sound
   * @param {Settings} settings
   * @param {object} options
   * @param {AbortSignal} options.signal  that nobody waits any more
   * @param {(seconds: number, of: number | null) => void} options.onProgress
   * @returns {Promise<Timeline>}
   */
  async timeline(sound, settings, { signal, onProgress }) {
    const asked = { name: sound.name.slice(-NAME), ...settings };
    const given = Object.entries(asked).filter(([, value]) => value);
    const response = await this.#request(`v1/timeline?${new URLSearchParams(given)}`, {
      method: "POST",
      body: sound.blob,
      headers: { Accept: "text/event-stream", "Content-Type": "application/octet-stream" },
      signal,
    });
    for await (const { event, data } of events(response)) {
      if (event === "progress") onProgress(data.seconds, data.of);
      else if (event === "timeline") return data;
      else if (event === "problem") throw new Problem(data.detail, data.status);
    }
    throw new Problem(BROKEN);
  }

  /** @returns {Promise<Sound>} made speech that comes with the page */
  async example() {
    const response = await reached(`static/${EXAMPLE}`, {});
    return { name: EXAMPLE, blob: await response.blob() };
  }

  /**
   * Open a live stream of mono samples in 16 bits.
   * @param {number} rate  Hz
   * @param {Listener} listener
   */
  stream(rate, listener) {
    return new Stream(rate, this.#token, listener);
  }

  /** @param {string} path @param {RequestInit} [options] @returns {Promise<Response>} */
  async #request(path, options = {}) {
    for (;;) {
      const headers = new Headers(options.headers);
      if (this.#token) headers.set("Authorization", `Bearer ${this.#token}`);
      const response = await reached(path, { ...options, headers });
      if (response.ok) return response;
      if (response.status !== 401) throw await problem(response);
      this.#token = await this.askToken(Boolean(this.#token));
    }
  }
}

/** @typedef {{timeline?: Timeline, problem?: Problem}} Ending  both where it ended too early */

/**
 * @typedef {object} Listener
 * @property {(window: Part) => void} onWindow
 * @property {(ending: Ending) => void} onEnd
 */

/** A live stream: samples in, windows out, and a timeline at the end. */
class Stream {
  #over = false; // once nothing more is to be told

  /** @param {number} rate @param {string} token @param {Listener} listener */
  constructor(rate, token, listener) {
    const url = new URL(`v1/stream?rate=${rate}&format=s16le`, document.baseURI);
    url.protocol = url.protocol.replace("http", "ws");
    this.socket = new WebSocket(url, token ? ["intone.v1", `bearer.${token}`] : ["intone.v1"]);
    /** @type {(Samples | string)[]} */
    this.waiting = [];
    /** @type {Ending} */
    const ending = {};
    this.socket.onopen = () => this.waiting.splice(0).forEach(message => this.send(message));
    this.socket.onmessage = ({ data }) => {
      const { type, ...message } = JSON.parse(data);
      if (type === "window" && !this.#over) listener.onWindow(message);
      else if (type === "timeline") ending.timeline = message;
      else if (type === "problem") ending.problem = new Problem(message.detail, message.status);
    };
    this.socket.onclose = () => {
      if (!ending.timeline) ending.problem ??= new Problem(BROKEN);
      if (!this.#over) listener.onEnd(ending);
    };
  }

  /** @param {Samples | string} message  samples, as a rule */
  send(message) {
    if (this.socket.readyState === WebSocket.CONNECTING) this.waiting.push(message);
    else this.socket.send(message);
  }

  /** No more samples; the timeline comes. */
  end() {
    this.send(JSON.stringify({ type: "end" }));
  }

  /** Nothing more is wanted. */
  close() {
    this.#over = true;
    this.socket.close();
  }
}

/** @param {string} path @param {RequestInit} options */
async function reached(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(SILENT);
  }
}

/** @param {Response} response */
async function problem(response) {
  const said = await response.json().catch(() => null);
  return new Problem(said?.detail ?? `The server answered ${response.status}`, response.status);
}
