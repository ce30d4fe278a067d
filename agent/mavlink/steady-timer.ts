import { REAL_SCHEDULER, type Scheduler } from "./scheduler.js";

/** How late the ticks of a timer were. */
export interface Lateness {
  /** Ticks so far. */
  readonly ticks: number;
  /** Times that passed without a tick because the process was busy for longer than a period. */
  readonly missed: number;
  /** Of the last 600 ticks, microseconds after the time at which they were due; 0 before the first. */
  readonly p50_us: number;
  readonly p99_us: number;
  /** Of all ticks. */
  readonly max_us: number;
}

/** Ticks whose lateness is kept: ten minutes of heartbeats. */
const KEPT = 600;

/**
 * Ticks at fixed times: start, start + period, start + 2 periods, ... Each time is counted from the first, so lateness
 * does not add up, as it does with `setInterval`. Times that have passed while the process was busy are left out and
 * counted, never made up for.
 */
export class SteadyTimer {
  readonly #period_us: number;
  readonly #tick: (now_us: number) => void;
  readonly #scheduler: Scheduler;
  readonly #late_us = new Float64Array(KEPT);
  #ticks = 0;
  #missed = 0;
  #max_us = 0;
  #due_us = 0;
  #cancel: (() => void) | null = null;

  /** `tick` must not throw: it is given the time at which it runs, agent clock. */
  constructor(period_ms: number, tick: (now_us: number) => void, scheduler: Scheduler = REAL_SCHEDULER) {
    if (!(period_ms > 0)) throw new RangeError(`a period of ${period_ms} ms`);
    this.#period_us = period_ms * 1000;
    this.#tick = tick;
    this.#scheduler = scheduler;
  }

  /** Ticks now, and from now on every period. */
  start(): void {
    if (this.#cancel !== null) return;
    this.#due_us = this.#scheduler.now_us();
    this.#run(this.#due_us);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  get lateness(): Lateness {
    const kept = this.#late_us.slice(0, Math.min(this.#ticks, KEPT)).sort();
    const at = (share: number) => kept[Math.min(kept.length - 1, Math.floor(kept.length * share))] ?? 0;
    return { ticks: this.#ticks, missed: this.#missed, p50_us: at(0.5), p99_us: at(0.99), max_us: this.#max_us };
  }

  #wake(): void {
    const now_us = this.#scheduler.now_us();
    // Timers count whole milliseconds and may come a little early.
    if (now_us < this.#due_us) this.#arm(now_us);
    else this.#run(now_us);
  }

  #run(now_us: number): void {
    const late_us = now_us - this.#due_us;
    this.#late_us[this.#ticks % KEPT] = late_us;
    this.#ticks++;
    this.#max_us = Math.max(this.#max_us, late_us);
    const skipped = Math.floor(late_us / this.#period_us);
    this.#missed += skipped;
    this.#due_us += (skipped + 1) * this.#period_us;
    this.#arm(now_us);
    this.#tick(now_us);
  }

  #arm(now_us: number): void {
    this.#cancel = this.#scheduler.after(Math.max(1, Math.ceil((this.#due_us - now_us) / 1000)), () => this.#wake());
  }
}
