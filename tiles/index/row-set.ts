/** Consecutive rows [start, end). */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** The rows that a search may find. */
export interface RowSet {
  /** How many rows. */
  readonly count: number;
  /** Runs to scan, in ascending order, that cover the set. They can hold rows that are not in it. */
  readonly runs: readonly Run[];
  has(row: number): boolean;
}

interface Limits {
  readonly from?: number;
  readonly to?: number;
}

/** All rows in [from, to); the limits are cut to the index's rows. */
export function rowRange(rows: number, { from, to }: Limits): RowSet {
  const start = Math.max(0, from ?? 0);
  const end = Math.min(rows, to ?? rows);
  if (!Number.isInteger(start) || !Number.isInteger(end)) {
    throw new RangeError(`the range of rows must be of whole numbers, it is from ${from} to ${to}`);
  }
  if (start >= end) return { count: 0, runs: [], has: () => false };
  return { count: end - start, runs: [{ start, end }], has: (row) => row >= start && row < end };
}

/** A gap of this many rows or fewer is cheaper to scan than to start a new run. */
const BRIDGE_ROWS = 16;

/** The rows listed in `subset` and in [from, to). Throws a RangeError when one is not in the index. */
export function rowSubset(rows: number, subset: Uint32Array, limits: Limits): RowSet {
  const range = rowRange(rows, limits);
  const sorted = subset.slice().sort();
  const last = sorted[sorted.length - 1];
  if (last !== undefined && last >= rows) {
    throw new RangeError(`row ${last} is not in the index, which has ${rows} rows`);
  }
  let count = 0;
  const runs: { start: number; end: number }[] = [];
  for (const row of sorted) {
    if ((count > 0 && row === sorted[count - 1]) || !range.has(row)) continue;
    sorted[count++] = row;
    const run = runs[runs.length - 1];
    if (run !== undefined && row - run.end <= BRIDGE_ROWS) run.end = row + 1;
    else runs.push({ start: row, end: row + 1 });
  }
  const members = sorted.subarray(0, count);
  return { count, runs, has: (row) => contains(members, row) };
}

function contains(sorted: Uint32Array, row: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < row) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === row;
}
