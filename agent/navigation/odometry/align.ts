import type { GroundPatch } from "./patch.js";

/**
 * A similarity that takes pixels of one patch to pixels of another, both counted from the patch's centre, x to the east
 * and y to the south: x' = (1 + grow) x - turn y + east_px, y' = turn x + (1 + grow) y + south_px.
 */
export interface Warp {
  readonly east_px: number;
  readonly south_px: number;
  readonly grow: number;
  readonly turn: number;
}

/** The warp under which two patches agree best. */
export interface Alignment {
  readonly warp: Warp;
  /** Covariance of (east_px, south_px, grow, turn), row-major 4 x 4, from the residuals and the slopes of the ground. */
  readonly covariance: readonly number[];
  /** Correlation of the overlapping pixels, -1..1. */
  readonly correlation: number;
  /** Overlapping pixels over the valid pixels of the poorer patch. */
  readonly overlap: number;
}

/** What is known before: 1-sigma of grow and turn. */
export interface AlignPrior {
  readonly residual_sigma: number;
}

const ROUNDS = 14;
const CONVERGED_PX = 0.008;
/** Fewer common pixels than this make no alignment. */
const LEAST_PIXELS = 200;
/** A residual of this many typical residuals has half its weight: cars, leaning roofs and glints must not pull. */
const ROBUST = 2;

/**
 * Refines a first guess by Gauss-Newton on the brightness differences (Lucas and Kanade 1981, with the moving patch's own
 * gradients as in Baker and Matthews 2004), re-weighted each round against outliers (Geman-McClure). Converges from
 * about three pixels. Null when the patches do not overlap enough or the equations have no solution.
 */
export function align(key: GroundPatch, now: GroundPatch, guess: Warp, prior: AlignPrior): Alignment | null {
  const half = now.side_px / 2;
  // Unknowns: shift in pixels, grow and turn in pixels at the patch's edge, so that all are of one size.
  const priorPrecision = 1 / (prior.residual_sigma * half) ** 2;
  let warp = guess;
  let scale2 = 1;
  let last: Sums | null = null;
  for (let round = 0; round < ROUNDS; round++) {
    const sums = accumulate(key, now, warp, scale2 * ROBUST * ROBUST);
    if (sums.count < LEAST_PIXELS) return null;
    last = sums;
    scale2 = Math.max(1e-4, sums.weighted / sums.weight);
    const h = [...sums.h];
    const b = [...sums.b];
    h[10] = (h[10] as number) + priorPrecision * scale2;
    h[15] = (h[15] as number) + priorPrecision * scale2;
    b[2] = (b[2] as number) + priorPrecision * scale2 * warp.grow * half;
    b[3] = (b[3] as number) + priorPrecision * scale2 * warp.turn * half;
    const inverse = invert4(h);
    if (inverse === null) return null;
    const step = [0, 1, 2, 3].map((i) => {
      let sum = 0;
      for (let j = 0; j < 4; j++) sum -= (inverse[i * 4 + j] as number) * (b[j] as number);
      return sum;
    }) as [number, number, number, number];
    warp = {
      east_px: warp.east_px + step[0],
      south_px: warp.south_px + step[1],
      grow: warp.grow + step[2] / half,
      turn: warp.turn + step[3] / half,
    };
    if (!(Math.abs(warp.east_px) < 2 * now.side_px && Math.abs(warp.south_px) < 2 * now.side_px)) return null;
    if (Math.max(...step.map(Math.abs)) < CONVERGED_PX) {
      return finish(key, now, warp, last, inverse, scale2, half);
    }
    if (round === ROUNDS - 1) return finish(key, now, warp, last, inverse, scale2, half);
  }
  return null;
}

function finish(
  key: GroundPatch,
  now: GroundPatch,
  warp: Warp,
  sums: Sums,
  inverse: readonly number[],
  scale2: number,
  half: number,
): Alignment {
  const unit = [1, 1, 1 / half, 1 / half];
  const covariance = inverse.map((value, i) => value * scale2 * (unit[i >> 2] as number) * (unit[i & 3] as number));
  const n = sums.count;
  const covar = sums.kn / n - (sums.k / n) * (sums.n / n);
  const varK = sums.kk / n - (sums.k / n) ** 2;
  const varN = sums.nn / n - (sums.n / n) ** 2;
  const correlation = varK > 0 && varN > 0 ? covar / Math.sqrt(varK * varN) : 0;
  return { warp, covariance, correlation, overlap: n / Math.max(1, Math.min(key.count, now.count)) };
}

