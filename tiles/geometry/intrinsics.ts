/**
 * The pinhole camera with OpenCV's five-parameter distortion (k1 k2 p1 p2 k3).
 *
 * Pixel coordinates follow OpenCV: the centre of the top-left pixel is (0, 0), so that a symmetrical camera has
 * cx = (width_px - 1) / 2. Normalised coordinates are x/z and y/z in the camera frame.
 */

/** Intrinsic parameters; fx fy cx cy in pixels, distortion coefficients dimensionless. */
export interface Intrinsics {
  readonly width_px: number;
  readonly height_px: number;
  readonly fx: number;
  readonly fy: number;
  readonly cx: number;
  readonly cy: number;
  readonly k1: number;
  readonly k2: number;
  readonly p1: number;
  readonly p2: number;
  readonly k3: number;
}

/** A point in pixels or in normalised coordinates. */
export interface Point2 {
  readonly x: number;
  readonly y: number;
}

/** True when the lens has no distortion at all. */
export function isPinhole(lens: Intrinsics): boolean {
  return lens.k1 === 0 && lens.k2 === 0 && lens.p1 === 0 && lens.p2 === 0 && lens.k3 === 0;
}

/**
 * Intrinsics of an ideal camera from its horizontal field of view in degrees; square pixels, centred.
 */
export function intrinsicsFromHfov(width_px: number, height_px: number, hfov_deg: number): Intrinsics {
  const f = width_px / 2 / Math.tan((hfov_deg * Math.PI) / 360);
  return {
    width_px,
    height_px,
    fx: f,
    fy: f,
    cx: (width_px - 1) / 2,
    cy: (height_px - 1) / 2,
    k1: 0,
    k2: 0,
    p1: 0,
    p2: 0,
    k3: 0,
  };
}

/** Where an ideal (undistorted) normalised point lands after the lens: OpenCV's model, "Camera Calibration" (calib3d). */
export function distort(lens: Intrinsics, xn: number, yn: number): Point2 {
  const r2 = xn * xn + yn * yn;
  const radial = 1 + r2 * (lens.k1 + r2 * (lens.k2 + r2 * lens.k3));
  return {
    x: xn * radial + 2 * lens.p1 * xn * yn + lens.p2 * (r2 + 2 * xn * xn),
    y: yn * radial + lens.p1 * (r2 + 2 * yn * yn) + 2 * lens.p2 * xn * yn,
  };
}

/**
 * The largest squared radius (normalised, undistorted) up to which the radial part still grows, that is, up to which
 * the model is a one-to-one mapping: the first positive root of d/dr [r (1 + k1 r2 + k2 r4 + k3 r6)], in r squared.
 * Infinity when it grows everywhere. Beyond it points fold back into the image and must be treated as unseen.
 */
export function maxRadiusSquared(lens: Intrinsics): number {
  const known = foldRadius.get(lens);
  if (known !== undefined) return known;
  const limit = findFold(lens);
  foldRadius.set(lens, limit);
  return limit;
}

/** The fold is a property of the lens and asked for at every pixel: remembered for each intrinsics object. */
const foldRadius = new WeakMap<Intrinsics, number>();

function findFold(lens: Intrinsics): number {
  const slope = (s: number): number => 1 + s * (3 * lens.k1 + s * (5 * lens.k2 + s * 7 * lens.k3));
  // s = tan(theta)^2; 89 degrees off the axis is 3283: beyond that no perspective camera sees anything.
  let last = 0;
  for (let s = 1e-3; s < 4000; s *= 1.02) {
    if (slope(s) <= 0) {
      let lo = last;
      let hi = s;
      for (let i = 0; i < 60; i++) {
        const mid = (lo + hi) / 2;
        if (slope(mid) > 0) lo = mid;
        else hi = mid;
      }
      return lo;
    }
    last = s;
  }
  return Number.POSITIVE_INFINITY;
}

/**
 * Inverse of {@link distort} by Newton's method on both coordinates. Null when it does not converge or leaves the
 * one-to-one part of the model.
 */
export function undistort(lens: Intrinsics, xd: number, yd: number): Point2 | null {
  if (isPinhole(lens)) return { x: xd, y: yd };
  const limit = maxRadiusSquared(lens);
  let x = xd;
  let y = yd;
  const r2start = x * x + y * y;
  if (r2start > limit) {
    const shrink = Math.sqrt((0.9 * limit) / r2start);
    x *= shrink;
    y *= shrink;
  }
  for (let i = 0; i < 40; i++) {
    const d = distort(lens, x, y);
    const ex = d.x - xd;
    const ey = d.y - yd;
    if (Math.abs(ex) < 1e-13 && Math.abs(ey) < 1e-13) break;
    const r2 = x * x + y * y;
    const radial = 1 + r2 * (lens.k1 + r2 * (lens.k2 + r2 * lens.k3));
    const slope = 2 * (lens.k1 + r2 * (2 * lens.k2 + r2 * 3 * lens.k3));
    const jxx = radial + slope * x * x + 2 * lens.p1 * y + 6 * lens.p2 * x;
    const jxy = slope * x * y + 2 * lens.p1 * x + 2 * lens.p2 * y;
    const jyy = radial + slope * y * y + 6 * lens.p1 * y + 2 * lens.p2 * x;
    const det = jxx * jyy - jxy * jxy;
    if (!(Math.abs(det) > 1e-12)) return null;
    let stepX = (jyy * ex - jxy * ey) / det;
    let stepY = (jxx * ey - jxy * ex) / det;
    // Newton overshoots near the fold: never move further than a fifth of the present radius plus a little.
    const step = Math.hypot(stepX, stepY);
    const bound = 0.2 * Math.sqrt(r2) + 0.1;
    if (step > bound) {
      stepX *= bound / step;
      stepY *= bound / step;
    }
    x -= stepX;
    y -= stepY;
  }
  const back = distort(lens, x, y);
  if (!(Math.abs(back.x - xd) < 1e-9 && Math.abs(back.y - yd) < 1e-9)) return null;
  return x * x + y * y <= limit ? { x, y } : null;
}

/** Pixel of a point in the camera frame (any scale), or null when it lies behind the camera or beyond the lens' fold. */
export function rayToPixel(lens: Intrinsics, x: number, y: number, z: number): Point2 | null {
  if (!(z > 0)) return null;
  const xn = x / z;
  const yn = y / z;
  if (isPinhole(lens)) return { x: lens.fx * xn + lens.cx, y: lens.fy * yn + lens.cy };
  if (xn * xn + yn * yn > maxRadiusSquared(lens)) return null;
  const d = distort(lens, xn, yn);
  return { x: lens.fx * d.x + lens.cx, y: lens.fy * d.y + lens.cy };
}

/** Normalised ray (z = 1) of a pixel, or null when the distortion cannot be inverted there. */
export function pixelToRay(lens: Intrinsics, px: number, py: number): Point2 | null {
  return undistort(lens, (px - lens.cx) / lens.fx, (py - lens.cy) / lens.fy);
}

/** True when the pixel lies on the sensor (its area, so half a pixel beyond the outer centres). */
export function insideImage(lens: Intrinsics, px: number, py: number): boolean {
  return px >= -0.5 && py >= -0.5 && px <= lens.width_px - 0.5 && py <= lens.height_px - 0.5;
}
