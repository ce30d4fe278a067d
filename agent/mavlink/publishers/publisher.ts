import type { MavLinkData } from "node-mavlink";
import type { Fix } from "../../fix.js";
import type { Vehicle } from "../identity.js";
import type { GeoOrigin } from "../origin.js";

/** What a publisher may know of the link when it makes a message. */
export interface PublishContext {
  readonly vehicle: Vehicle | null;
  /** The origin that the other end counts local positions from, or null. */
  readonly origin: GeoOrigin | null;
}

/** Why a fix was not turned into a message, in a word that is counted. */
export type SkipReason = "no_origin" | "too_far_from_origin" | "stale";

/** A message to send, or the reason why there is none. */
export type Built = { readonly message: MavLinkData } | { readonly skipped: SkipReason };

/** One way of giving a fix to an autopilot: one message, made from the fix alone, so that a replay repeats it. */
export interface MessagePublisher {
  readonly name: string;
  build(fix: Fix, context: PublishContext): Built;
}

/** What every published position must have, fix or solution. */
export type Publishable = Pick<Fix, "t_us" | "lat_deg" | "lon_deg" | "eph_m" | "alt_m" | "cov_ne_m2">;

/**
 * Why a position must not be published, or null. Autopilots do not check: PX4 took INT32_MAX for 214.7 degrees and flew
 * there, and a NaN in eph makes its position invalid later. Publishing nothing is what no fix means.
 */
export function publishableProblem(point: Publishable): string | null {
  const { t_us, lat_deg, lon_deg, eph_m, alt_m, cov_ne_m2 } = point;
  if (!Number.isSafeInteger(t_us) || t_us < 0) return `t_us ${t_us} is not a time in microseconds`;
  if (!(Math.abs(lat_deg) <= 90)) return `lat_deg ${lat_deg} is not a latitude`;
  if (!(Math.abs(lon_deg) <= 180)) return `lon_deg ${lon_deg} is not a longitude`;
  if (lat_deg === 0 && lon_deg === 0) return "latitude and longitude are both 0, which means unknown";
  if (!(eph_m > 0 && eph_m < 1e5)) return `eph_m ${eph_m} is not an error in metres`;
  if (alt_m !== null && !(Math.abs(alt_m) < 1e5)) return `alt_m ${alt_m} is not an altitude in metres`;
  const { nn, ne, ee } = cov_ne_m2;
  if (!(nn >= 0 && ee >= 0 && nn < 1e10 && ee < 1e10 && ne * ne <= nn * ee * (1 + 1e-9))) {
    return `(${nn}, ${ne}, ${ee}) is not a covariance`;
  }
  return null;
}

/** Throws an Error unless the fix is one that can be published: see `publishableProblem`. */
export function assertPublishable(fix: Fix): void {
  const problem = publishableProblem(fix);
  if (problem !== null) throw new Error(`a fix that must not be published: ${problem}`);
}
