import { type GeoPoint, lonLatToOffset } from "../../tiles/geodesy/wgs84.js";
import type { FrameResult } from "../vision/result.js";
import type { Evidence } from "./belief/belief.js";
import type { NavigationConfig } from "./config.js";
import type { PositionFix } from "./estimator/estimator.js";
import type { TiltError } from "./estimator/measurements.js";
import { turned } from "./motion.js";

/** The part of a pack that navigation needs. */
export interface PackGeometry {
  readonly manifest: {
    readonly levels: readonly { readonly level: number; readonly cell_px: number; readonly stride_px: number }[];
  };
  level(level: number): { readonly cell_side_m: number };
}

/** Cell sides and spacings of a pack's levels. */
export function packLevels(pack: PackGeometry): PackLevels {
  return pack.manifest.levels.map(({ level, cell_px, stride_px }) => {
    const { cell_side_m } = pack.level(level);
    return { level, cell_side_m, spacing_m: (cell_side_m * stride_px) / cell_px };
  });
}

/** Middle of a pack: the reference of navigation's local plane. */
export function packReference(manifest: {
  readonly bbox: { readonly west: number; readonly south: number; readonly east: number; readonly north: number };
}): GeoPoint {
  const { west, south, east, north } = manifest.bbox;
  return { lat_deg: (south + north) / 2, lon_deg: (west + east) / 2 };
}

/** What navigation must know of the pack's levels. */
export type PackLevels = readonly {
  readonly level: number;
  /** Side of a cell, and distance between neighbouring cells, metres. */
  readonly cell_side_m: number;
  readonly spacing_m: number;
}[];

/** What a frame says of its tilt, with the ground that its middle shows. */
type Tilted = Pick<FrameResult, "patch_offset" | "tilt">;

/** A registered place, of a frame or near the expected place only. */
type Registered = Pick<FrameResult, "estimate" | "spread" | "heading_correction_deg" | "scale">;

/**
 * A registered position as the estimator takes it, whether the frame was accepted alone or not; null when
 * nothing was registered. Registration's own spread is this fix's noise; the errors of attitude and height are shared with
 * the fixes around it; what the tilt of the moment adds is told apart, for it comes and goes within seconds. The map's own
 * error is left out: it is the same in all fixes, the solution carries it.
 */
export function measureFix(
  registered: Registered,
  reference: GeoPoint,
  map_sigma_m: number,
  tilted: Tilted | null = null,
): PositionFix | null {
  const { estimate, spread, heading_correction_deg: offset_deg, scale: ratio } = registered;
  if (estimate === null || spread === null) return null;
  const white = spread.cov_ne_m2;
  const whole = estimate.cov_ne_m2;
  const tilt = tilted === null ? null : tiltError(tilted, ((offset_deg ?? 0) * Math.PI) / 180);
  const shared = (whole.nn + whole.ee - white.nn - white.ee) / 2 - map_sigma_m ** 2;
  return {
    t_us: estimate.t_us,
    ...lonLatToOffset(reference, estimate),
    white_cov_m2: white,
    shared_variance_m2: Math.max(0, shared - (tilt === null ? 0 : tiltVariance_m2(tilt))),
    tilt,
    heading: offset_deg === null ? null : { offset_deg, sigma_deg: spread.heading_sigma_deg },
    scale: ratio === null || spread.scale_sigma === null ? null : { ratio, sigma: spread.scale_sigma },
  };
}

/** Variance of a position by its tilt, per axis. */
export function tiltVariance_m2({ variance_rad2, lever_m: { nn, ne, ee } }: TiltError): number {
  return (variance_rad2 * (nn * nn + 2 * ne * ne + ee * ee)) / 2;
}

/**
 * What a wrong tilt does to the position: an attitude that leans by d too far (radians, north and east) sees the middle of
 * the picture fall h (I + t t') d from where it falls, t being the tangent of the view's slant, and the position is off by
 * as much towards where it leans.
 */
function tiltError({ tilt, patch_offset }: Tilted, heading_offset_rad: number): TiltError | null {
  if (tilt === undefined || patch_offset === null || !(tilt.agl_m > 0)) return null;
  const { agl_m, sigma_deg } = tilt;
  const { north_m, east_m } = turned(patch_offset, heading_offset_rad);
  return {
    variance_rad2: ((sigma_deg * Math.PI) / 180) ** 2,
    lever_m: {
      nn: agl_m + north_m ** 2 / agl_m,
      ne: (north_m * east_m) / agl_m,
      ee: agl_m + east_m ** 2 / agl_m,
    },
  };
}

/**
 * What a frame says about the vehicle's place: its sightings, each as the place from which the vehicle would see that
 * cell. Null when the frame was not compared with the map.
 *
 * @param unseen_m way flown since the last frame that was evidence
 */
export function placeEvidence(
  result: FrameResult,
  reference: GeoPoint,
  levels: PackLevels,
  unseen_m: number,
  config: NavigationConfig["belief"],
): Evidence | null {
  const level = levels.find((one) => one.level === result.level);
  const { patch_offset } = result;
  if (level === undefined || patch_offset === null || result.sightings.length === 0) return null;
  const headings = new Set(result.sightings.map(({ heading_deg }) => heading_deg)).size;
  const sightings = result.sightings.map((sighting) => {
    const cell = lonLatToOffset(reference, sighting);
    const lever = turned(patch_offset, (sighting.heading_deg * Math.PI) / 180);
    return {
      north_m: cell.north_m - lever.north_m,
      east_m: cell.east_m - lever.east_m,
      heading_deg: sighting.heading_deg,
      similarity: sighting.similarity,
    };
  });
  return {
    sightings,
    places: result.cells * headings,
    spacing_m: level.spacing_m,
    accepted: result.fix !== null,
    novelty: Math.min(1, unseen_m / (config.independent_sides * level.cell_side_m)),
  };
}
