import type { LatLon } from "../../../agent/mavlink/local-frame.js";
import type { Horizontal } from "./filter.js";

/** Why an estimate jumped. "timeout" is the jump that nobody asked for: what was refused for long is believed. */
export type ResetCause =
  | "start"
  | "source_switch"
  | "reset_counter"
  | "timeout"
  | "external_position"
  | "aiding_restarted";

/** The origin of the local frame. */
export interface GeoPoint extends LatLon {
  readonly alt_m: number;
}

/** A measurement of a GPS, or of what claims to be one. */
export interface GpsFix extends GeoPoint {
  /** When it was true by the reckoning of the autopilot, microseconds since boot. */
  readonly t_us: number;
  readonly sigma_m: number;
  /** m/s; null when the receiver gives none. */
  readonly velocity: { readonly vn_mps: number; readonly ve_mps: number } | null;
}

/** What an EKF tells of what it does. */
export interface EstimatorEvents {
  reset(cause: ResetCause, jump_m: number, source: string): void;
  text(severity: number, text: string): void;
  origin(origin: GeoPoint): void;
}

/** One step of what an EKF measures by itself. */
export interface EstimatorInput {
  readonly t_us: number;
  readonly an_mps2: number;
  readonly ae_mps2: number;
  readonly yaw_rad: number;
  /** m/s, null without a sensor. */
  readonly airspeed_mps: number | null;
  readonly gps: GpsFix | null;
  readonly inAir: boolean;
}

/** The horizontal estimate of an autopilot, as far as others may see it. */
export interface Estimator {
  step(input: EstimatorInput): void;
  readonly horizontal: Horizontal;
  readonly origin: GeoPoint | null;
  setOrigin(origin: GeoPoint): boolean;
  /** EKF_STATUS_REPORT.flags or ESTIMATOR_STATUS.flags. */
  readonly flags: number;
  /** A horizontal position that can be flown on. */
  readonly positionOk: boolean;
  /** Last test ratio of position and velocity: 1 = at the gate. */
  readonly positionRatio: number;
  readonly velocityRatio: number;
  readonly positionSigma_m: number;
}
