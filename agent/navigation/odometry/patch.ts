import type { GroundOffset, GroundView } from "../../../tiles/geometry/ground.js";
import type { Raster } from "../../vision/rectify/decode.js";
import { sampleGround } from "../../vision/rectify/ground-raster.js";

/** A north-up picture of the ground with attitude taken out, made ready for registration. */
export interface GroundPatch {
  readonly side_px: number;
  readonly gsd_m: number;
  /** Its centre, metres from the point below the camera. */
  readonly centre: GroundOffset;
  /** Brightness without its local mean, over its local deviation; 0 where not valid. */
  readonly value: Float32Array;
  /** Central differences of `value` to the east and to the south, per pixel. */
  readonly gradEast: Float32Array;
  readonly gradSouth: Float32Array;
  /** 1 where value and gradient are known. */
  readonly valid: Uint8Array;
  /** 1 where this pixel and its neighbours to the east, south and south-east are valid: bilinear reads are safe. */
  readonly cell: Uint8Array;
  /** Valid pixels. */
  readonly count: number;
  /** Deviation of brightness in small neighbourhoods, 0..255. */
  readonly contrast: number;
  /** Mean squared difference of pixels one apart over that of pixels four apart. */
  readonly sharpness: number;
}

/** Radius of the neighbourhood whose mean and deviation are taken out, pixels: it removes vignetting and exposure. */
const LOCAL_RADIUS = 9;
/** Added to the local deviation, 0..255: where there is less than this there is only noise, not to be magnified. */
const LOCAL_FLOOR = 3;
const FAR = 4;

/** Samples and prepares the patch of ground around `centre`. */
export function makePatch(
  raster: Raster,
  view: GroundView,
  centre: GroundOffset,
  gsd_m: number,
  side_px: number,
): GroundPatch {
  const ground = sampleGround(raster, view, { ...centre, gsd_m, side_px }, [0, 0, 0]);
  const grey = new Float32Array(side_px * side_px);
  for (let i = 0, at = 0; i < grey.length; i++, at += 3) {
    grey[i] = ((ground.rgb[at] as number) + (ground.rgb[at + 1] as number) + (ground.rgb[at + 2] as number)) / 3;
  }
  const sharpness = sharpnessOf(grey, ground.valid, side_px);
  const inner = erode(ground.valid, side_px);
  const smooth = binomial(grey, inner, side_px);
  const { value, contrast } = normalise(smooth, inner, side_px);
  const valid = erode(inner, side_px);
  const { gradEast, gradSouth } = gradients(value, valid, side_px);
  const cell = new Uint8Array(valid.length);
  let count = 0;
  for (let i = 0; i + side_px + 1 < valid.length; i++) {
    cell[i] =
      (valid[i] as number) &
      (valid[i + 1] as number) &
      (valid[i + side_px] as number) &
      (valid[i + side_px + 1] as number);
    count += valid[i] as number;
  }
  for (let i = 0; i < valid.length; i++) if (valid[i] === 0) value[i] = 0;
  return { side_px, gsd_m, centre, value, gradEast, gradSouth, valid, cell, count, contrast, sharpness };
}

function sharpnessOf(grey: Float32Array, valid: Uint8Array, side: number): number {
  let near = 0;
  let far = 0;
  for (let row = 0; row + FAR < side; row++) {
    for (let i = row * side, end = i + side - FAR; i < end; i++) {
      if (!(valid[i] === 1 && valid[i + FAR] === 1 && valid[i + FAR * side] === 1)) continue;
      const value = grey[i] as number;
      near += ((grey[i + 1] as number) - value) ** 2 + ((grey[i + side] as number) - value) ** 2;
      far += ((grey[i + FAR] as number) - value) ** 2 + ((grey[i + FAR * side] as number) - value) ** 2;
    }
  }
  return far > 0 ? near / far : 0;
}

