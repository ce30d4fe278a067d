import type { GroundView } from "../../tiles/geometry/ground.js";
import type { Intrinsics } from "../../tiles/geometry/intrinsics.js";

/** When the rows of a sensor see light. */
export interface Shutter {
  /** How long every pixel is exposed, milliseconds; the middle of it is the time of the frame. */
  readonly exposure_ms: number;
  /** From the first row's exposure to the last's, milliseconds; 0 = all at once. The middle row is the frame's. */
  readonly readout_ms: number;
}

/** A camera's view of the ground and where the camera is, metres from any fixed point. */
export interface ShutterPose {
  readonly view: GroundView;
  readonly north_m: number;
  readonly east_m: number;
}

/** Motion of the picture is computed at every so many pixels and interpolated. */
const GRID_PX = 16;
/** Samples along a smear are this far apart, pixels. */
const STEP_PX = 0.7;
const MOST_SAMPLES = 24;

/**
 * What the movement of the camera during exposure and readout makes of a picture taken in an instant: smears along the
 * motion of each pixel, and rows that are sheared because they were seen earlier or later.
 *
 * @param before and `after` the poses `apart_ms` apart, the frame's own in their middle
 * @returns a new picture; the given one where nothing moves
 */
export function applyShutter(
  rgb: Uint8Array,
  lens: Intrinsics,
  before: ShutterPose,
  after: ShutterPose,
  apart_ms: number,
  shutter: Shutter,
): Uint8Array {
  if (shutter.exposure_ms <= 0 && shutter.readout_ms <= 0) return rgb;
  const { width_px: width, height_px: height } = lens;
  const motion = motionGrid(lens, before, after, apart_ms);
  const cols = gridCount(width);
  const out = new Uint8Array(rgb.length);
  for (let row = 0; row < height; row++) {
    const delay_ms = ((row + 0.5) / height - 0.5) * shutter.readout_ms;
    const r = Math.min(gridCount(height) - 2, Math.floor(row / GRID_PX));
    const fy = row / GRID_PX - r;
    for (let col = 0; col < width; col++) {
      const c = Math.min(cols - 2, Math.floor(col / GRID_PX));
      const fx = col / GRID_PX - c;
      const k = (r * cols + c) * 2;
      const vx = bilinear(motion, k, cols * 2, fx, fy);
      const vy = bilinear(motion, k + 1, cols * 2, fx, fy);
      smear(rgb, width, height, col, row, vx, vy, delay_ms, shutter.exposure_ms, out);
    }
  }
  return out;
}

/** The mean of the instant picture along the way that the point seen here takes during the exposure of this row. */
function smear(
  rgb: Uint8Array,
  width: number,
  height: number,
  col: number,
  row: number,
  vx: number,
  vy: number,
  delay_ms: number,
  exposure_ms: number,
  out: Uint8Array,
): void {
  const count = Math.min(MOST_SAMPLES, 1 + Math.floor((Math.hypot(vx, vy) * exposure_ms) / STEP_PX));
  let red = 0;
  let green = 0;
  let blue = 0;
  for (let n = 0; n < count; n++) {
    const t_ms = delay_ms + ((n + 0.5) / count - 0.5) * exposure_ms;
    // What is here at t was where the motion comes from at the frame's own time.
    const x = Math.min(width - 1.001, Math.max(0, col - vx * t_ms));
    const y = Math.min(height - 1.001, Math.max(0, row - vy * t_ms));
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const fx = x - x0;
    const fy = y - y0;
    const a = (y0 * width + x0) * 3;
    const b = a + width * 3;
    const w00 = (1 - fx) * (1 - fy);
    const w01 = fx * (1 - fy);
    const w10 = (1 - fx) * fy;
    const w11 = fx * fy;
    red +=
      (rgb[a] as number) * w00 + (rgb[a + 3] as number) * w01 + (rgb[b] as number) * w10 + (rgb[b + 3] as number) * w11;
    green +=
      (rgb[a + 1] as number) * w00 +
      (rgb[a + 4] as number) * w01 +
      (rgb[b + 1] as number) * w10 +
      (rgb[b + 4] as number) * w11;
    blue +=
      (rgb[a + 2] as number) * w00 +
      (rgb[a + 5] as number) * w01 +
      (rgb[b + 2] as number) * w10 +
      (rgb[b + 5] as number) * w11;
  }
  const o = (row * width + col) * 3;
  out[o] = red / count + 0.5;
  out[o + 1] = green / count + 0.5;
  out[o + 2] = blue / count + 0.5;
}

/** Pixels a millisecond by which the point of the ground seen at each grid place moves; 0 where no ground is seen. */
function motionGrid(lens: Intrinsics, before: ShutterPose, after: ShutterPose, apart_ms: number): Float32Array {
  const cols = gridCount(lens.width_px);
  const rows = gridCount(lens.height_px);
  const grid = new Float32Array(cols * rows * 2);
  const north_m = before.north_m - after.north_m;
  const east_m = before.east_m - after.east_m;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const x = Math.min(lens.width_px - 1, c * GRID_PX);
      const y = Math.min(lens.height_px - 1, r * GRID_PX);
      const ground = before.view.pixelToGround(x, y);
      const moved = ground === null ? null : after.view.groundToPixel(ground.north_m + north_m, ground.east_m + east_m);
      if (moved === null) continue;
      grid[(r * cols + c) * 2] = (moved.x - x) / apart_ms;
      grid[(r * cols + c) * 2 + 1] = (moved.y - y) / apart_ms;
    }
  }
  return grid;
}

/** Grid places along a side: one beyond its end, and two at least. */
function gridCount(side_px: number): number {
  return Math.ceil(side_px / GRID_PX) + 1;
}

function bilinear(grid: Float32Array, k: number, stride: number, fx: number, fy: number): number {
  const top = (grid[k] as number) * (1 - fx) + (grid[k + 2] as number) * fx;
  const bottom = (grid[k + stride] as number) * (1 - fx) + (grid[k + stride + 2] as number) * fx;
  return top * (1 - fy) + bottom * fy;
}
