import type { Covariance2 } from "../../fix.js";

/** Why a frame gave no displacement. */
export type OdometryRefusal =
  /** The first frame, or the first after a break: nothing to compare with. */
  | "start"
  /** Too long since the last good frame, or a time that does not rise. */
  | "gap"
  /** The camera looks too far from straight down. */
  | "tilt"
  /** Height or attitude are missing (not finite) or impossible. */
  | "pose"
  /** Nothing to hold on to: water, snow, fog, a covered lens. */
  | "low-texture"
  /** Contrast without detail. */
  | "blur"
  /** The same picture as the last frame's, noise and all: the camera hangs. */
  | "frozen"
  /** What this frame shares with the last good one is too little. */
  | "low-overlap"
  /** No shift explains the two frames, or several do. */
  | "no-peak";

/** How well the frame agrees with its keyframe; for status pages and tuning. */
export interface OdometryQuality {
  /** Correlation of the overlapping parts after alignment, -1..1. */
  readonly correlation: number;
  /** Part of the patch that both see. */
  readonly overlap: number;
  /** Second highest peak of the phase correlation against the last frame over the highest, 0..1. */
  readonly peak_ratio: number;
  /** Turn that the reported yaws leave, degrees: what to add to this frame's yaw to agree with the keyframe's. */
  readonly turn_deg: number;
  /** Scale that the reported heights leave: by what to multiply this frame's AGL to agree with the keyframe's. */
  readonly scale: number;
  /** By which part the displacement was shortened (0 or less), because roofs and crowns outrun the ground. */
  readonly relief_ratio: number;
}

/**
 * How far the vehicle moved over ground from one good frame to the next.
 *
 * Steps chain: a step begins where the last one ended, so a consumer adds them. Where `from_t_us` is not the last step's
 * `to_t_us`, the chain is broken and what happened between is unknown.
 *
 * What the covariance means. The measured ground point of a frame is moved by its attitude error, AGL * tan(error); a
 * step carries the difference of its two frames' errors, and in a sum of steps all but the first and the last cancel,
 * across keyframes too (the very patch that was matched becomes the next keyframe). The error of a sum is therefore
 * bounded, not a random walk. `cov_ne_m2` is nevertheless made for a consumer that adds steps as if they were
 * independent: with an attitude error of 1-sigma s that keeps for a time T, one step over dt gets 2 s^2 (1 - exp(-dt/T)),
 * which is right for one step and for any sum that is short against T, and never too small for longer ones (it then
 * grows as 2 s^2 t/T, while the truth stays at 2 s^2). Relief (what is seen stands above the ground that AGL means)
 * acts through one keyframe as one scale error: its variance at distance d from the keyframe is (b d)^2, so a step gets
 * the increment b^2 (d_now^2 - d_before^2), which sums to the right value over a keyframe's life. The alignment's own
 * error, a few hundredths of a pixel, is added for both ends of every step.
 *
 * Not in the covariance, because they last and must not be averaged away:
 * - `scale_sigma`: AGL scales everything; 2 % of AGL is 2 % of distance, step after step the same way.
 * - the yaw's error: it turns the displacement. `yaw_deg` is the yaw that was used, `yaw_sigma_deg` what was said of it;
 *   an estimator carries the heading offset as a state and turns the step by it.
 */
export interface OdometryMotion {
  readonly refused: null;
  readonly from_t_us: number;
  readonly to_t_us: number;
  /** Displacement of the vehicle (of its camera), metres, in the true-north frame that the reported yaw gives. */
  readonly north_m: number;
  readonly east_m: number;
  readonly cov_ne_m2: Covariance2;
  /** Height above ground that scaled the step, and its proportional 1-sigma. */
  readonly agl_m: number;
  readonly scale_sigma: number;
  /** Reported yaw of the keyframe, in whose frame the step is given, and the larger of both frames' sigmas, degrees. */
  readonly yaw_deg: number;
  readonly yaw_sigma_deg: number;
  /** Capture time of the keyframe, and the displacement since it: for a consumer that clones states at keyframes. */
  readonly keyframe: { readonly t_us: number; readonly north_m: number; readonly east_m: number };
  readonly quality: OdometryQuality;
}

/** No displacement for this frame. The chain holds (the next good step spans this frame) unless `chain_broken`. */
export interface OdometryRefused {
  readonly refused: OdometryRefusal;
  /** The last good frame; the same as `to_t_us` when there is none. */
  readonly from_t_us: number;
  readonly to_t_us: number;
  /** What was measured, for people. */
  readonly detail: string;
  /** No later step will span from the last good frame to after this one. */
  readonly chain_broken: boolean;
}

/** What one frame told. */
export type OdometryStep = OdometryMotion | OdometryRefused;
