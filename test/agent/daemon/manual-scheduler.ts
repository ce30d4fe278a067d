import type { Scheduler } from "../../../agent/mavlink/scheduler.js";

/** Time that moves only when the test says so. */
export class ManualScheduler implements Scheduler {
  #now_us = 0;
  #tasks: { readonly at_us: number; readonly order: number; readonly run: () => void }[] = [];
  #order = 0;

  now_us(): number {
    return this.#now_us;
  }

  after(delay_ms: number, run: () => void): () => void {
    const task = { at_us: this.#now_us + delay_ms * 1000, order: this.#order++, run };
    this.#tasks.push(task);
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== task);
    };
  }

  /** Lets time pass; what falls due runs in order, and so does what it promised. */
  async pass(ms: number): Promise<void> {
    const end_us = this.#now_us + ms * 1000;
    for (;;) {
      await settle();
      const [next] = this.#tasks
        .filter(({ at_us }) => at_us <= end_us)
        .sort((a, b) => a.at_us - b.at_us || a.order - b.order);
      if (next === undefined) break;
      this.#tasks = this.#tasks.filter((task) => task !== next);
      this.#now_us = Math.max(this.#now_us, next.at_us);
      next.run();
    }
    this.#now_us = end_us;
  }
}

/** Lets everything run that waits for nothing but its turn. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
