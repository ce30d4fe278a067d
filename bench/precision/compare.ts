/** Where a square lies: on which image, and its centre in pixels. */
export interface Place {
  readonly image: number;
  readonly x: number;
  readonly y: number;
}

/**
 * Ranks cells for each query by the scalar product.
 *
 * @param queries unit vectors
 * @param cells unit vectors of the same width
 * @returns for each query the indices of its best `top` cells, best first; equal scores in the order of the cells
 */
export function rank(queries: readonly Float32Array[], cells: readonly Float32Array[], top: number): number[][] {
  return queries.map((query) =>
    cells
      .map((cell, index) => ({ index, score: dot(query, cell) }))
      .sort((a, b) => b.score - a.score || a.index - b.index)
      .slice(0, top)
      .map(({ index }) => index),
  );
}

/** Mean part of the first `top` that two rankings share, whatever their order within. */
export function agreement(a: readonly (readonly number[])[], b: readonly (readonly number[])[], top: number): number {
  const shares = a.map((ranked, query) => {
    const others = new Set(b[query]?.slice(0, top) ?? []);
    const here = ranked.slice(0, top);
    return here.filter((index) => others.has(index)).length / here.length;
  });
  return mean(shares);
}

/** Part of the queries whose first cell is on their image, and within `radius_px` of them on both axes. */
export function hits(
  ranking: readonly (readonly number[])[],
  queries: readonly Place[],
  cells: readonly Place[],
  radius_px: number,
): number {
  const found = ranking.map(([first = -1], query) => {
    const [at, cell] = [queries[query], cells[first]];
    if (at === undefined || cell === undefined || at.image !== cell.image) return 0;
    return Math.abs(at.x - cell.x) <= radius_px && Math.abs(at.y - cell.y) <= radius_px ? 1 : 0;
  });
  return mean(found);
}

/** Mean and least cosine of pairs of unit vectors. */
export function cosines(
  a: readonly Float32Array[],
  b: readonly Float32Array[],
): { readonly mean: number; readonly least: number } {
  const all = a.map((one, i) => dot(one, b[i] ?? new Float32Array(one.length)));
  return { mean: mean(all), least: Math.min(...all) };
}

/** The middle value; the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[half - 1], sorted[half]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (const [i, value] of a.entries()) sum += value * (b[i] ?? 0);
  return sum;
}
