import type { NavigationConfig } from "./config.js";
import type { Estimator } from "./estimator/estimator.js";
import type { Displacement } from "./integrity/chain.js";

/** A velocity that nobody measures any more: its 1-sigma, how fast that grows, and where it ends. */
const VELOCITY_SIGMA_MPS = 1;
const VELOCITY_CHANGE_MPS2 = 2;
const SPEED_KNOWN_MPS = 8;
/** The autopilot's velocity is used for so long. */
const VELOCITY_FRESH_US = 1_000_000;

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
   * velocity that is known; else anything that the speed allows.
   */
  readonly between: Displacement = (from_us, to_us, heading_offset_rad) => {
    const seen = this.estimator.displacement(from_us, to_us, heading_offset_rad);
    if (seen !== null) {
      const { heading_sigma_deg, scale_sigma } = this.config.estimator;
      const length_m = Math.hypot(seen.north_m, seen.east_m);
      const turn_rad = (heading_sigma_deg * Math.PI) / 180;
      return { ...seen, variance_m2: seen.variance_m2 + (length_m * Math.hypot(turn_rad, scale_sigma)) ** 2 };
    }
    const dt_s = (to_us - from_us) / 1e6;
    const velocity = this.velocityAt(to_us);
    if (velocity !== null) {
      const sigma_m = Math.min(VELOCITY_SIGMA_MPS + 0.5 * VELOCITY_CHANGE_MPS2 * dt_s, SPEED_KNOWN_MPS) * dt_s;
      return { north_m: velocity.north * dt_s, east_m: velocity.east * dt_s, variance_m2: sigma_m ** 2 };
    }
    return { north_m: 0, east_m: 0, variance_m2: ((this.config.integrity.max_speed_mps * dt_s) / 2) ** 2 };
  };

  /** The autopilot's velocity when it is fresh, else that of the estimator. */
  private velocityAt(t_us: number): { readonly north: number; readonly east: number } | null {
    if (this.velocity !== null && Math.abs(t_us - this.velocity.t_us) < VELOCITY_FRESH_US) return this.velocity;
    return this.estimator.stateAt(t_us)?.velocity ?? null;
  }
}
