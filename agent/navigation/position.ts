import { type GeoPoint, offsetToLonLat } from "../../tiles/geodesy/wgs84.js";
import { type Covariance2, ephOf } from "../fix.js";
import type { FilterState } from "./estimator/state.js";
import type { NavigationPosition } from "./solution.js";

const RAD = 180 / Math.PI;

/** What stands behind a position beside the filter's state. */
export type Backing = Pick<
  NavigationPosition,
  "protection_level_m" | "belief" | "reset_counter" | "fix_t_us" | "fix_count"
>;

/**
 * The filter's state as a position that may be published.
 *
 * @param reference middle of the local plane
 * @param cov_ne_m2 of the position, the map's own error included
 */
export function positionOf(
  reference: GeoPoint,
  state: FilterState,
  cov_ne_m2: Covariance2,
  backing: Backing,
): NavigationPosition {
  const speed = state.velocityCov;
  return {
    ...offsetToLonLat(reference, state.position.north_m, state.position.east_m),
    cov_ne_m2,
    eph_m: ephOf(cov_ne_m2),
    velocity_ne_mps: state.velocity,
    velocity_sigma_mps: Math.sqrt(speed.nn + speed.ee),
    heading_offset_deg: state.heading_offset_rad * RAD,
    heading_offset_sigma_deg: Math.sqrt(state.heading_variance) * RAD,
    ...backing,
  };
}
