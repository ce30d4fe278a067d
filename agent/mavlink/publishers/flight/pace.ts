/**
 * Says when it is time to send again. The period is kept on average, with jitter of the caller evened out; after a pause
 * nothing is caught up.
 */
export class Pace {
  readonly #period_us: number;
  #next_us = Number.NEGATIVE_INFINITY;

  constructor(rate_hz: number) {
    this.#period_us = 1e6 / rate_hz;
  }

  /** True at most `rate_hz` times a second; a call that is a tenth of a period early counts as on time. */
  due(now_us: number): boolean {
    if (now_us < this.#next_us - this.#period_us / 10) return false;
    const late = now_us - this.#next_us > this.#period_us / 2;
    this.#next_us = (late ? now_us : this.#next_us) + this.#period_us;
    return true;
  }
}
