import { offsetToLonLat } from "../../tiles/geodesy/wgs84.js";
import { GroundView } from "../../tiles/geometry/ground.js";
import { type Covariance2, ephOf, type Fix } from "../fix.js";
import type { VisionConfig } from "./config.js";
import type { CameraRig, Frame } from "./frame.js";
import type { Registration } from "./register/registrar.js";

/** A horizontal vector, metres north and east. */
interface Vector {
  readonly north_m: number;
  readonly east_m: number;
}

const DEG = Math.PI / 180;

/**
 * The vehicle's position from the registered patch: patch centre minus the ground offset from vehicle to patch centre,
 * that offset turned by the heading correction and stretched by the height correction.
 *
 * The covariance is the sum of: registration; heading after registration times the offset; height (relative) times the
 * offset; roll and pitch, each moved by one sigma (the error budget's, and what the moment of the frame adds to it) through
 * the exact projection; the map's own accuracy. The height's
 * prior (1, agl_sigma / agl) and the registered scale are combined by inverse variance.
 */
export function estimatePosition(
  frame: Frame,
  rig: CameraRig,
  offset: Vector,
  registration: Registration,
  budget: VisionConfig["error_budget"],
): Fix {
  const height = fuseScale(frame.agl_sigma_m / frame.agl_m, registration);
  const lever = turned(offset, registration.heading_deg, height.scale);
  const { lat_deg, lon_deg } = offsetToLonLat(registration, -lever.north_m, -lever.east_m);

  const terms: Vector[] = [
    {
      north_m: -lever.east_m * registration.heading_sigma_deg * DEG,
      east_m: lever.north_m * registration.heading_sigma_deg * DEG,
    },
    { north_m: (lever.north_m * height.sigma) / height.scale, east_m: (lever.east_m * height.sigma) / height.scale },
  ];
  const reported = imageCentreOffset(frame, rig);
  const tilt_deg = Math.hypot(budget.attitude_sigma_deg, frame.tilt_sigma_deg ?? 0);
  for (const axis of ["roll_deg", "pitch_deg"] as const) {
    const attitude = { ...frame.attitude, [axis]: frame.attitude[axis] + tilt_deg };
    const moved = imageCentreOffset({ ...frame, attitude }, rig);
    if (moved === null || reported === null) continue;
    const difference = { north_m: moved.north_m - reported.north_m, east_m: moved.east_m - reported.east_m };
    terms.push(turned(difference, registration.heading_deg, height.scale));
  }
  const map_variance = budget.map_sigma_m ** 2;
  const cov = terms.reduce(addOuter, {
    nn: registration.cov_ne_m2.nn + map_variance,
    ne: registration.cov_ne_m2.ne,
    ee: registration.cov_ne_m2.ee + map_variance,
  });
  return {
    t_us: frame.t_us,
    lat_deg,
    lon_deg,
    eph_m: ephOf(cov),
    cov_ne_m2: cov,
    alt_m: null,
    quality: registration.quality,
    reset: true,
  };
}

/** The ground seen by the image centre, from below the vehicle; null above the horizon. */
function imageCentreOffset(frame: Frame, rig: CameraRig): Vector | null {
  const view = new GroundView(rig.intrinsics, { attitude: frame.attitude, mount: rig.mount, agl_m: frame.agl_m });
  return view.pixelToGround((rig.intrinsics.width_px - 1) / 2, (rig.intrinsics.height_px - 1) / 2);
}

/** True over reported height: the reported height (1) and the registered scale, by inverse variance. */
function fuseScale(prior_sigma: number, registration: Registration): { scale: number; sigma: number } {
  if (registration.scale_sigma === null) return { scale: 1, sigma: prior_sigma };
  const a = 1 / prior_sigma ** 2;
  const b = 1 / registration.scale_sigma ** 2;
  return { scale: (a + b * registration.scale) / (a + b), sigma: 1 / Math.sqrt(a + b) };
}

/** R(angle) v * scale, the angle clockwise seen from above (from north to east). */
function turned(v: Vector, angle_deg: number, scale: number): Vector {
  const cos = Math.cos(angle_deg * DEG) * scale;
  const sin = Math.sin(angle_deg * DEG) * scale;
  return { north_m: v.north_m * cos - v.east_m * sin, east_m: v.north_m * sin + v.east_m * cos };
}

function addOuter(cov: Covariance2, v: Vector): Covariance2 {
  return {
    nn: cov.nn + v.north_m * v.north_m,
    ne: cov.ne + v.north_m * v.east_m,
    ee: cov.ee + v.east_m * v.east_m,
  };
}
