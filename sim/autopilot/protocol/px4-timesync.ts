/** Answers that came back faster than this count, and so many make the clocks converged (50 s at 10 Hz). */
const GOOD_ROUND_TRIP_US = 10_000;
const CONVERGED_AFTER = 500;
const FILTER = 0.05;

/** PX4's side of TIMESYNC on one link: how a companion's clock lies against its own. */
export class Px4TimeSync {
  #offset_us = 0;
  #good = 0;

  /** An answer to our request: sent and received on our clock, `remote_us` on the other. */
  answered(sent_us: number, remote_us: number, received_us: number): void {
    if (received_us - sent_us > GOOD_ROUND_TRIP_US || received_us < sent_us) return;
    const offset_us = (sent_us + received_us) / 2 - remote_us;
    this.#offset_us = this.#good === 0 ? offset_us : this.#offset_us + FILTER * (offset_us - this.#offset_us);
    this.#good++;
  }

  get converged(): boolean {
    return this.#good >= CONVERGED_AFTER;
  }

  /** A time of the other clock on ours, microseconds; null until the clocks have converged. */
  toLocal(remote_us: number): number | null {
    return this.converged ? remote_us + this.#offset_us : null;
  }
}
