/** A share with its 95 % interval. */
export interface Share {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Recall at 1, 5 and 10, within the whole list, and average precision. */
export interface RankMetrics {
  readonly at_1: number;
  readonly at_5: number;
  readonly at_10: number;
  /** Share of the queries whose right entry is in the list at all. */
  readonly within: number;
  readonly ap: number;
}

/**
 * Score interval of a share by Wilson (1927), 95 %: of `hits` in `n`. Of nothing everything is possible: 0 to 1.
 */
export function wilson(hits: number, n: number): Share {
  if (n === 0) return { value: Number.NaN, low: 0, high: 1 };
  const z = 1.959963984540054;
  const p = hits / n;
  const middle = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return { value: p, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/**
 * Average precision of a list with one right entry at `rank` (1 = first), as University-1652 computes it: the trapezoid
 * between the precisions before and at the hit, so 1 for the first rank and 1 / (2 rank) beyond. 0 when it is not in the
 * list.
 */
export function averagePrecision(rank: number | null): number {
  if (rank === null) return 0;
  return rank === 1 ? 1 : 1 / (2 * rank);
}

/** @param ranks of the right entry in each query's list; null where it is not in it */
export function rankMetrics(ranks: readonly (number | null)[]): RankMetrics {
  const n = Math.max(1, ranks.length);
  const at = (k: number): number => ranks.filter((rank) => rank !== null && rank <= k).length / n;
  return {
    at_1: at(1),
    at_5: at(5),
    at_10: at(10),
    within: at(Number.POSITIVE_INFINITY),
    ap: ranks.reduce((sum: number, rank) => sum + averagePrecision(rank), 0) / n,
  };
}
