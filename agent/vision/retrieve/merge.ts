/** A cell found for one hypothesis of heading and height. */
export interface Hit {
  readonly row: number;
  readonly hypothesis: number;
  readonly similarity: number;
  /** Of all that the frame shows (frame-similarity.ts). */
  readonly frame_similarity: number;
}

/** Which of a hit's similarities decides. */
export type Measure = "similarity" | "frame_similarity";

/**
 * Merges the results of all hypotheses: each cell once, with its best one (of equals the first); best first, equal
 * similarities by row.
 */
export function mergeHits(hits: Iterable<Hit>, by: Measure): Hit[] {
  const best = new Map<number, Hit>();
  for (const hit of hits) {
    const known = best.get(hit.row);
    if (known === undefined || hit[by] > known[by]) best.set(hit.row, hit);
  }
  return [...best.values()].sort((a, b) => b[by] - a[by] || a.row - b.row);
}

/** A place on the level grid, pixels. */
export interface Placed {
  readonly col_px: number;
  readonly row_px: number;
}

/**
 * Spatial non-maximum suppression: goes through the list (best first) and drops what lies nearer than `distance_px`
 * (larger of the column and row distance) to something kept; stops at `limit`.
 *
 * @param kept places that already suppress others
 */
export function suppress<T extends Placed>(
  list: Iterable<T>,
  distance_px: number,
  limit: number,
  kept: readonly Placed[] = [],
): T[] {
  const out: T[] = [];
  for (const one of list) {
    if (out.length >= limit) break;
    const near = (other: Placed): boolean =>
      Math.max(Math.abs(other.col_px - one.col_px), Math.abs(other.row_px - one.row_px)) < distance_px;
    if (!kept.some(near) && !out.some(near)) out.push(one);
  }
  return out;
}
