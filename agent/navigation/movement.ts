import type { NavigationConfig } from "./config.js";
import type { Estimator } from "./estimator/estimator.js";
import { turned, type Vector } from "./motion.js";

/** A velocity that nobody measures any more: its 1-sigma, how fast that grows, and where it ends. */
const VELOCITY_SIGMA_MPS = 1;
const VELOCITY_CHANGE_MPS2 = 2;
const SPEED_KNOWN_MPS = 8;
/** The autopilot's velocity is used for so long. */
const VELOCITY_FRESH_US = 1_000_000;

/** A displacement with its per-axis variance. */
interface Moved extends Vector {
  readonly variance_m2: number;
  /** Measured with the reported heading: with another heading offset it would be another one. */
  readonly by_heading: boolean;
}

/** How the vehicle moved between two times, by the best that is known of it. */
export class Movement {
  private velocity: { readonly t_us: number; readonly north: number; readonly east: number } | null = null;

  constructor(
    private readonly estimator: Estimator,
    private readonly config: NavigationConfig,
  ) {}

  /** The autopilot told its velocity over ground, metres per second. */
  heard(t_us: number, velocity: { readonly north: number; readonly east: number }): void {
    this.velocity = { t_us, ...velocity };
  }

  /**
   * Odometry where it saw all of the way, turned for a heading that was reported wrong by `heading_offset_rad`; else the
   * velocity that is known; else anything that the speed allows. The autopilot's velocity is over ground, whatever its
   * heading; that of the estimator came from odometry and its own heading offset, so another offset turns it.
   */
  readonly between = (from_us: number, to_us: number, heading_offset_rad: number): Moved => {
    const seen = this.estimator.displacement(from_us, to_us, heading_offset_rad);
    if (seen !== null) {
      const { heading_sigma_deg, scale_sigma } = this.config.estimator;
      const length_m = Math.hypot(seen.north_m, seen.east_m);
      const turn_rad = (heading_sigma_deg * Math.PI) / 180;
      const variance_m2 = seen.variance_m2 + (length_m * Math.hypot(turn_rad, scale_sigma)) ** 2;
      return { ...seen, variance_m2, by_heading: true };
    }
    const dt_s = (to_us - from_us) / 1e6;
    const sigma_m = Math.min(VELOCITY_SIGMA_MPS + 0.5 * VELOCITY_CHANGE_MPS2 * dt_s, SPEED_KNOWN_MPS) * dt_s;
    const variance_m2 = sigma_m ** 2;
    if (this.velocity !== null && Math.abs(to_us - this.velocity.t_us) < VELOCITY_FRESH_US) {
      const { north, east } = this.velocity;
      return { north_m: north * dt_s, east_m: east * dt_s, variance_m2, by_heading: false };
    }
    const state = this.estimator.stateAt(to_us);
    if (state !== null) {
      const way = { north_m: state.velocity.north * dt_s, east_m: state.velocity.east * dt_s };
      const other_rad = heading_offset_rad - state.heading_offset_rad;
      return { ...turned(way, other_rad), variance_m2, by_heading: true };
    }
    const farthest_m = this.config.integrity.max_speed_mps * dt_s;
    return { north_m: 0, east_m: 0, variance_m2: (farthest_m / 2) ** 2, by_heading: false };
  };
}
