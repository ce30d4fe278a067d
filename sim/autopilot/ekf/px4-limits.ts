import type { EstimatorEvents } from "./estimator.js";

/** The fusion horizon as a part of EKF2_DELAY_MAX (measured), and how much older a sample may be. */
export const HORIZON_PART = 0.78;
export const OLDER_THAN_HORIZON_US = 100_000;
/** Gates: EKF2_AGP0_GATE, EKF2_EVP_GATE, EKF2_GPS_P_GATE. */
export const GLOBAL_GATE = 3;
export const VISION_GATE = 5;
export const GPS_GATE = 5;
/** What was refused for this long is believed. */
export const RESET_AFTER_US = 7_000_000;
/** Without a sample for this long GLOBAL_POSITION_SENSOR stops. */
export const GLOBAL_STOPS_US = 5_000_000;
/** Without anything fused for this long the position is invalid: any aiding, and GPS (measured). */
export const VALID_AFTER_AID_US = 5_000_000;
export const VALID_AFTER_GPS_US = 4_000_000;
/** 43003: a hard reset below this accuracy or beyond this many sigma. */
export const HARD_RESET_ACCURACY_M = 1;
export const HARD_RESET_SIGMA = 5;
export const NAN_SHOWS_US = 1_000_000;

/** Deviation of the velocity when aiding begins in flight and nothing tells it, m/s. */
export const UNKNOWN_VELOCITY_MPS = 5;

export interface Px4EkfOptions {
  readonly parameter: (name: string) => number;
  readonly events: EstimatorEvents;
  readonly ready_us: number;
}