interface Sums {
  /** J^T W J, row-major 4 x 4, and J^T W r. */
  readonly h: readonly number[];
  readonly b: readonly number[];
  readonly count: number;
  readonly weight: number;
  readonly weighted: number;
  readonly k: number;
  readonly n: number;
  readonly kk: number;
  readonly nn: number;
  readonly kn: number;
}

/** Sums over all pixels of `now` that fall on valid ground of `key`. */
function accumulate(key: GroundPatch, now: GroundPatch, warp: Warp, robust2: number): Sums {
  const side = now.side_px;
  const half = side / 2;
  const toUnit = 1 / half;
  const { value, cell } = key;
  let h00 = 0,
    h01 = 0,
    h02 = 0,
    h03 = 0,
    h11 = 0,
    h12 = 0,
    h13 = 0,
    h22 = 0,
    h23 = 0,
    h33 = 0;
  let b0 = 0,
    b1 = 0,
    b2 = 0,
    b3 = 0;
  let count = 0,
    weight = 0,
    weighted = 0;
  let k = 0,
    n = 0,
    kk = 0,
    nn = 0,
    kn = 0;
  const a = 1 + warp.grow;
  for (let row = 0; row < side; row++) {
    const y = row + 0.5 - half;
    // Pixel (col, row) of `key` is at col + 0.5 - half from its centre.
    const baseX = warp.east_px - warp.turn * y + half - 0.5;
    const baseY = warp.south_px + a * y + half - 0.5;
    const v = y * toUnit;
    for (let col = 0, i = row * side; col < side; col++, i++) {
      if (now.valid[i] === 0) continue;
      const x = col + 0.5 - half;
      const px = a * x + baseX;
      const py = warp.turn * x + baseY;
      if (!(px >= 0 && py >= 0 && px < side - 1 && py < side - 1)) continue;
      const x0 = px | 0;
      const y0 = py | 0;
      const at = y0 * side + x0;
      if (cell[at] === 0) continue;
      const fx = px - x0;
      const fy = py - y0;
      const top = (value[at] as number) * (1 - fx) + (value[at + 1] as number) * fx;
      const bottom = (value[at + side] as number) * (1 - fx) + (value[at + side + 1] as number) * fx;
      const seen = top + (bottom - top) * fy;
      const mine = now.value[i] as number;
      const r = seen - mine;
      const falloff = robust2 / (robust2 + r * r);
      const w = falloff * falloff;
      const gx = now.gradEast[i] as number;
      const gy = now.gradSouth[i] as number;
      const u = x * toUnit;
      const jg = gx * u + gy * v;
      const jt = gy * u - gx * v;
      const wgx = w * gx;
      const wgy = w * gy;
      const wjg = w * jg;
      h00 += wgx * gx;
      h01 += wgx * gy;
      h02 += wgx * jg;
      h03 += wgx * jt;
      h11 += wgy * gy;
      h12 += wgy * jg;
      h13 += wgy * jt;
      h22 += wjg * jg;
      h23 += wjg * jt;
      h33 += w * jt * jt;
      b0 += wgx * r;
      b1 += wgy * r;
      b2 += wjg * r;
      b3 += w * jt * r;
      count++;
      weight += w;
      weighted += w * r * r;
      k += seen;
      n += mine;
      kk += seen * seen;
      nn += mine * mine;
      kn += seen * mine;
    }
  }
  return {
    h: [h00, h01, h02, h03, h01, h11, h12, h13, h02, h12, h22, h23, h03, h13, h23, h33],
    b: [b0, b1, b2, b3],
    count,
    weight,
    weighted,
    k,
    n,
    kk,
    nn,
    kn,
  };
}

/** Inverse of a symmetric positive definite 4 x 4 matrix by Gauss-Jordan; null when it is singular. */
export function invert4(matrix: readonly number[]): number[] | null {
  const a = Float64Array.from(matrix);
  const out = new Float64Array([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  for (let p = 0; p < 4; p++) {
    const pivot = a[p * 5] as number;
    if (!(pivot > 1e-9)) return null;
    for (let c = 0; c < 4; c++) {
      a[p * 4 + c] = (a[p * 4 + c] as number) / pivot;
      out[p * 4 + c] = (out[p * 4 + c] as number) / pivot;
    }
    for (let r = 0; r < 4; r++) {
      const factor = a[r * 4 + p] as number;
      if (r === p || factor === 0) continue;
      for (let c = 0; c < 4; c++) {
        a[r * 4 + c] = (a[r * 4 + c] as number) - factor * (a[p * 4 + c] as number);
        out[r * 4 + c] = (out[r * 4 + c] as number) - factor * (out[p * 4 + c] as number);
      }
    }
  }
  return [...out];
}
