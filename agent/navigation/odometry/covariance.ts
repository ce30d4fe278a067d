import type { GroundOffset } from "../../../tiles/geometry/ground.js";
import type { EulerAngles } from "../../../tiles/geometry/rotation.js";
import { wrapDegrees } from "../../../tiles/geometry/rotation.js";
import type { Covariance2 } from "../../fix.js";
import type { Alignment } from "./align.js";
import type { OdometryConfig } from "./config.js";

const RADIANS = Math.PI / 180;

/** No uncertainty at all. */
export const NO_COVARIANCE: Covariance2 = { nn: 0, ne: 0, ee: 0 };

/** Sum of two independent covariances. */
export function add(a: Covariance2, b: Covariance2): Covariance2 {
  return { nn: a.nn + b.nn, ne: a.ne + b.ne, ee: a.ee + b.ee };
}

/** A covariance from its variances along a direction and across it; without a direction the first one holds for both. */
export function alongAcross(direction: GroundOffset, along: number, across: number): Covariance2 {
  const length = Math.hypot(direction.north_m, direction.east_m);
  if (!(length > 1e-9)) return { nn: along, ne: 0, ee: along };
  const n = direction.north_m / length;
  const e = direction.east_m / length;
  return {
    nn: along * n * n + across * e * e,
    ne: (along - across) * n * e,
    ee: along * e * e + across * n * n,
  };
}

/**
 * Covariance of the displacement keyframe → frame from the alignment alone, with its factor and floor. The displacement
 * is taken below the vehicle: turn and scale reach it with the distance of the patch's centre as their lever.
 */
export function alignmentCovariance(
  alignment: Alignment,
  gsd_m: number,
  centre: GroundOffset,
  noise: OdometryConfig["noise"],
): Covariance2 {
  const c = alignment.covariance;
  const at = (i: number, j: number): number => c[i * 4 + j] as number;
  const east = centre.east_m;
  const south = -centre.north_m;
  // Rows of the Jacobian of (east, south) displacement by (east_px, south_px, grow, turn); see displacementOf.
  const je = [gsd_m, 0, -east, south];
  const js = [0, gsd_m, -south, -east];
  const product = (a: readonly number[], b: readonly number[]): number => {
    let sum = 0;
    for (let i = 0; i < 4; i++) for (let j = 0; j < 4; j++) sum += (a[i] as number) * at(i, j) * (b[j] as number);
    return sum * noise.alignment_factor;
  };
  const floor = (noise.alignment_floor_px * gsd_m) ** 2;
  return { nn: product(js, js) + floor, ne: -product(je, js), ee: product(je, je) + floor };
}

/** What the poses of a step's two ends have to do with its error. */
export interface StepGeometry {
  readonly dt_s: number;
  readonly agl_m: number;
  /** Centre of the patch from below the camera, at the later end. */
  readonly centre: GroundOffset;
  readonly attitude_before: EulerAngles;
  readonly attitude_now: EulerAngles;
}

/**
 * Covariance of a step from attitude error and capture time (see OdometryMotion for the reasoning): an error of the
 * angle between ray and vertical moves the ground point by AGL / cos² along the tilt and by AGL across it.
 */
export function attitudeCovariance(step: StepGeometry, noise: OdometryConfig["noise"]): Covariance2 {
  const { agl_m, centre, dt_s, attitude_before: before, attitude_now: now } = step;
  const sigma = noise.attitude_sigma_deg * RADIANS;
  const keeps = noise.attitude_time_s > 0 ? Math.exp(-dt_s / noise.attitude_time_s) : 0;
  // How far the attitude may have turned between its own time and the picture's.
  const late = noise.capture_sigma_s / Math.max(dt_s, 1e-3);
  const tilting =
    Math.hypot(wrapDegrees(now.roll_deg - before.roll_deg), wrapDegrees(now.pitch_deg - before.pitch_deg)) *
    RADIANS *
    late;
  const turning = wrapDegrees(now.yaw_deg - before.yaw_deg) * RADIANS * late;
  const angle2 = 2 * sigma * sigma * (1 - keeps) + 2 * tilting * tilting;
  const lever = Math.hypot(centre.north_m, centre.east_m);
  const along = agl_m * (1 + (lever / agl_m) ** 2);
  return alongAcross(centre, angle2 * along * along, angle2 * agl_m * agl_m + 2 * (turning * lever) ** 2);
}

/** The part of a step in the scale error that relief gives all displacements through one keyframe, along the step. */
export function reliefCovariance(
  before: GroundOffset,
  now: GroundOffset,
  agl_m: number,
  noise: OdometryConfig["noise"],
): Covariance2 {
  const step = { north_m: now.north_m - before.north_m, east_m: now.east_m - before.east_m };
  const grown = squared(now) - squared(before);
  const along = (noise.relief_sigma_m / agl_m) ** 2 * Math.max(grown, squared(step));
  return alongAcross(step, along, 0);
}

function squared(offset: GroundOffset): number {
  return offset.north_m * offset.north_m + offset.east_m * offset.east_m;
}
