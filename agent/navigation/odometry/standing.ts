import type { GroundOffset } from "../../../tiles/geometry/ground.js";
import type { Covariance2 } from "../../fix.js";
import type { OdometryConfig } from "./config.js";
import { NO_COVARIANCE } from "./covariance.js";
import type { Known, Registration, Sight } from "./registration.js";

/** By which part of the distance the ground lags behind what is seen as a whole (0 or less), and the variance of that. */
export interface Relief {
  readonly ratio: number;
  readonly variance: number;
}

/** The frame that others are registered against, and what is known of the relief before they are. */
export interface Keyframe {
  readonly sight: Sight;
  readonly relief: Relief;
}

/** A good frame: where it stands against its keyframe. */
export interface Standing extends Known {
  /** Displacement of the vehicle since the keyframe over the ground itself: with the relief taken out. */
  readonly moved: GroundOffset;
  /** Of `moved`, from the alignment alone. */
  readonly covariance: Covariance2;
  readonly relief: Relief;
}

/** A keyframe of which nothing is known before. */
export function firstKeyframe(sight: Sight, { noise }: OdometryConfig): Keyframe {
  return { sight, relief: { ratio: 0, variance: (noise.first_relief_sigma_m / sight.frame.agl_m) ** 2 } };
}

/** A good frame as the next keyframe: the same land goes on, more or less. `sight` is its patch, perhaps at another scale. */
export function nextKeyframe({ relief }: Standing, sight: Sight, { parallax }: OdometryConfig): Keyframe {
  return { sight, relief: { ratio: relief.ratio, variance: relief.variance + parallax.change_sigma ** 2 } };
}

/** The keyframe's own frame. */
export function atRest({ sight, relief }: Keyframe): Standing {
  const none = { north_m: 0, east_m: 0 };
  return { sight, displacement: none, moved: none, grow: 0, turn: 0, covariance: NO_COVARIANCE, relief };
}

/**
 * A frame that was registered against the keyframe. The lag of the ground that this pair of frames shows is joined with
 * what was known before by their variances: near the keyframe there is little parallax to see, and the old value holds.
 */
export function standingOf(key: Keyframe, sight: Sight, registration: Registration): Standing {
  const { displacement, lag, covariance, alignment } = registration;
  const { grow, turn } = alignment.warp;
  const relief = lag === null ? key.relief : join(key.relief, lag.lag_m, lag.sigma_m, displacement);
  const part = 1 + relief.ratio;
  const moved = { north_m: displacement.north_m * part, east_m: displacement.east_m * part };
  return { sight, displacement, moved, grow, turn, covariance, relief };
}

function join(before: Relief, lag_m: number, sigma_m: number, displacement: GroundOffset): Relief {
  const distance_m = Math.hypot(displacement.north_m, displacement.east_m);
  const seen = (sigma_m / distance_m) ** 2;
  const variance = 1 / (1 / before.variance + 1 / seen);
  return { ratio: variance * (before.ratio / before.variance + lag_m / distance_m / seen), variance };
}
