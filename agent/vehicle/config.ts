import type { TiltConfig } from "./tilt.js";
import type { BufferReach } from "./time-buffer.js";
import type { AglSource } from "./vehicle-state.js";

/** How sure a height is, and how old it may be. */
export interface HeightConfig {
  /** 1-sigma: the root of the sum of squares of a fixed part, metres, and a share of the height. */
  readonly sigma_m: number;
  readonly sigma_share: number;
  /** Growth of the 1-sigma with the time to the nearest message, metres per second: ground and climb nobody told of. */
  readonly drift_mps: number;
  /** Messages further apart than this are not joined. */
  readonly gap_ms: number;
  /** How long the newest message holds. */
  readonly hold_ms: number;
}

/** Times, limits and sigmas of the vehicle model. */
export interface VehicleConfig {
  /** How long messages are kept for frames that are still being worked on. */
  readonly history_s: number;
  /** Attitudes further apart than this are not joined. */
  readonly attitude_gap_ms: number;
  /** How long the last attitude is carried on with its rates. */
  readonly attitude_hold_ms: number;
  readonly velocity_gap_ms: number;
  readonly velocity_hold_ms: number;
  readonly height: Readonly<Record<AglSource, HeightConfig>>;
  readonly tilt: TiltConfig;
  /** Steeper than this a range along the body's axis says little of the height below. */
  readonly rangefinder_max_tilt_deg: number;
  /** Limits for a rangefinder that tells none (RANGEFINDER), metres. */
  readonly rangefinder_min_m: number;
  readonly rangefinder_max_m: number;
  /** Without a HEARTBEAT for this long the vehicle is not alive. */
  readonly heartbeat_timeout_ms: number;
  /** A status message (EKF, GPS, position) counts for this long. */
  readonly status_timeout_ms: number;
  /** The EKF's position is valid only after its flags have said so for this long without a break. */
  readonly ekf_settle_ms: number;
}

/**
 * The defaults. A rangefinder measures to whatever is below (roofs, crowns); the terrain model of an autopilot is good
 * to some metres; a height over the take-off place knows nothing of the ground's relief.
 */
export const DEFAULT_VEHICLE_CONFIG: VehicleConfig = {
  history_s: 5,
  attitude_gap_ms: 250,
  attitude_hold_ms: 100,
  // Streams of 4 or 5 Hz are usual; a vehicle that brakes at 5 m/s2 is within 0.2 m/s half way between two of them.
  velocity_gap_ms: 500,
  velocity_hold_ms: 300,
  height: {
    rangefinder: { sigma_m: 0.3, sigma_share: 0.02, drift_mps: 1, gap_ms: 1000, hold_ms: 700 },
    terrain: { sigma_m: 5, sigma_share: 0.02, drift_mps: 1, gap_ms: 3000, hold_ms: 3000 },
    relative: { sigma_m: 5, sigma_share: 0.05, drift_mps: 1, gap_ms: 1500, hold_ms: 1000 },
  },
  // PX4 in its simulator, leaning by 36 degrees: 0.9 to 1.3 degrees per axis with GPS, 1.5 without, the budget's 1 included.
  tilt: { per_lean: 0.02, per_lean_unaided: 0.04, clock_sigma_ms: 10 },
  rangefinder_max_tilt_deg: 45,
  rangefinder_min_m: 0.2,
  rangefinder_max_m: 150,
  heartbeat_timeout_ms: 3000,
  status_timeout_ms: 3000,
  ekf_settle_ms: 2000,
};

/** A gap and a hold in milliseconds, as the buffers want them. */
export function reach(gap_ms: number, hold_ms: number): BufferReach {
  return { gap_us: gap_ms * 1000, hold_us: hold_ms * 1000 };
}
