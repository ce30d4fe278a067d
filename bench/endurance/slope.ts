/** A measurement at a time. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Fewer points than this say nothing of a trend. */
const LEAST_POINTS = 5;

/** Slope of the straight line with the least squared distances in y; null for too few points, or all at one x. */
export function slope(points: readonly Point[]): number | null {
  const n = points.length;
  if (n < LEAST_POINTS) return null;
  const mean_x = points.reduce((sum, { x }) => sum + x, 0) / n;
  const mean_y = points.reduce((sum, { y }) => sum + y, 0) / n;
  const xx = points.reduce((sum, { x }) => sum + (x - mean_x) ** 2, 0);
  const xy = points.reduce((sum, { x, y }) => sum + (x - mean_x) * (y - mean_y), 0);
  return xx === 0 ? null : xy / xx;
}
