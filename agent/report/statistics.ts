/**
 * Percentile by linear interpolation between order statistics (Hyndman and Fan's type 7, numpy's default).
 * Null for no values. `fraction` 0..1.
 */
export function percentile(values: readonly number[], fraction: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = fraction * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? 0;
  const above = sorted[Math.ceil(at)] ?? below;
  return below + (above - below) * (at - Math.floor(at));
}

/** Root mean square; null for no values. */
export function rootMeanSquare(values: readonly number[]): number | null {
  const squares = mean(values.map((value) => value * value));
  return squares === null ? null : Math.sqrt(squares);
}

/** Mean; null for no values. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Part of the values for which the test holds; null for no values. */
export function part<T>(values: readonly T[], test: (value: T) => boolean): number | null {
  return values.length === 0 ? null : values.filter(test).length / values.length;
}
