import { UserError } from "../../../tiles/errors.js";
import type { LinkHandlers, LinkTimes, MavlinkLink } from "./link.js";

/** A link that is made again, for ever, with pauses that grow. Its kinds say how one attempt is made. */
export abstract class ReconnectingLink implements MavlinkLink {
  readonly localPort = null;
  protected readonly handlers: LinkHandlers;
  readonly #times: LinkTimes;
  #up = false;
  #closed = false;
  #retry: NodeJS.Timeout | null = null;
  #pause_ms: number;
  /** Called on the first connection; afterwards the link looks after itself. */
  #connected: (() => void) | null = null;
  #reason: string | null = null;
  #noted: string | null = null;

  constructor(
    readonly url: string,
    handlers: LinkHandlers,
    times: LinkTimes,
  ) {
    this.handlers = handlers;
    this.#times = times;
    this.#pause_ms = times.retryMin_ms;
  }

  get up(): boolean {
    return this.#up;
  }

  protected get closed(): boolean {
    return this.#closed;
  }

  abstract send(frame: Uint8Array): Promise<boolean>;

  /** Begins one attempt, which ends in `wentUp` or `wentDown`. */
  protected abstract connect(): void;

  /** Gives back what an attempt or a connection holds. */
  protected abstract disconnect(): Promise<void>;

  /** What a UserError about a first connection that does not come about asks. */
  protected abstract readonly question: string;

  /** Resolves with the first connection, or at once if it is not to be waited for; rejects if there is none in time. */
  async open(): Promise<void> {
    if (this.#times.connect_ms === 0) {
      this.connect();
      return;
    }
    const first = new Promise<"up">((resolve) => {
      this.#connected = () => resolve("up");
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), this.#times.connect_ms);
    });
    this.connect();
    const outcome = await Promise.race([first, late]);
    clearTimeout(timer);
    if (outcome === "up") return;
    await this.close();
    const reason = this.#reason ?? "no answer";
    throw new UserError(
      `MAVLink link ${this.url}: no connection within ${this.#times.connect_ms / 1000} s (${reason}); ${this.question}`,
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    await this.disconnect();
    this.#up = false;
  }

  protected wentUp(): void {
    if (this.#closed) return;
    this.#up = true;
    this.#pause_ms = this.#times.retryMin_ms;
    if (this.#noted !== null) this.handlers.note?.(`MAVLink link ${this.url}: up again`);
    this.#noted = null;
    this.#reason = null;
    this.handlers.state?.(true);
    this.#connected?.();
    this.#connected = null;
  }

  /** The reason is noted once, not with every attempt. */
  protected wentDown(reason: string | null): void {
    const wasUp = this.#up;
    this.#up = false;
    if (this.#closed) return;
    this.#reason = reason ?? this.#reason;
    const text = this.#reason ?? "the connection ended";
    if (text !== this.#noted) this.handlers.note?.(`MAVLink link ${this.url}: ${text}; trying again until it is up`);
    this.#noted = text;
    if (wasUp) this.handlers.state?.(false);
    this.#retry = setTimeout(() => this.connect(), this.#pause_ms);
    this.#pause_ms = Math.min(this.#pause_ms * 2, this.#times.retryMax_ms);
  }
}
