import type { MapFeatures } from "../map-features.js";
import { overlapCounts } from "./overlap.js";
import { parabolaTop, type ScoreVolume } from "./peak.js";
import type { Variants } from "./variants.js";

/**
 * Turns sums of cosines into means, in place; -Infinity where fewer than `least` of the variant's positions overlap.
 * Returns the overlap counts, or null when the whole window is mapped ground (then every position counts).
 */
export function divideByOverlap(
  sums: Float32Array,
  variants: Variants,
  side: number,
  map: MapFeatures,
  mapSide: number,
  least: number,
): Uint16Array | null {
  const area = sums.length / variants.count;
  const counts = map.allValid ? null : overlapCounts(variants.valid, variants.count, side, map.valid, mapSide);
  for (let v = 0, i = 0; v < variants.count; v++) {
    const total = variants.positions[v] as number;
    const needed = Math.max(1, least * total);
    for (let s = 0; s < area; s++, i++) {
      const count = counts === null ? total : (counts[i] as number);
      sums[i] = count >= needed ? (sums[i] as number) / count : Number.NEGATIVE_INFINITY;
    }
  }
  return counts;
}

/** The probability map summed over all but one axis. */
export function marginals(
  p: Float64Array,
  volume: ScoreVolume,
  variants: Pick<Variants, "headings_deg" | "scales">,
): { shifts: Float64Array; headings: Float64Array; scales: Float64Array } {
  const area = volume.shifts * volume.shifts;
  const shifts = new Float64Array(area);
  const headings = new Float64Array(variants.headings_deg.length);
  const scales = new Float64Array(variants.scales.length);
  for (let v = 0, i = 0; v < volume.variants; v++) {
    const h = Math.floor(v / scales.length);
    const s = v % scales.length;
    for (let shift = 0; shift < area; shift++, i++) {
      const value = p[i] as number;
      shifts[shift] = (shifts[shift] as number) + value;
      headings[h] = (headings[h] as number) + value;
      scales[s] = (scales[s] as number) + value;
    }
  }
  return { shifts, headings, scales };
}

/**
 * The value along an evenly spaced axis where a parabola through the best entry and its neighbours is highest. At an end
 * of the axis the parabola goes through the last three entries, and the result stays within the axis.
 */
export function refineAxis(values: readonly number[], best: number, score: (index: number) => number): number {
  const middle = Math.max(1, Math.min(values.length - 2, best));
  const [low, value, high] = [values[middle - 1], values[middle], values[middle + 1]];
  if (low === undefined || value === undefined || high === undefined) return values[best] ?? Number.NaN;
  const offset = parabolaTop(score(middle - 1), score(middle), score(middle + 1), 1);
  return offset === null ? (values[best] ?? value) : value + ((high - low) / 2) * offset;
}

/** The best score at shifts farther than `radius` from a shift (larger of both distances). */
export function bestOutside(best: Float32Array, shifts: number, x: number, y: number, radius: number): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < shifts; row++) {
    for (let col = 0; col < shifts; col++) {
      if (Math.max(Math.abs(row - y), Math.abs(col - x)) <= radius) continue;
      highest = Math.max(highest, best[row * shifts + col] as number);
    }
  }
  return highest;
}
