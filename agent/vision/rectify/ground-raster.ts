import type { GroundView } from "../../../tiles/geometry/ground.js";
import { isPinhole, maxRadiusSquared } from "../../../tiles/geometry/intrinsics.js";
import { halve, type Raster } from "./decode.js";

/** A square north-up picture of the ground with a mask of what was seen. */
export interface GroundRaster {
  readonly side_px: number;
  readonly rgb: Uint8Array;
  readonly valid: Uint8Array;
}

/** A square of ground to be sampled: centre in metres from below the camera, metres per pixel, pixels a side. */
export interface GroundWindow {
  readonly north_m: number;
  readonly east_m: number;
  readonly gsd_m: number;
  readonly side_px: number;
}

/** Above this many source pixels for one output pixel, the next coarser mip level is read. */
const COARSER_ABOVE = Math.SQRT2;

/**
 * How many sensor pixels one patch pixel covers (linear) at a place on the ground, without lens distortion: the square
 * root of the homography's Jacobian determinant, fx fy det(H) / z^3. Infinity when the place is not in front.
 */
export function sensorPixelsPerPatchPixel(view: GroundView, north_m: number, east_m: number, gsd_m: number): number {
  const h = view.groundHomography();
  const z = h[6] * north_m + h[7] * east_m + h[8];
  if (!(z > 0)) return Number.POSITIVE_INFINITY;
  // det of [R col north, R col east, agl * R col down] is agl, as R is a rotation.
  return gsd_m * Math.sqrt((view.intrinsics.fx * view.intrinsics.fy * view.agl_m) / (z * z * z));
}

/**
 * Samples the ground through the camera: for each output pixel the homography, then the lens, then bilinear in the mip
 * level that fits the local scale. Pixels that the sensor does not see get `fill` and valid = 0.
 *
 * @param raster the decoded frame, possibly reduced (see decodeFrame)
 */
export function sampleGround(
  raster: Raster,
  view: GroundView,
  window: GroundWindow,
  fill: readonly [number, number, number],
): GroundRaster {
  const { side_px, gsd_m } = window;
  const lens = view.intrinsics;
  const rgb = new Uint8Array(side_px * side_px * 3);
  const valid = new Uint8Array(side_px * side_px);
  const h = view.groundHomography();
  const pinhole = isPinhole(lens);
  const fold = pinhole ? Number.POSITIVE_INFINITY : maxRadiusSquared(lens);
  const { k1, k2, p1, p2, k3 } = lens;
  const scaleX = raster.width / lens.width_px;
  const scaleY = raster.height / lens.height_px;
  // Raster coordinates: ((fx * xd + cx) + .5) * scale - .5.
  const ax = lens.fx * scaleX;
  const bx = (lens.cx + 0.5) * scaleX - 0.5;
  const ay = lens.fy * scaleY;
  const by = (lens.cy + 0.5) * scaleY - 0.5;
  const mips: Raster[] = [raster];
  // Local scale squared is areaScale / z^3 source pixels for one output pixel.
  const areaScale = gsd_m * gsd_m * ax * ay * view.agl_m;
  let level = raster;
  let levelIndex = 0;
  const half = side_px / 2;
  const dX = h[1] * gsd_m;
  const dY = h[4] * gsd_m;
  const dZ = h[7] * gsd_m;
  const [fillR, fillG, fillB] = fill;
  let at = 0;
  for (let row = 0; row < side_px; row++) {
    const north = window.north_m + (half - row - 0.5) * gsd_m;
    const east = window.east_m + (0.5 - half) * gsd_m;
    let X = h[0] * north + h[1] * east + h[2];
    let Y = h[3] * north + h[4] * east + h[5];
    let Z = h[6] * north + h[7] * east + h[8];
    for (let col = 0; col < side_px; col++, at++, X += dX, Y += dY, Z += dZ) {
      const to = at * 3;
      rgb[to] = fillR;
      rgb[to + 1] = fillG;
      rgb[to + 2] = fillB;
      if (!(Z > 0)) continue;
      const inv = 1 / Z;
      let xn = X * inv;
      let yn = Y * inv;
      if (!pinhole) {
        const xx = xn * xn;
        const yy = yn * yn;
        const r2 = xx + yy;
        if (r2 > fold) continue;
        const xy2 = 2 * xn * yn;
        const radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3));
        xn = xn * radial + p1 * xy2 + p2 * (r2 + 2 * xx);
        yn = yn * radial + p1 * (r2 + 2 * yy) + p2 * xy2;
      }
      let px = ax * xn + bx;
      let py = ay * yn + by;
      if (!(px >= -0.5 && py >= -0.5 && px <= raster.width - 0.5 && py <= raster.height - 0.5)) continue;
      if ((col & 15) === 0 || levelIndex > 0) {
        const wanted = mipFor(areaScale * inv * inv * inv);
        if (wanted !== levelIndex) {
          levelIndex = wanted;
          level = mipLevel(mips, wanted);
        }
      }
      if (levelIndex > 0) {
        px = ((px + 0.5) * level.width) / raster.width - 0.5;
        py = ((py + 0.5) * level.height) / raster.height - 0.5;
      }
      bilinear(level, px, py, rgb, to);
      valid[at] = 1;
    }
  }
  return { side_px, rgb, valid };
}

function mipFor(scaleSquared: number): number {
  const scale = Math.sqrt(scaleSquared);
  return scale > COARSER_ABOVE ? Math.max(0, Math.round(Math.log2(scale))) : 0;
}

function mipLevel(mips: Raster[], index: number): Raster {
  let last = mips.at(-1) as Raster;
  while (mips.length <= index && last.width > 2 && last.height > 2) {
    last = halve(last);
    mips.push(last);
  }
  return mips[Math.min(index, mips.length - 1)] as Raster;
}

/** Bilinear sample at (x, y), pixel centres at whole numbers, clamped to the raster; writes three bytes. */
export function bilinear(raster: Raster, x: number, y: number, out: Uint8Array, to: number): void {
  const { width, height, data } = raster;
  const cx = Math.max(0, Math.min(x, width - 1));
  const cy = Math.max(0, Math.min(y, height - 1));
  const x0 = Math.floor(cx);
  const y0 = Math.floor(cy);
  const fx = cx - x0;
  const fy = cy - y0;
  const a = (y0 * width + x0) * 3;
  const right = x0 < width - 1 ? 3 : 0;
  const down = y0 < height - 1 ? width * 3 : 0;
  const w00 = (1 - fx) * (1 - fy);
  const w01 = fx * (1 - fy);
  const w10 = (1 - fx) * fy;
  const w11 = fx * fy;
  const b = a + right;
  const c = a + down;
  const d = c + right;
  for (let k = 0; k < 3; k++) {
    out[to + k] =
      w00 * (data[a + k] as number) +
      w01 * (data[b + k] as number) +
      w10 * (data[c + k] as number) +
      w11 * (data[d + k] as number) +
      0.5;
  }
}
