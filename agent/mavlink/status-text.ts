import { common } from "node-mavlink";
import { REAL_SCHEDULER, type Scheduler } from "./scheduler.js";

/** MAV_SEVERITY, by name. */
export const SEVERITIES = ["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Characters in one STATUSTEXT. */
const CHUNK = 50;
/** More than this no ground station shows, and a slow link suffers. */
const MAX_TEXT = 200;
const REPEAT_US = 10_000_000;
/** Different texts in `REPEAT_US`, beyond which only errors and worse pass. */
const MAX_TEXTS = 10;

/** What every STATUSTEXT must be made of: one byte a character, printable. */
function plain(text: string): string {
  const ascii = text.normalize("NFKD").replace(/\p{M}/gu, "");
  return ascii.replace(/[^\x20-\x7e]/gu, "?").slice(0, MAX_TEXT);
}

/**
 * A text as STATUSTEXT messages: one up to 50 characters, else chunks of 50 that a ground station puts together by `id`
 * (1..65535). The end of a chunked text is a chunk with room left, so a text of exactly 100 characters has a third, empty
 * one. What is not ASCII becomes the nearest letter, or a question mark; the text is cut at 200 characters.
 */
export function statusTextMessages(severity: Severity, text: string, id: number): common.StatusText[] {
  const letters = plain(text);
  const chunked = letters.length > CHUNK;
  const count = chunked ? Math.floor(letters.length / CHUNK) + 1 : 1;
  return Array.from({ length: count }, (_, at) => {
    const message = new common.StatusText();
    message.severity = SEVERITIES.indexOf(severity);
    message.text = letters.slice(at * CHUNK, (at + 1) * CHUNK);
    message.id = chunked ? id : 0;
    message.chunkSeq = chunked ? at : 0;
    return message;
  });
}

/** Tells operators things without flooding them: the same text at most every 10 s, ten texts in that time. */
export class StatusTextSender {
  readonly #send: (message: common.StatusText) => void;
  readonly #scheduler: Scheduler;
  /** Text with its severity -> when it was said last. */
  readonly #said = new Map<string, number>();
  #id = 0;
  #suppressed = 0;

  constructor(send: (message: common.StatusText) => void, scheduler: Scheduler = REAL_SCHEDULER) {
    this.#send = send;
    this.#scheduler = scheduler;
  }

  /** Texts not sent because they were said a moment ago, or because there were too many. */
  get suppressed(): number {
    return this.#suppressed;
  }

  /** Sends a text; false when it was held back. */
  say(severity: Severity, text: string): boolean {
    const now_us = this.#scheduler.now_us();
    for (const [said, at_us] of this.#said) if (now_us - at_us >= REPEAT_US) this.#said.delete(said);
    const key = `${severity} ${plain(text)}`;
    const grave = SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf("error");
    if (this.#said.has(key) || (this.#said.size >= MAX_TEXTS && !grave)) {
      this.#suppressed++;
      return false;
    }
    this.#said.set(key, now_us);
    this.#id = (this.#id % 0xffff) + 1;
    for (const message of statusTextMessages(severity, text, this.#id)) this.#send(message);
    return true;
  }
}
