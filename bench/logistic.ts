/** Weights of a logistic model on raw (not standardised) inputs. */
export interface LogisticModel {
  bias: number;
  weights: number[];
}

/**
 * Fits P(y) = logistic(bias + w x) by Newton's method (iteratively reweighted least squares) on standardised inputs with a
 * ridge penalty, both classes weighing the same. Deterministic.
 *
 * @param ridge penalty on the standardised weights, in units of one example of average weight
 */
export function fitLogistic(x: readonly (readonly number[])[], y: readonly boolean[], ridge = 1): LogisticModel {
  const n = x.length;
  const d = x[0]?.length ?? 0;
  const mean = Array.from({ length: d }, (_, j) => x.reduce((sum, row) => sum + (row[j] ?? 0), 0) / n);
  const sd = Array.from({ length: d }, (_, j) =>
    Math.sqrt(x.reduce((sum, row) => sum + ((row[j] ?? 0) - (mean[j] ?? 0)) ** 2, 0) / n + 1e-12),
  );
  const z = x.map((row) => [1, ...row.map((value, j) => (value - (mean[j] ?? 0)) / (sd[j] ?? 1))]);
  const positives = y.filter(Boolean).length;
  const weightOf = (positive: boolean): number => n / 2 / Math.max(1, positive ? positives : n - positives);
  let beta = new Array<number>(d + 1).fill(0);
  for (let iteration = 0; iteration < 50; iteration++) {
    const gradient = new Array<number>(d + 1).fill(0);
    const hessian = Array.from({ length: d + 1 }, () => new Array<number>(d + 1).fill(0));
    for (let i = 0; i < n; i++) {
      const row = z[i] ?? [];
      const p = 1 / (1 + Math.exp(-row.reduce((sum, value, j) => sum + value * (beta[j] ?? 0), 0)));
      const weight = weightOf(y[i] === true);
      for (let j = 0; j <= d; j++) {
        gradient[j] = (gradient[j] ?? 0) + weight * ((y[i] === true ? 1 : 0) - p) * (row[j] ?? 0);
        const line = hessian[j] ?? [];
        for (let k = 0; k <= d; k++) line[k] = (line[k] ?? 0) + weight * p * (1 - p) * (row[j] ?? 0) * (row[k] ?? 0);
      }
    }
    for (let j = 0; j <= d; j++) {
      const penalty = j === 0 ? 1e-6 : ridge;
      gradient[j] = (gradient[j] ?? 0) - penalty * (beta[j] ?? 0);
      const line = hessian[j] ?? [];
      line[j] = (line[j] ?? 0) + penalty;
    }
    const step = solve(hessian, gradient);
    beta = beta.map((value, j) => value + (step[j] ?? 0));
    if (step.every((value) => Math.abs(value) < 1e-9)) break;
  }
  const weights = beta.slice(1).map((value, j) => value / (sd[j] ?? 1));
  return { bias: (beta[0] ?? 0) - weights.reduce((sum, w, j) => sum + w * (mean[j] ?? 0), 0), weights };
}

/** Solves a x = b by Gaussian elimination with partial pivoting. */
function solve(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const n = b.length;
  const m = a.map((row, i) => [...row, b[i] ?? 0]);
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(m[row]?.[column] ?? 0) > Math.abs(m[pivot]?.[column] ?? 0)) pivot = row;
    }
    const top = m[pivot] ?? [];
    m[pivot] = m[column] ?? [];
    m[column] = top;
    for (let row = column + 1; row < n; row++) {
      const line = m[row] ?? [];
      const factor = (line[column] ?? 0) / (top[column] ?? 1);
      for (let k = column; k <= n; k++) line[k] = (line[k] ?? 0) - factor * (top[k] ?? 0);
    }
  }
  const out = new Array<number>(n).fill(0);
  for (let row = n - 1; row >= 0; row--) {
    const line = m[row] ?? [];
    let sum = line[n] ?? 0;
    for (let k = row + 1; k < n; k++) sum -= (line[k] ?? 0) * (out[k] ?? 0);
    out[row] = sum / (line[row] ?? 1);
  }
  return out;
}
