/** Pauses between attempts, milliseconds. */
export interface BackoffTimes {
  readonly min_ms: number;
  readonly max_ms: number;
  /** After working for this long the next pause is the shortest again. */
  readonly healthy_ms: number;
}

export const DEFAULT_BACKOFF: BackoffTimes = { min_ms: 500, max_ms: 30_000, healthy_ms: 60_000 };

/** Pauses that double with each failure, up to a limit, and begin anew after a time of health. */
export class Backoff {
  readonly #times: BackoffTimes;
  #next_ms: number;

  constructor(times: BackoffTimes = DEFAULT_BACKOFF) {
    this.#times = times;
    this.#next_ms = times.min_ms;
  }

  /** The pause before the next attempt, after something has worked for `worked_ms` and then failed. */
  next_ms(worked_ms: number): number {
    if (worked_ms >= this.#times.healthy_ms) this.#next_ms = this.#times.min_ms;
    const pause_ms = this.#next_ms;
    this.#next_ms = Math.min(pause_ms * 2, this.#times.max_ms);
    return pause_ms;
  }
}
