import type { Covariance2 } from "../fix.js";
import type { Ellipse } from "./api.js";

/** The 95 % quantile of chi-square with two degrees of freedom, -2 ln 0.05. */
const CHI2_95 = 5.991464547107979;

/** The 95 % ellipse of a horizontal covariance: its eigenvalues and the direction of the greater one. */
export function ellipse95({ nn, ne, ee }: Covariance2): Ellipse {
  const mean = (nn + ee) / 2;
  const spread = Math.hypot((nn - ee) / 2, ne);
  return {
    semi_major_m: Math.sqrt(CHI2_95 * Math.max(0, mean + spread)),
    semi_minor_m: Math.sqrt(CHI2_95 * Math.max(0, mean - spread)),
    azimuth_deg: ((Math.atan2(2 * ne, nn - ee) / 2) * 180) / Math.PI,
  };
}
