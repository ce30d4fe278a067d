import { setImmediate as turn } from "node:timers/promises";
import type { Scheduler } from "../../../agent/mavlink/scheduler.js";

/** A clock that stands still until it is told to go on. */
export class FakeScheduler implements Scheduler {
  #now_us: number;
  #timers: { at_us: number; run: () => void }[] = [];
  /** How late the next timers fire, in the order of firing: a process that is busy. */
  readonly delays_us: number[] = [];

  constructor(now_us = 1_000_000) {
    this.#now_us = now_us;
  }

  now_us(): number {
    return this.#now_us;
  }

  after(delay_ms: number, run: () => void): () => void {
    const timer = { at_us: this.#now_us + delay_ms * 1000, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get pending(): number {
    return this.#timers.length;
  }

  /** Lets the time pass, and everything that waits for it run. */
  async advance(by_ms: number): Promise<void> {
    const end_us = this.#now_us + by_ms * 1000;
    for (;;) {
      await turn();
      const next = this.#timers.reduce<{ at_us: number; run: () => void } | null>(
        (first, timer) => (first === null || timer.at_us < first.at_us ? timer : first),
        null,
      );
      if (next === null || next.at_us > end_us) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now_us = Math.max(this.#now_us, next.at_us + (this.delays_us.shift() ?? 0));
      next.run();
    }
    this.#now_us = Math.max(this.#now_us, end_us);
    await turn();
  }
}
