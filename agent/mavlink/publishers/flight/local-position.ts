import type { Covariance2 } from "../../../fix.js";
import type { Vehicle } from "../../identity.js";
import { localFrameOf, type NorthEast } from "../../local-frame.js";
import type { GeoOrigin } from "../../origin.js";
import type { LocalPoint } from "../encoding.js";
import { MAX_FROM_ORIGIN_M } from "../vision-position-estimate.js";
import type { Checks } from "./checks.js";
import type { PositionSample } from "./position-sample.js";
import { type SharedOrigin, sameOrigin } from "./shared-origin.js";

/** A position sample in the vehicle's local frame. */
export interface PlacedSample {
  readonly sample: PositionSample;
  readonly origin: GeoOrigin;
  readonly offset: NorthEast;
}

/** Adds the condition "origin" and puts the sample into the vehicle's local frame, or null. */
export function wantPlaced(
  sample: PositionSample | null,
  vehicle: Vehicle | null,
  origin: SharedOrigin,
  checks: Checks,
): PlacedSample | null {
  const { current, detail } = origin;
  if (!checks.want("origin", current !== null, detail) || current === null) return null;
  if (sample === null || vehicle === null) return null;
  const offset = localFrameOf(vehicle.autopilot).toLocal(current, sample);
  const distance_m = Math.hypot(offset.north_m, offset.east_m);
  const near = distance_m <= MAX_FROM_ORIGIN_M;
  const km = (distance_m / 1000).toFixed(near ? 2 : 0);
  checks.want("near_origin", near, `${km} km from the origin, at most ${MAX_FROM_ORIGIN_M / 1000}`);
  return near ? { sample, origin: current, offset } : null;
}

/**
 * Keeps the wire's reset counter: it changes in the very message that jumps (a new reset_counter of the solution, a new
 * origin), and never else.
 */
export class WireResets {
  #counter = 0;
  #lastReset: number | null = null;
  #lastOrigin: GeoOrigin | null = null;

  /**
   * The point to send for a placed sample.
   *
   * @param down_m a match with an ortho-map gives no height: what the autopilot believes itself, or 0. It must not fuse it
   *   (POSZ stays the barometer).
   */
  toPoint(placed: PlacedSample, down_m = 0): LocalPoint {
    const { sample, origin, offset } = placed;
    const jumped = this.#lastReset !== null && this.#lastReset !== sample.reset_counter;
    const moved = this.#lastOrigin !== null && !sameOrigin(this.#lastOrigin, origin);
    if (jumped || moved) this.#counter = (this.#counter + 1) & 0xff;
    this.#lastReset = sample.reset_counter;
    this.#lastOrigin = origin;
    return { t_us: sample.t_us, offset, down_m, cov_ne_m2: sample.cov_ne_m2, resetCounter: this.#counter };
  }
}

/**
 * The covariance to state to ArduPilot so that it weighs the position by its real error.
 *
 * ArduPilot makes one error of the three position variances, cbrt(c0^2 + c6^2 + c11^2), though they are squares already:
 * 5 m on each axis would count as 10.8 m, with a gate twice as wide. This scales the horizontal part (its shape is kept)
 * so that the formula gives the 1-sigma error of one axis. `encoding.ts` states 1 for c11.
 */
export function covarianceForArdupilot({ nn, ne, ee }: Covariance2): Covariance2 {
  const sigma3_m3 = ((nn + ee) / 2) ** 1.5;
  // Below a metre or so c11 alone is more than the whole: there VISO_POS_M_NSE is the error anyway.
  const wanted = Math.max(sigma3_m3 - 1, sigma3_m3 / 2);
  const scale = Math.sqrt(wanted / (nn * nn + ee * ee));
  return Number.isFinite(scale) ? { nn: nn * scale, ne: ne * scale, ee: ee * scale } : { nn, ne, ee };
}

/** Quality of ODOMETRY in percent: 100 up to 5 m of 1-sigma error, then falling with it, never below 1 (0 is unknown). */
export function odometryQuality(eph_m: number): number {
  return Math.max(1, Math.min(100, Math.round((100 * 5) / eph_m)));
}
