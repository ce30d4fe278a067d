import { monotonic_us } from "../clock.js";

/** Time and timers, so that what waits can be tested without waiting. */
export interface Scheduler {
  /** Now, agent clock, microseconds. */
  now_us(): number;
  /** Calls `run` once after `delay_ms`; the function returned prevents it. */
  after(delay_ms: number, run: () => void): () => void;
}

/** The clock and the timers of this process. */
export const REAL_SCHEDULER: Scheduler = {
  now_us: monotonic_us,
  after(delay_ms, run) {
    const timer = setTimeout(run, delay_ms);
    return () => clearTimeout(timer);
  },
};
