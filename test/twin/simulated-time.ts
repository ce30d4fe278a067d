import type { Scheduler } from "../../agent/mavlink/scheduler.js";

interface Task {
  readonly at_us: number;
  readonly run: () => void | Promise<void>;
}

/**
 * A clock that moves only when the flight does. What takes real time (networks, rendering) is waited for at the moment at
 * which it is due in the flight, so that a flight is the same on any computer, however busy.
 */
export class SimulatedTime implements Scheduler {
  #now_us: number;
  #tasks: Task[] = [];

  constructor(start_us: number) {
    this.#now_us = start_us;
  }

  now_us(): number {
    return this.#now_us;
  }

  after(delay_ms: number, run: () => void): () => void {
    return this.at(this.#now_us + delay_ms * 1000, run);
  }

  /** Runs something at a time, and waits for it. */
  at(at_us: number, run: () => void | Promise<void>): () => void {
    const task = { at_us, run };
    // Behind those of the same time: they run in the order in which they were asked for.
    const place = this.#tasks.findLastIndex((other) => other.at_us <= at_us);
    this.#tasks.splice(place + 1, 0, task);
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== task);
    };
  }

  /** The answer of some work, `delay_us` from now whatever it took. */
  late<T>(delay_us: number, work: Promise<T>): Promise<T> {
    // It is looked at when it is due; until then a failure has nobody who hears it.
    work.catch(() => undefined);
    return new Promise((resolve, reject) => {
      this.at(this.#now_us + delay_us, () => work.then(resolve, reject));
    });
  }

  /** Moves on to a time; what falls due on the way runs. */
  async advance(to_us: number): Promise<void> {
    for (let next = this.#tasks[0]; next !== undefined && next.at_us <= to_us; next = this.#tasks[0]) {
      this.#tasks.shift();
      this.#now_us = Math.max(this.#now_us, next.at_us);
      await next.run();
      // What the answers set in motion happens at this time, before anything later.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now_us = to_us;
  }
}
