import { type Intrinsics, insideImage, type Point2, pixelToRay, rayToPixel } from "./intrinsics.js";
import { cameraToNed, type EulerAngles, type Matrix3 } from "./rotation.js";

/** A horizontal offset from the point on the ground straight below the camera, metres. */
export interface GroundOffset {
  readonly north_m: number;
  readonly east_m: number;
}

/** Where a camera is and how it looks: body attitude, mount of the camera in the body, height above flat ground. */
export interface GroundPose {
  readonly attitude: EulerAngles;
  readonly mount: EulerAngles;
  readonly agl_m: number;
}

/**
 * Perspective view of flat, level ground `agl_m` below the camera. Offsets are north/east metres from the point
 * straight below the camera; pixels follow tiles/geometry/intrinsics.ts.
 */
export class GroundView {
  readonly intrinsics: Intrinsics;
  readonly agl_m: number;
  /** Turns camera vectors into NED. */
  readonly cameraToNed: Matrix3;

  constructor(intrinsics: Intrinsics, pose: GroundPose) {
    this.intrinsics = intrinsics;
    this.agl_m = pose.agl_m;
    this.cameraToNed = cameraToNed(pose.attitude, pose.mount);
  }

  /** The pixel where a point of the ground is seen, or null when it is behind the camera or beyond the lens' model. */
  groundToPixel(north_m: number, east_m: number): Point2 | null {
    const m = this.cameraToNed;
    // The transpose of cameraToNed turns NED into camera vectors.
    return rayToPixel(
      this.intrinsics,
      m[0] * north_m + m[3] * east_m + m[6] * this.agl_m,
      m[1] * north_m + m[4] * east_m + m[7] * this.agl_m,
      m[2] * north_m + m[5] * east_m + m[8] * this.agl_m,
    );
  }

  /** The point of the ground seen by a pixel, or null when the pixel looks at or above the horizon. */
  pixelToGround(px: number, py: number): GroundOffset | null {
    const ray = pixelToRay(this.intrinsics, px, py);
    if (ray === null) return null;
    const m = this.cameraToNed;
    const down = m[6] * ray.x + m[7] * ray.y + m[8];
    if (!(down > 1e-9)) return null;
    const scale = this.agl_m / down;
    return {
      north_m: (m[0] * ray.x + m[1] * ray.y + m[2]) * scale,
      east_m: (m[3] * ray.x + m[4] * ray.y + m[5]) * scale,
    };
  }

  /** True when the point of the ground is seen by the sensor. */
  sees(north_m: number, east_m: number): boolean {
    const pixel = this.groundToPixel(north_m, east_m);
    return pixel !== null && insideImage(this.intrinsics, pixel.x, pixel.y);
  }

  /** Angle between the optical axis and straight down, degrees: 0 = nadir, 90 = horizon. */
  offNadirDeg(): number {
    return (Math.acos(Math.max(-1, Math.min(1, this.cameraToNed[8]))) * 180) / Math.PI;
  }

  /**
   * The homography that takes the ground plane to undistorted normalised image coordinates: row-major H with
   * (x, y, z) = H (north_m, east_m, 1) and the normalised point (x/z, y/z), seen only where z > 0.
   */
  groundHomography(): Matrix3 {
    const m = this.cameraToNed;
    const h = this.agl_m;
    return [m[0], m[3], m[6] * h, m[1], m[4], m[7] * h, m[2], m[5], m[8] * h];
  }
}