/** 1 where all 3 x 3 pixels are 1; the border is 0. */
function erode(mask: Uint8Array, side: number): Uint8Array {
  const out = new Uint8Array(mask.length);
  for (let row = 1; row < side - 1; row++) {
    for (let i = row * side + 1, end = row * side + side - 1; i < end; i++) {
      out[i] =
        (mask[i - side - 1] as number) &
        (mask[i - side] as number) &
        (mask[i - side + 1] as number) &
        (mask[i - 1] as number) &
        (mask[i] as number) &
        (mask[i + 1] as number) &
        (mask[i + side - 1] as number) &
        (mask[i + side] as number) &
        (mask[i + side + 1] as number);
    }
  }
  return out;
}

/** Smooths by 1 2 1 in both directions: interpolation between pixels is then nearly free of phase-dependent errors. */
function binomial(grey: Float32Array, mask: Uint8Array, side: number): Float32Array {
  const out = new Float32Array(grey.length);
  for (let i = side + 1; i < grey.length - side - 1; i++) {
    if (mask[i] === 0) continue;
    out[i] =
      ((grey[i - side - 1] as number) +
        (grey[i - side + 1] as number) +
        (grey[i + side - 1] as number) +
        (grey[i + side + 1] as number) +
        2 *
          ((grey[i - side] as number) +
            (grey[i - 1] as number) +
            (grey[i + 1] as number) +
            (grey[i + side] as number)) +
        4 * (grey[i] as number)) /
      16;
  }
  return out;
}

/** Takes out mean and deviation of the valid neighbourhood, by summed-area tables. */
function normalise(grey: Float32Array, mask: Uint8Array, side: number): { value: Float32Array; contrast: number } {
  const wide = side + 1;
  const counts = new Float64Array(wide * wide);
  const sums = new Float64Array(wide * wide);
  const squares = new Float64Array(wide * wide);
  for (let row = 0; row < side; row++) {
    let n = 0;
    let sum = 0;
    let square = 0;
    for (let col = 0; col < side; col++) {
      const i = row * side + col;
      if (mask[i] === 1) {
        const v = grey[i] as number;
        n++;
        sum += v;
        square += v * v;
      }
      const at = (row + 1) * wide + col + 1;
      counts[at] = (counts[at - wide] as number) + n;
      sums[at] = (sums[at - wide] as number) + sum;
      squares[at] = (squares[at - wide] as number) + square;
    }
  }
  const value = new Float32Array(grey.length);
  let total = 0;
  let variances = 0;
  for (let row = 0; row < side; row++) {
    const top = Math.max(0, row - LOCAL_RADIUS) * wide;
    const bottom = Math.min(side, row + LOCAL_RADIUS + 1) * wide;
    for (let col = 0; col < side; col++) {
      const i = row * side + col;
      if (mask[i] === 0) continue;
      const left = Math.max(0, col - LOCAL_RADIUS);
      const right = Math.min(side, col + LOCAL_RADIUS + 1);
      const box = (table: Float64Array): number =>
        (table[bottom + right] as number) -
        (table[bottom + left] as number) -
        (table[top + right] as number) +
        (table[top + left] as number);
      const n = box(counts);
      const mean = box(sums) / n;
      const variance = Math.max(0, box(squares) / n - mean * mean);
      value[i] = ((grey[i] as number) - mean) / (Math.sqrt(variance) + LOCAL_FLOOR);
      total++;
      variances += variance;
    }
  }
  return { value, contrast: total > 0 ? Math.sqrt(variances / total) : 0 };
}

function gradients(
  value: Float32Array,
  valid: Uint8Array,
  side: number,
): { gradEast: Float32Array; gradSouth: Float32Array } {
  const gradEast = new Float32Array(value.length);
  const gradSouth = new Float32Array(value.length);
  for (let i = side; i < value.length - side; i++) {
    if (valid[i] === 0) continue;
    gradEast[i] = ((value[i + 1] as number) - (value[i - 1] as number)) / 2;
    gradSouth[i] = ((value[i + side] as number) - (value[i - side] as number)) / 2;
  }
  return { gradEast, gradSouth };
}
