import type { EulerAngles } from "../../tiles/geometry/rotation.js";
import type { Vehicle } from "../mavlink/identity.js";

/** Where a height above ground comes from, best first. */
export const AGL_SOURCES = ["rangefinder", "terrain", "relative"] as const;
export type AglSource = (typeof AGL_SOURCES)[number];

/** Attitude, height and velocity of the vehicle at one time, interpolated between its messages. */
export interface VehiclePose {
  readonly t_us: number;
  /** Body attitude, aerospace convention, degrees; yaw from true north. */
  readonly attitude: EulerAngles;
  /** 1-sigma of roll and of pitch beyond the error budget, degrees: by lean, by turning, by what aids the autopilot. */
  readonly tilt_sigma_deg: number;
  /** Height above ground, metres, its 1-sigma, and where it comes from; null when nothing tells it. */
  readonly agl: { readonly agl_m: number; readonly sigma_m: number; readonly source: AglSource } | null;
  /** The autopilot's own velocity over ground, metres per second, north-east; null when it tells none. */
  readonly velocity_ne_mps: { readonly north: number; readonly east: number } | null;
  /** That velocity is measured by something of the autopilot's own (GPS), not by what this agent tells it. */
  readonly velocity_own: boolean;
}

/** What the vehicle says of itself; null where it has not said it. */
export interface VehicleStatus {
  readonly vehicle: Vehicle | null;
  /** HEARTBEATs come. */
  readonly alive: boolean;
  readonly armed: boolean | null;
  /** Name of the flight mode, or its number where the name is not known. */
  readonly mode: string | null;
  /** Flags of EKF_STATUS_REPORT or ESTIMATOR_STATUS, raw. */
  readonly ekf_flags: number | null;
  /** The EKF has an absolute horizontal position that is not "constant position". */
  readonly ekf_position_valid: boolean | null;
  /** The GPS that the autopilot reports: fix type of GPS_RAW_INT, 3 and more is a 3D fix. */
  readonly gps_fix_type: number | null;
  /** The autopilot's own estimate of where it is. */
  readonly position: { readonly lat_deg: number; readonly lon_deg: number; readonly alt_m: number } | null;
  /** Origin of its local frame. */
  readonly origin: { readonly lat_deg: number; readonly lon_deg: number; readonly alt_m: number } | null;
}

/** The vehicle as far as its messages tell. */
export interface VehicleModel {
  /**
   * The pose at a time; null when the messages around it are missing or too far apart.
   *
   * @param t_us agent clock; may lie up to 100 ms after the newest message, then the last rates are carried on
   */
  poseAt(t_us: number): VehiclePose | null;
  readonly status: VehicleStatus;
}
