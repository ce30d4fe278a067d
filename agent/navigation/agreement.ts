import { lonLatToOffset } from "../../tiles/geodesy/wgs84.js";
import type { Fix } from "../fix.js";
import type { NoFixReason } from "../vision/result.js";
import type { Neighbourhood } from "../vision/retrieve/retriever.js";

/** How positions of consecutive frames must agree before any is published. */
export interface AgreementConfig {
  /** Consecutive measurements that must fit together before the first is published. */
  readonly required: number;
  /** Fastest that the vehicle can move over ground, metres per second. */
  readonly max_speed_mps: number;
  /** Two measurements fit when they are nearer than speed allows plus this many sigma of their difference. */
  readonly gate_sigmas: number;
  /** Without a fitting measurement for this long, what was agreed on is given up, seconds. */
  readonly lost_after_s: number;
}

export const DEFAULT_AGREEMENT_CONFIG: AgreementConfig = {
  required: 3,
  max_speed_mps: 30,
  gate_sigmas: 3,
  lost_after_s: 5,
};

/** What becomes of one measurement. */
export type Verdict =
  | { readonly fix: Fix; readonly reason: null }
  | { readonly fix: null; readonly reason: NoFixReason | null };

/**
 * Publishes a position only when consecutive frames agree on it.
 *
 * State: agreed (there is a last published position), or not. Beside it grows a chain of measurements that do not fit
 * the agreed position (or, without one, all of them); when the chain reaches the required length, its last member is
 * published with `reset` and becomes the agreed position. So neither a single wrong match is published, nor does a
 * wrong agreement last for ever.
 */
export class Agreement {
  private agreed: Fix | null = null;
  private chain: Fix[] = [];

  constructor(private readonly config: AgreementConfig = DEFAULT_AGREEMENT_CONFIG) {}

  /**
   * Judges the measurement of a frame.
   *
   * @param measurement position of one frame alone, or null when the frame gave none
   * @param t_us the frame's capture time; times never go back
   * @returns the fix to publish, or why there is none; reason null when the frame itself gave no position
   */
  observe(measurement: Fix | null, t_us: number): Verdict {
    this.forget(t_us);
    if (measurement === null) return { fix: null, reason: null };
    if (this.agreed !== null && this.fits(this.agreed, measurement)) {
      this.chain = [];
      return this.publish(measurement, false);
    }
    const last = this.chain.at(-1);
    if (last !== undefined && !this.fits(last, measurement)) this.chain = [];
    this.chain.push(measurement);
    if (this.chain.length >= this.config.required) {
      this.chain = [];
      return this.publish(measurement, true);
    }
    return { fix: null, reason: this.agreed === null ? "awaiting-agreement" : "disagrees" };
  }

  /** Where the vehicle must be at a time if what was agreed on is right; undefined when nothing is. */
  neighbourhood(t_us: number): Neighbourhood | undefined {
    this.forget(t_us);
    if (this.agreed === null) return undefined;
    const { lat_deg, lon_deg, eph_m } = this.agreed;
    const moved_m = (this.config.max_speed_mps * (t_us - this.agreed.t_us)) / 1e6;
    return { lat_deg, lon_deg, radius_m: moved_m + this.config.gate_sigmas * eph_m };
  }

  private publish(measurement: Fix, reset: boolean): Verdict {
    this.agreed = { ...measurement, reset };
    return { fix: this.agreed, reason: null };
  }

  private forget(t_us: number): void {
    const oldest_us = t_us - this.config.lost_after_s * 1e6;
    if (this.agreed !== null && this.agreed.t_us < oldest_us) this.agreed = null;
    const last = this.chain.at(-1);
    if (last !== undefined && last.t_us < oldest_us) this.chain = [];
  }

  /** Could the vehicle have come from one measurement to the other? */
  private fits(earlier: Fix, later: Fix): boolean {
    const { north_m, east_m } = lonLatToOffset(earlier, later);
    const distance_m = Math.hypot(north_m, east_m);
    const reach_m = (this.config.max_speed_mps * (later.t_us - earlier.t_us)) / 1e6;
    if (distance_m <= reach_m) return true;
    const n = north_m / distance_m;
    const e = east_m / distance_m;
    const a = earlier.cov_ne_m2;
    const b = later.cov_ne_m2;
    const variance = n * n * (a.nn + b.nn) + 2 * n * e * (a.ne + b.ne) + e * e * (a.ee + b.ee);
    return distance_m <= reach_m + this.config.gate_sigmas * Math.sqrt(Math.max(0, variance));
  }
}
