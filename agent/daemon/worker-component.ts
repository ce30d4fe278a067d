import { errorMessage } from "../../tiles/errors.js";
import type { Scheduler } from "../mavlink/scheduler.js";
import type { WorkerClient } from "./parts.js";
import type { Component, Health } from "./supervisor.js";

/** An answer that takes longer than this does not come any more. */
const HANG_MS = 20_000;
/** So many faults one after the other, and the worker is started anew. */
const MOST_FAULTS = 5;
/** A worker in native code ends when that returns; nobody waits longer for it than this. */
const KILL_MS = 1200;

export interface WorkerTimes {
  readonly hang_ms: number;
  readonly kill_ms: number;
}

/** A worker thread that is supervised: started again when it dies, hangs, or does nothing but fail. */
export class WorkerComponent<Client extends WorkerClient> implements Component {
  readonly #open: () => Promise<Client>;
  readonly #scheduler: Scheduler;
  readonly #times: WorkerTimes;
  #client: Client | null = null;
  /** Counts starts: what belongs to a former one is dropped. */
  #start = 0;
  #asked_us: number | null = null;
  #faults = 0;
  #lastFault = "";
  #everUp = false;
  #firstFailure: unknown = null;

  constructor(
    readonly name: string,
    open: () => Promise<Client>,
    scheduler: Scheduler,
    times: Partial<WorkerTimes> = {},
  ) {
    this.#open = open;
    this.#scheduler = scheduler;
    this.#times = { hang_ms: HANG_MS, kill_ms: KILL_MS, ...times };
  }

  /** Why the very first start failed; null when it did not. */
  get firstFailure(): unknown {
    return this.#firstFailure;
  }

  /** The worker is there. */
  get up(): boolean {
    return this.#client !== null;
  }

  async start(failed: (reason: string) => void): Promise<void> {
    const start = ++this.#start;
    let client: Client;
    try {
      client = await this.#open();
    } catch (thrown) {
      if (!this.#everUp) this.#firstFailure ??= thrown;
      throw thrown;
    }
    if (start !== this.#start) {
      await this.#end(client);
      return;
    }
    this.#everUp = true;
    this.#client = client;
    this.#asked_us = null;
    this.#faults = 0;
    void client.died.then((reason) => {
      if (this.#client !== client) return;
      this.#client = null;
      failed(errorMessage(reason));
    });
  }

  async stop(): Promise<void> {
    this.#start++;
    const client = this.#client;
    this.#client = null;
    if (client !== null) await this.#end(client);
  }

  health(now_us: number): Health {
    if (this.#asked_us !== null && now_us - this.#asked_us > this.#times.hang_ms * 1000) {
      return { state: "failed", detail: `no answer for ${this.#times.hang_ms / 1000} s` };
    }
    if (this.#faults >= MOST_FAULTS) {
      return { state: "failed", detail: `${this.#faults} faults one after the other: ${this.#lastFault}` };
    }
    return this.#faults > 0 ? { state: "degraded", detail: this.#lastFault } : { state: "running", detail: "" };
  }

  /** Asks the worker one thing; null when it is not there, or the answer is a fault. One question at a time. */
  async ask<T>(question: (client: Client) => Promise<T>): Promise<T | null> {
    const client = this.#client;
    if (client === null) return null;
    this.#asked_us = this.#scheduler.now_us();
    try {
      const answer = await question(client);
      if (client === this.#client) this.#faults = 0;
      return answer;
    } catch (thrown) {
      if (client === this.#client) {
        this.#faults++;
        this.#lastFault = errorMessage(thrown);
      }
      return null;
    } finally {
      if (client === this.#client) this.#asked_us = null;
    }
  }

  async #end(client: Client): Promise<void> {
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      cancel = this.#scheduler.after(this.#times.kill_ms, resolve);
    });
    try {
      await Promise.race([client.kill(), late]);
    } finally {
      cancel();
    }
  }
}
