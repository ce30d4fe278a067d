import type { common } from "node-mavlink";
import { type Severity, statusTextMessages } from "../../status-text.js";

/** A subject is not come back to before this long, whatever figures the text then has. */
const AGAIN_US = 30_000_000;

/** Notes to the operator, as STATUSTEXT: each subject at once, and again only after half a minute. */
export class OperatorNotes {
  readonly #said = new Map<string, number>();
  #pending: common.StatusText[] = [];
  #id = 0;

  /** Queues a note, unless something was said on this subject a moment ago. Subjects are few and fixed words. */
  say(subject: string, severity: Severity, text: string, now_us: number): void {
    const last_us = this.#said.get(subject);
    if (last_us !== undefined && now_us - last_us < AGAIN_US) return;
    this.#said.set(subject, now_us);
    this.#id = (this.#id % 0xffff) + 1;
    this.#pending.push(...statusTextMessages(severity, `SkyLink: ${text}`, this.#id));
  }

  /** The messages to send now, in order. */
  drain(): readonly common.StatusText[] {
    const messages = this.#pending;
    this.#pending = [];
    return messages;
  }
}
