/** Longest delay that is believed, and after how many messages the correction is fitted anew (to follow slow clocks). */
const MAX_LAG_US = 500_000;
const WINDOW = 100;

/**
 * How ArduPilot brings the times of another computer onto its own clock: no absolute time, only the message with the
 * least delay so far counts as having none. A constant delay is therefore invisible to it, and two time bases on one link
 * destroy it.
 */
export class JitterCorrection {
  #offset_us: number | null = null;
  #least_us = Number.POSITIVE_INFINITY;
  #count = 0;

  /** `remote_us` of a message that arrived at `local_us`, on the local clock. */
  correct(remote_us: number, local_us: number): number {
    const difference = local_us - remote_us;
    if (this.#offset_us === null || difference < this.#offset_us) this.#offset_us = difference;
    let estimate = remote_us + this.#offset_us;
    if (estimate + MAX_LAG_US < local_us) {
      estimate = local_us - MAX_LAG_US;
      this.#offset_us = estimate - remote_us;
    }
    this.#least_us = Math.min(this.#least_us, difference);
    this.#count++;
    if (this.#count === WINDOW) {
      this.#offset_us = this.#least_us;
      this.#least_us = Number.POSITIVE_INFINITY;
      this.#count = 0;
    }
    return estimate;
  }
}
