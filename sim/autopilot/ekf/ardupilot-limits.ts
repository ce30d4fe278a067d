import type { EstimatorEvents, GpsFix } from "./estimator.js";
import type { VisionMeasurement } from "./vision-receiver.js";

/** Values of EK3_SRCn_POSXY and VELXY. */
export const SOURCE_GPS = 3;
export const SOURCE_EXTERNAL = 6;
export const SOURCE_SETS = 3;

/** Refused beyond this many sigma (EK3_POS_I_GATE 500). */
export const GATE = 5;
/** GPS is taken within this distance whatever its sigma (EK3_GLITCH_RAD). */
export const GLITCH_RADIUS_M = 25;
/** Without a fix for this long the position counts as lost (measured); what comes then is believed at once. */
export const EXTERNAL_LOST_US = 7_000_000;
const GPS_LOST_COPTER_US = 8_200_000;
const GPS_LOST_PLANE_US = 10_300_000;
/** Without a fix for this long a vehicle without air speed stops aiding: constant position (measured). */
export const STOP_US = 15_000_000;
/** How long GPS must have been away before 43003 is taken. */
export const EXTERNAL_POSITION_AFTER_US = 1_000_000;
export const EXTERNAL_POSITION_OLDEST_US = 5_000_000;
/** A GPS that should give velocities and does not: the velocity test fails after this. */
export const VELOCITY_MISSING_US = 200_000;
export const GPS_DELAY_S = 0.22;
export const AIRSPEED_SIGMA_MPS = 2;
export const AIRSPEED_EVERY_US = 100_000;

/** Time without GPS after which the position counts as lost. */
export function gpsLost_us(plane: boolean): number {
  return plane ? GPS_LOST_PLANE_US : GPS_LOST_COPTER_US;
}

/** Times after power-on at which the filter gets ready, microseconds. */
export interface BootTimes {
  readonly initialised_us: number;
  readonly aligned_us: number;
  readonly ready_us: number;
  readonly origin_us: number;
  readonly gps_us: number;
}

export interface ArduPilotEkfOptions {
  readonly plane: boolean;
  readonly boot: BootTimes;
  /** Value of a parameter. */
  readonly parameter: (name: string) => number;
  readonly events: EstimatorEvents;
}

/** What waits for the horizon. */
export type Measurement = { readonly t_us: number } & (
  | ({ readonly kind: "external" } & VisionMeasurement)
  | { readonly kind: "gps"; readonly fix: GpsFix }
  | { readonly kind: "air"; readonly vn_mps: number; readonly ve_mps: number }
);

/** A position at the horizon, and how it is to be taken. */
export interface PositionUpdate {
  readonly source: string;
  readonly north_m: number;
  readonly east_m: number;
  readonly sigma_m: number;
  readonly gate: number;
  /** After so long without one that passed, it is believed whatever the gate says. */
  readonly lost_us: number;
  readonly counterChanged: boolean;
  readonly velocity: { readonly vn_mps: number; readonly ve_mps: number } | null;
}

/** Deviation of the velocity when aiding begins in flight and nothing tells it, m/s. */
export const UNKNOWN_VELOCITY_MPS = 5;
