import type { GpsFix } from "./ekf/estimator.js";

/** GPS_TYPE of a receiver that is a MAVLink message. */
const MAVLINK_GPS = 14;
const FRESH_US = 1_000_000;
/** A GPS whose samples are farther apart than this does not count as healthy (5 Hz is the least). */
const HEALTHY_INTERVAL_US = 245_000;

/** A GPS_INPUT as it arrived. */
export interface GpsInputSample extends Omit<GpsFix, "t_us"> {
  readonly gpsId: number;
  readonly fixType: number;
  readonly satellites: number;
}

/** ArduPilot's choice among its GPS receivers: the own one, and those that are messages of a companion. */
export class GpsInputs {
  readonly #parameter: (name: string) => number;
  #waiting: GpsFix | null = null;
  #arrived_us = Number.NEGATIVE_INFINITY;
  #interval_us = Number.POSITIVE_INFINITY;
  #ownAt_us = Number.NEGATIVE_INFINITY;
  #last: GpsInputSample | null = null;

  constructor(parameter: (name: string) => number) {
    this.#parameter = parameter;
  }

  /** The newest GPS_INPUT, for GPS_RAW_INT. */
  get last(): GpsInputSample | null {
    return this.#last;
  }

  /** Takes a GPS_INPUT; without a receiver of that type it has no effect. */
  receive(sample: GpsInputSample, t_us: number): void {
    const instance = this.#instance();
    if (instance === null) return;
    const interval_us = t_us - this.#arrived_us;
    this.#interval_us = Number.isFinite(this.#interval_us) ? 0.7 * this.#interval_us + 0.3 * interval_us : interval_us;
    this.#arrived_us = t_us;
    this.#last = sample;
    if (sample.fixType < 3 || sample.satellites < 6) return;
    this.#waiting = { ...sample, t_us: t_us - this.#parameter(`GPS${instance}_DELAY_MS`) * 1000 };
  }

  /** The fix of the primary receiver that arrived in this step: the first one, or the second after the first fell silent. */
  choose(own: GpsFix | null, t_us: number): GpsFix | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (own !== null) this.#ownAt_us = t_us;
    const instance = this.#instance();
    if (instance === 1) return waiting;
    if (own !== null || instance === null) return own;
    const silent = t_us - this.#ownAt_us > FRESH_US / 2;
    return silent && this.#parameter("GPS_AUTO_SWITCH") !== 0 ? waiting : null;
  }

  /** Why GPS_INPUT as the first receiver does not let the vehicle arm; null when it does. */
  problem(t_us: number): string | null {
    if (this.#instance() !== 1) return null;
    if (t_us - this.#arrived_us > FRESH_US || this.#interval_us > HEALTHY_INTERVAL_US) return "GPS 1: not healthy";
    if (this.#last === null || this.#last.fixType < 3) return "GPS 1: Bad fix";
    return null;
  }

  #instance(): 1 | 2 | null {
    if (this.#parameter("GPS1_TYPE") === MAVLINK_GPS) return 1;
    return this.#parameter("GPS2_TYPE") === MAVLINK_GPS ? 2 : null;
  }
}
