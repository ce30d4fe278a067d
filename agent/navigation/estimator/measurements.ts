import type { Covariance2 } from "../../fix.js";
import { B, D, P, PSI, S, V } from "./entries.js";

/** How wrong the tilt may be, and what that does to a position. */
export interface TiltError {
  /** Variance per axis, rad2. */
  readonly variance_rad2: number;
  /** Metres of position for each radian: symmetric. */
  readonly lever_m: Covariance2;
}

/** A linear measurement of two entries or one: value = sum of coefficient * entry + noise. */
export interface Measurement {
  /** Rows of the measurement matrix, as (entry, coefficient) pairs. */
  readonly rows: readonly (readonly (readonly [entry: number, coefficient: number])[])[];
  readonly values: readonly number[];
  /** Covariance of the noise, row-major. */
  readonly noise: readonly number[];
}

/** A fix: position plus the shared errors plus white noise. */
export function positionMeasurement(
  position: { north_m: number; east_m: number },
  white: Covariance2,
  tilt: TiltError | null,
): Measurement {
  const { nn, ne, ee } = tilt?.lever_m ?? { nn: 0, ne: 0, ee: 0 };
  return {
    rows: [
      [
        [P, 1],
        [B, 1],
        [D, nn],
        [D + 1, ne],
      ],
      [
        [P + 1, 1],
        [B + 1, 1],
        [D, ne],
        [D + 1, ee],
      ],
    ],
    values: [position.north_m, position.east_m],
    noise: [white.nn, white.ne, white.ne, white.ee],
  };
}

/** A velocity over ground. */
export function velocityMeasurement(velocity: { north: number; east: number }, cov: Covariance2): Measurement {
  return {
    rows: [[[V, 1]], [[V + 1, 1]]],
    values: [velocity.north, velocity.east],
    noise: [cov.nn, cov.ne, cov.ne, cov.ee],
  };
}

/** The heading offset as registration measured it, radians. */
export function headingMeasurement(offset_rad: number, sigma_rad: number): Measurement {
  return { rows: [[[PSI, 1]]], values: [offset_rad], noise: [sigma_rad * sigma_rad] };
}

/** True over reported height as registration measured it. */
export function scaleMeasurement(scale: number, sigma: number): Measurement {
  return { rows: [[[S, 1]]], values: [scale - 1], noise: [sigma * sigma] };
}
