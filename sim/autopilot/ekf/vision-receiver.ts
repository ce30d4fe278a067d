import { JitterCorrection } from "./jitter.js";

/** Shortest time between two external fixes: a repeat with the same time is none. */
const SHORTEST_INTERVAL_US = 20_000;
const LARGEST_ERROR_M = 100;

/** A fix of VISION_POSITION_ESTIMATE or ODOMETRY. */
export interface ExternalNav {
  /** Time stamp of the sender, microseconds, and when it arrived. */
  readonly remote_us: number;
  readonly arrival_us: number;
  readonly north_m: number;
  readonly east_m: number;
  /** Position variances north, east, down, m2; NaN where unknown. */
  readonly variances_m2: readonly [number, number, number];
  readonly resetCounter: number;
}

/** What the EKF is given of it. */
export interface VisionMeasurement {
  readonly t_us: number;
  readonly north_m: number;
  readonly east_m: number;
  readonly sigma_m: number;
  /** The reset counter has changed: take it whatever the gate says. */
  readonly reset: boolean;
}

/** ArduPilot's VisOdom: health, time, error and resets of what a companion says. */
export class VisionReceiver {
  readonly #parameter: (name: string) => number;
  readonly #jitter = new JitterCorrection();
  #resetCounter: number | null = null;
  #resetPending = false;
  #last_us = Number.NEGATIVE_INFINITY;
  /** When the last message arrived, whatever became of it: what VisOdom's health follows from. */
  heardAt_us = Number.NEGATIVE_INFINITY;

  constructor(parameter: (name: string) => number) {
    this.#parameter = parameter;
  }

  /** A time of the companion on the autopilot's clock, microseconds. */
  toLocal(remote_us: number, arrival_us: number): number {
    return this.#jitter.correct(remote_us, arrival_us);
  }

  /** What a message gives the EKF: null for a repeat, without VISO_TYPE, and for what is no position. */
  receive(nav: ExternalNav): VisionMeasurement | null {
    if (this.#parameter("VISO_TYPE") === 0) return null;
    this.heardAt_us = nav.arrival_us;
    if (this.#resetCounter !== null && nav.resetCounter !== this.#resetCounter) this.#resetPending = true;
    this.#resetCounter = nav.resetCounter;
    const corrected_us = this.toLocal(nav.remote_us, nav.arrival_us);
    if (corrected_us - this.#last_us < SHORTEST_INTERVAL_US) return null;
    this.#last_us = corrected_us;
    if (!Number.isFinite(nav.north_m) || !Number.isFinite(nav.east_m)) return null;
    const reset = this.#resetPending;
    this.#resetPending = false;
    const t_us = corrected_us - this.#parameter("VISO_DELAY_MS") * 1000;
    return { t_us, north_m: nav.north_m, east_m: nav.east_m, sigma_m: this.#sigma_m(nav.variances_m2), reset };
  }

  /** One error for all axes, from three variances: cbrt(c0^2 + c6^2 + c11^2), with VISO_POS_M_NSE as its floor. */
  #sigma_m([north, east, down]: ExternalNav["variances_m2"]): number {
    const stated_m = Math.cbrt(north ** 2 + east ** 2 + down ** 2);
    const floor_m = this.#parameter("VISO_POS_M_NSE");
    return Math.min(LARGEST_ERROR_M, Number.isNaN(stated_m) ? floor_m : Math.max(stated_m, floor_m));
  }
}
