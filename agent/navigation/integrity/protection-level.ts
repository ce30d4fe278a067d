import type { Covariance2 } from "../../fix.js";

/**
 * Radius that a horizontal error exceeds with at most the probability `risk`, when it is Gaussian with this covariance:
 * sqrt(-2 ln(risk) * largest eigenvalue). Exact where both axes are alike, on the safe side elsewhere.
 *
 * @returns metres
 */
export function protectionLevel_m(cov: Covariance2, risk: number): number {
  const mean = (cov.nn + cov.ee) / 2;
  const largest = mean + Math.hypot((cov.nn - cov.ee) / 2, cov.ne);
  return Math.sqrt(-2 * Math.log(risk) * largest);
}
