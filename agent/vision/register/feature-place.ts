import type { VisionConfig } from "../config.js";
import { moments, parabolaTop, probabilities, relativeEntropy, spread } from "./peak.js";
import type { Search } from "./search.js";
import { marginals, refineAxis } from "./volume.js";

/** Where a query lies on a level's grid, how it is turned and scaled there, and how sure that is. */
export interface GridPlace {
  /** The patch's centre, continuous pixels. */
  readonly col_px: number;
  readonly row_px: number;
  /** Its covariance, square pixels; rows count to the south. */
  readonly xx: number;
  readonly xy: number;
  readonly yy: number;
  /** Degrees to add to the hypothesis' heading, and factor on its scale; 1-sigma of both without any floor. */
  readonly turn_deg: number;
  readonly turn_sigma_deg: number;
  readonly scale: number;
  readonly scale_sigma: number;
}

/** What the features say of a search's place. */
export interface FeaturePlace extends GridPlace {
  /** Relative entropy of the probability map over shifts. */
  readonly entropy: number;
}

/**
 * The place of a search's highest score to a fraction of a feature (parabolas along each axis), with the second moments of
 * p = softmax(beta * score).
 *
 * @param floor_px 1-sigma floor of each axis; @param factor on the second moments
 */
export function featurePlace(
  { volume, peak, variants, j0, i0 }: Search,
  side_px: number,
  stride_px: number,
  { beta, factor, floor_px }: { readonly beta: number; readonly factor: number; readonly floor_px: number },
  config: VisionConfig["register"],
): FeaturePlace {
  const { shifts } = volume;
  const at = (variant: number, y: number, x: number): number =>
    variant < 0 || y < 0 || x < 0 || variant >= volume.variants || y >= shifts || x >= shifts
      ? Number.NaN
      : (volume.data[(variant * shifts + y) * shifts + x] as number);
  const { variant, score: top } = peak;
  const x = peak.x + (parabolaTop(at(variant, peak.y, peak.x - 1), top, at(variant, peak.y, peak.x + 1), 0.5) ?? 0);
  const y = peak.y + (parabolaTop(at(variant, peak.y - 1, peak.x), top, at(variant, peak.y + 1, peak.x), 0.5) ?? 0);
  const scales = variants.scales.length;
  const headingIndex = Math.floor(variant / scales);
  const scaleIndex = variant % scales;
  const marginal = marginals(probabilities(volume, beta, top), volume, variants);
  const moment = spread(marginal.shifts, shifts, x, y, config.moment_radius_features);
  const square_px = factor * stride_px * stride_px;
  return {
    col_px: (j0 + x) * stride_px + side_px / 2,
    row_px: (i0 + y) * stride_px + side_px / 2,
    xx: square_px * moment.xx + floor_px ** 2,
    xy: square_px * moment.xy,
    yy: square_px * moment.yy + floor_px ** 2,
    turn_deg: refineAxis(variants.headings_deg, headingIndex, (h) => at(h * scales + scaleIndex, peak.y, peak.x)),
    turn_sigma_deg: Math.sqrt(moments(variants.headings_deg, marginal.headings).variance),
    scale: refineAxis(variants.scales, scaleIndex, (s) => at(headingIndex * scales + s, peak.y, peak.x)),
    scale_sigma: Math.sqrt(moments(variants.scales, marginal.scales).variance),
    entropy: relativeEntropy(marginal.shifts),
  };
}

/** The best score over all variants between whole shifts, and where the map shows ground, by places of the level's grid. */
export function featureEvidence(
  { best, volume: { shifts }, j0, i0, mapped, mapSide }: Search,
  side_px: number,
  stride_px: number,
): { scoreAt(col_px: number, row_px: number): number; mapped(col_px: number, row_px: number): boolean } {
  return {
    scoreAt: (col_px, row_px) =>
      interpolated(best, shifts, (col_px - side_px / 2) / stride_px - j0, (row_px - side_px / 2) / stride_px - i0),
    mapped: (col_px, row_px) => {
      const x = Math.floor(col_px / stride_px) - j0;
      const y = Math.floor(row_px / stride_px) - i0;
      return x < 0 || y < 0 || x >= mapSide || y >= mapSide || mapped[y * mapSide + x] === 1;
    },
  };
}

/** Catmull-Rom between the entries of a square map; -Infinity beyond it and next to entries that do not count. */
function interpolated(map: Float32Array, side: number, x: number, y: number): number {
  if (!(x >= 0 && y >= 0 && x <= side - 1 && y <= side - 1)) return Number.NEGATIVE_INFINITY;
  const x0 = Math.min(Math.floor(x), side - 2);
  const y0 = Math.min(Math.floor(y), side - 2);
  const across = catmullRom(x - x0);
  const down = catmullRom(y - y0);
  const inside = (value: number): number => Math.max(0, Math.min(side - 1, value));
  let sum = 0;
  for (let j = 0; j < 4; j++) {
    const row = inside(y0 + j - 1) * side;
    for (let i = 0; i < 4; i++) {
      const value = map[row + inside(x0 + i - 1)] as number;
      if (!Number.isFinite(value)) return Number.NEGATIVE_INFINITY;
      sum += (across[i] as number) * (down[j] as number) * value;
    }
  }
  return sum;
}

/** Weights of the four neighbours at a fraction between the middle two. */
function catmullRom(t: number): [number, number, number, number] {
  return [
    0.5 * t * (-1 + t * (2 - t)),
    0.5 * (2 + t * t * (3 * t - 5)),
    0.5 * t * (1 + t * (4 - 3 * t)),
    0.5 * t * t * (t - 1),
  ];
}
