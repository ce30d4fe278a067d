/** One row of the scan section: `values * scale` is the row up to a vector whose length is at most `error`. */
export interface QuantisedRow {
  /** Float32: the step of the int8 values. */
  readonly scale: number;
  /** Float32, rounded up: bound on the length of (row - scale * values). */
  readonly error: number;
}

// Larger than what float32 rounding can take away from a bound.
const ROUND_UP = 1 + 1e-6;

/**
 * Quantises a row to int8 in [-127, 127] with one step for the whole row.
 * @param values receives the int8 values; elements beyond the row's width become 0
 */
export function quantiseRow(row: Float32Array, values: Int8Array): QuantisedRow {
  let largest = 0;
  for (const value of row) largest = Math.max(largest, Math.abs(value));
  const scale = Math.fround(largest / 127);
  values.fill(0);
  let squares = 0;
  for (let i = 0; i < row.length; i++) {
    const value = row[i] as number;
    const level = scale > 0 ? Math.max(-127, Math.min(127, Math.round(value / scale))) : 0;
    values[i] = level;
    squares += (value - level * scale) ** 2;
  }
  return { scale, error: Math.fround(Math.sqrt(squares) * ROUND_UP) };
}

/** Length of a vector, float64. */
export function norm(vector: Float32Array): number {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.sqrt(squares);
}

/** A query as the kernel takes it: `values * step` is the query up to a vector of length `error`. */
export interface QuantisedQuery {
  readonly values: Int16Array;
  readonly step: number;
  readonly error: number;
  readonly norm: number;
}

/**
 * Quantises a query to int16. The step is chosen so that the int32 sums of the kernel cannot overflow:
 * |sum of int8 * int16| <= 128 * sum|values| < 2^31.
 * @param padded_width length of `values`, at least the query's; the rest is 0
 */
export function quantiseQuery(query: Float32Array, padded_width: number): QuantisedQuery {
  let largest = 0;
  let absolutes = 0;
  for (const value of query) {
    largest = Math.max(largest, Math.abs(value));
    absolutes += Math.abs(value);
  }
  const values = new Int16Array(padded_width);
  // Each rounding adds at most .5, hence the width's share is kept free.
  const budget = 2 ** 31 / 128 - query.length - 1;
  const step = Math.max(largest / 32767, absolutes / budget);
  if (step > 0) {
    for (let i = 0; i < query.length; i++) values[i] = Math.round((query[i] as number) / step);
  }
  let squares = 0;
  for (let i = 0; i < query.length; i++) squares += ((query[i] as number) - (values[i] as number) * step) ** 2;
  return { values, step, error: Math.sqrt(squares) * ROUND_UP, norm: norm(query) * ROUND_UP };
}
