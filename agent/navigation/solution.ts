import type { Covariance2 } from "../fix.js";

/** What a guarded thing is doing: off, collecting what it needs to begin, or working. */
export type NavigationState = "stopped" | "starting" | "active";

/** One named condition on which publishing depends, and whether it holds now. */
export interface GateState {
  readonly name: string;
  readonly holds: boolean;
  /** What was measured, for people: "2 of 3 fixes agree", "innovation 4.1 sigma of 3.0". */
  readonly detail: string;
}

/** Where the vehicle is, at the time of the solution that it belongs to. */
export interface NavigationPosition {
  readonly lat_deg: number;
  readonly lon_deg: number;
  /** Covariance of the horizontal position, square metres, north and east. */
  readonly cov_ne_m2: Covariance2;
  /** 1-sigma horizontal error: the square root of the covariance's trace, metres. */
  readonly eph_m: number;
  /** The radius that the error exceeds with at most the stated integrity risk, metres. */
  readonly protection_level_m: number;
  /** Velocity over ground, metres per second, and its 1-sigma over both axes. */
  readonly velocity_ne_mps: { readonly north: number; readonly east: number };
  readonly velocity_sigma_mps: number;
  /** Belief that lies around the position, 0..1. */
  readonly belief: number;
  /** Estimated error of the autopilot's heading: degrees to add to the reported yaw, and its 1-sigma. */
  readonly heading_offset_deg: number;
  readonly heading_offset_sigma_deg: number;
  /** Counts deliberate jumps, 0 to 255 and round again: it changes in the very solution that jumps, and never else. */
  readonly reset_counter: number;
  /** Capture time of the newest fix that is in it, microseconds. */
  readonly fix_t_us: number;
  /** Counts the fixes that entered: a new value means new information, the same value only propagation. */
  readonly fix_count: number;
}

/** What navigation says at one time. */
export interface NavigationSolution {
  /** The time for which it holds, microseconds on the agent's clock. */
  readonly t_us: number;
  readonly state: NavigationState;
  /** A position that may be flown on, or null: then nothing may be published. */
  readonly position: NavigationPosition | null;
  /** Why there is no position, in a word; null when there is one. */
  readonly reason: string | null;
  /** All gates, those that hold and those that do not. */
  readonly gates: readonly GateState[];
}
