import { percentile } from "../../agent/report/statistics.js";

const PERIOD_MS = 1000;
/** An interval that is longer has left one out. */
const MISSED_MS = 1.5 * PERIOD_MS;

/** How regularly heartbeats came. */
export interface HeartbeatReport {
  readonly received: number;
  /** Intervals of more than one and a half seconds. */
  readonly gaps: number;
  /** How far the intervals were from one second, milliseconds. */
  readonly jitter_ms: { readonly p50: number | null; readonly p99: number | null; readonly max: number | null };
}

/** Listens to heartbeats of 1 Hz as a ground station receives them. */
export class Heartbeats {
  readonly #off_ms: number[] = [];
  #last_us: number | null = null;
  #received = 0;
  #gaps = 0;

  /** One has come. @param t_us when */
  beat(t_us: number): void {
    this.#received++;
    const interval_ms = this.#last_us === null ? null : (t_us - this.#last_us) / 1000;
    this.#last_us = t_us;
    if (interval_ms === null) return;
    if (interval_ms > MISSED_MS) this.#gaps++;
    this.#off_ms.push(Math.abs(interval_ms - PERIOD_MS));
  }

  get report(): HeartbeatReport {
    const at = (fraction: number): number | null => {
      const value = percentile(this.#off_ms, fraction);
      return value === null ? null : Math.round(value * 100) / 100;
    };
    return { received: this.#received, gaps: this.#gaps, jitter_ms: { p50: at(0.5), p99: at(0.99), max: at(1) } };
  }
}
