/** Every choice of the visual odometry. Lengths in patch pixels are of the ground patch, not of the sensor. */
export interface OdometryConfig {
  readonly patch: {
    /** Side of the ground patch, pixels; a power of two (Fourier transform). */
    readonly side_px: number;
    /** Part of the sensor's smaller side that the patch spans. */
    readonly span: number;
    /** Largest angle between the optical axis and straight down, degrees; beyond it flat ground is a bad model. */
    readonly max_off_nadir_deg: number;
    /** Least part of the patch that the camera must see, 0..1. */
    readonly min_visible: number;
  };
  readonly image: {
    /** Least standard deviation of brightness inside small neighbourhoods, 0..255: below it there is nothing to hold on to. */
    readonly min_contrast: number;
    /**
     * Least ratio of the mean squared difference of pixels one apart to that of pixels four apart: 1 for noise, about a
     * half for land, 1/16 for a picture without any detail.
     */
    readonly min_sharpness: number;
    /** A frame is frozen when this part of its unclipped pixels is what it was in the last frame, and more. */
    readonly frozen_part: number;
  };
  readonly match: {
    /** Least correlation (-1..1) of the overlapping parts for a registration to count. */
    readonly min_correlation: number;
    /** A different shift that correlates to within this of the best one makes the registration ambiguous. */
    readonly min_lead: number;
    /** Least part of the patch that both frames must see. */
    readonly min_overlap: number;
    /** Below this overlap or this correlation the frame becomes the next keyframe. */
    readonly keyframe_overlap: number;
    readonly keyframe_correlation: number;
    /** Largest turn (radians) and largest change of scale between reported and seen; beyond it the pose is not believed. */
    readonly max_residual: number;
    /** 1-sigma of turn (radians) and of scale that are expected between two reported poses. */
    readonly residual_sigma: number;
    /** The ground's pixels are rescaled when height or tilt have changed their ideal size by this factor. */
    readonly max_gsd_ratio: number;
    /** Nothing is measured between frames further apart than this, seconds. */
    readonly max_gap_s: number;
  };
  readonly parallax: {
    /** Side of the blocks whose own motion is measured, pixels. */
    readonly block_px: number;
    /** This part of the blocks, the slowest, is taken to lie on the ground or below it. */
    readonly ground_part: number;
    /** How many formal sigma of a block that quantile lies from the middle over flat ground (measured). */
    readonly noise_quantile: number;
    /** 1-sigma of the lag that is found, pixels. */
    readonly lag_sigma_px: number;
    /** 1-sigma of the change of the lag, as a part of the distance, from one keyframe to the next. */
    readonly change_sigma: number;
  };
  readonly noise: {
    /** 1-sigma of an attitude angle as the autopilot reports it, degrees, and the time over which the error keeps. */
    readonly attitude_sigma_deg: number;
    readonly attitude_time_s: number;
    /** 1-sigma of the capture time against the attitude's clock, seconds: in a turn it acts as an attitude error. */
    readonly capture_sigma_s: number;
    /** 1-sigma of the height of what is taken for the ground above the ground that AGL means, metres: the part that
     * changes from keyframe to keyframe, the part that stays, and all of it before anything was measured. */
    readonly relief_sigma_m: number;
    readonly relief_bias_sigma_m: number;
    readonly first_relief_sigma_m: number;
    /** The alignment's formal covariance times this: its pixels are neither independent nor only noisy. */
    readonly alignment_factor: number;
    /** 1-sigma of one alignment that is never undercut, patch pixels. */
    readonly alignment_floor_px: number;
  };
}

export const ODOMETRY_CONFIG: OdometryConfig = {
  patch: { side_px: 128, span: 1, max_off_nadir_deg: 55, min_visible: 0.5 },
  image: { min_contrast: 1.2, min_sharpness: 0.085, frozen_part: 0.97 },
  match: {
    min_correlation: 0.4,
    min_lead: 0.06,
    min_overlap: 0.3,
    keyframe_overlap: 0.55,
    keyframe_correlation: 0.6,
    max_residual: 0.15,
    residual_sigma: 0.03,
    max_gsd_ratio: 1.25,
    max_gap_s: 3,
  },
  parallax: { block_px: 8, ground_part: 0.15, noise_quantile: 2, lag_sigma_px: 0.15, change_sigma: 0.01 },
  noise: {
    attitude_sigma_deg: 0.5,
    attitude_time_s: 5,
    capture_sigma_s: 0.005,
    relief_sigma_m: 1,
    relief_bias_sigma_m: 1.5,
    first_relief_sigma_m: 4,
    alignment_factor: 6,
    alignment_floor_px: 0.03,
  },
};
