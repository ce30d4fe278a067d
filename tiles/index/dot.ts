/**
 * The score of a row: the dot product of two float32 vectors, summed in float64 in index order and rounded once to
 * float32. Every search result carries exactly this number, so that results are equal bit for bit whatever the path
 * by which a row was found.
 */
export function exactDot(row: Float32Array, query: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < query.length; i++) sum += (row[i] as number) * (query[i] as number);
  return Math.fround(sum);
}
