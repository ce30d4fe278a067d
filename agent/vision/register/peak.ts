/** Mean cosines of all variants at all shifts; -Infinity where the overlap is too small to count. */
export interface ScoreVolume {
  /** [variants, shifts, shifts]. */
  readonly data: Float32Array;
  readonly variants: number;
  readonly shifts: number;
}

/** The best entry of a volume. */
export interface VolumePeak {
  readonly variant: number;
  readonly y: number;
  readonly x: number;
  readonly score: number;
}

/** The highest score, the first one when several are equal; null when no shift counts. */
export function findPeak(volume: ScoreVolume): VolumePeak | null {
  const { data, shifts } = volume;
  let best = -1;
  let score = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < data.length; i++) {
    if ((data[i] as number) > score) {
      score = data[i] as number;
      best = i;
    }
  }
  if (best < 0) return null;
  const shift = best % (shifts * shifts);
  return { variant: Math.floor(best / (shifts * shifts)), y: Math.floor(shift / shifts), x: shift % shifts, score };
}

/** For each shift the best score over all variants: [shifts, shifts]. */
export function bestPerShift(volume: ScoreVolume): Float32Array {
  const area = volume.shifts * volume.shifts;
  const out = new Float32Array(area).fill(Number.NEGATIVE_INFINITY);
  for (let v = 0, at = 0; v < volume.variants; v++) {
    for (let s = 0; s < area; s++, at++) {
      if ((volume.data[at] as number) > (out[s] as number)) out[s] = volume.data[at] as number;
    }
  }
  return out;
}

/** p = softmax(beta * score) over the whole volume. */
export function probabilities(volume: ScoreVolume, beta: number, peakScore: number): Float64Array {
  const p = new Float64Array(volume.data.length);
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const value = Math.exp(beta * ((volume.data[i] as number) - peakScore));
    p[i] = value;
    sum += value;
  }
  for (let i = 0; i < p.length; i++) p[i] = (p[i] as number) / sum;
  return p;
}

/**
 * Offset of a parabola's top through three equally spaced values from the middle one, in steps, cut to `reach` to either
 * side; null when a value is missing (not finite) or the parabola has no top.
 */
export function parabolaTop(before: number, middle: number, after: number, reach: number): number | null {
  const curvature = before - 2 * middle + after;
  if (!Number.isFinite(curvature) || curvature >= 0) return null;
  return Math.max(-reach, Math.min(reach, (0.5 * (before - after)) / curvature));
}

/** Mean and variance of a distribution over evenly or unevenly spaced values. */
export function moments(values: readonly number[], weights: ArrayLike<number>): { mean: number; variance: number } {
  let sum = 0;
  let mean = 0;
  values.forEach((value, i) => {
    sum += weights[i] ?? 0;
    mean += value * (weights[i] ?? 0);
  });
  mean /= sum;
  let variance = 0;
  values.forEach((value, i) => {
    variance += (value - mean) ** 2 * (weights[i] ?? 0);
  });
  return { mean, variance: variance / sum };
}

/** Second moments of a probability map around a point, over entries within a radius (larger of both distances). */
export function spread(
  map: Float64Array,
  shifts: number,
  centreX: number,
  centreY: number,
  radius: number,
): { xx: number; xy: number; yy: number } {
  let sum = 0;
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (let y = 0; y < shifts; y++) {
    const dy = y - centreY;
    if (Math.abs(dy) > radius) continue;
    for (let x = 0; x < shifts; x++) {
      const dx = x - centreX;
      if (Math.abs(dx) > radius) continue;
      const p = map[y * shifts + x] as number;
      sum += p;
      xx += p * dx * dx;
      xy += p * dx * dy;
      yy += p * dy * dy;
    }
  }
  return sum > 0 ? { xx: xx / sum, xy: xy / sum, yy: yy / sum } : { xx: 0, xy: 0, yy: 0 };
}

/** Entropy of a distribution over the greatest possible: 0 = all in one entry, 1 = all entries alike. */
export function relativeEntropy(map: Float64Array): number {
  let entropy = 0;
  for (const p of map) if (p > 0) entropy -= p * Math.log(p);
  return map.length > 1 ? entropy / Math.log(map.length) : 0;
}
