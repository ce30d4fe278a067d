import type { Covariance2, Fix } from "../fix.js";

/** Why a frame gave no fix. */
export const NO_FIX_REASONS = [
  /** The optical axis is too far from straight down, or at the horizon. */
  "tilt-too-high",
  /** So low that the camera sees too little of the smallest patch that the pack offers. */
  "agl-too-low",
  /** So high that the frame is coarser than the pack's coarsest level. */
  "agl-too-high",
  /** Too little of the query patch is seen (another cause than the height, such as tilt). */
  "low-visibility",
  /** The picture has no contrast: lens cap, fog, black night. */
  "featureless",
  /** The place where the aircraft must be lies outside the pack. */
  "off-map",
  /** The pack holds no cell to compare with. */
  "no-candidates",
  /** Another place fits nearly as well. */
  "ambiguous",
  /** The best place does not fit well enough to be believed. */
  "not-this-place",
] as const;
export type NoFixReason = (typeof NO_FIX_REASONS)[number];

/** The stages of one frame, in order; the report's stage_ms has one entry for each. */
export const STAGES = ["rectify", "encode", "retrieve", "rerank", "register", "estimate", "total"] as const;
export type Stage = (typeof STAGES)[number];
export type StageTimes = Readonly<Record<Stage, number>>;

/** A place on the map that the query may show. */
export interface Candidate {
  /** Row of the pack's index. */
  readonly row: number;
  readonly level: number;
  /** Centre of the cell. */
  readonly lat_deg: number;
  readonly lon_deg: number;
  readonly col_px: number;
  readonly row_px: number;
  /** Which hypothesis of heading and height fits best: its number among the query's, and what it says. */
  readonly hypothesis: number;
  /** Degrees to add to the reported yaw. */
  readonly heading_deg: number;
  /** True over reported height above ground. */
  readonly scale: number;
  /** Cosine of the descriptors. */
  readonly similarity: number;
  /** Mean cosine of this cell and the cells around it with all that the frame shows; `similarity` where it shows no more. */
  readonly frame_similarity: number;
}

/** A candidate that the re-ranker has judged. */
export interface RankedCandidate extends Candidate {
  /** Probability that both views show one place, or null when no re-ranker is used. */
  readonly relevance: number | null;
  /** logit(yes) - logit(no), or null. */
  readonly logit: number | null;
  /** What the order follows: logit + weight * frame_similarity (+ what sides and pixels add in doubt), or frame_similarity alone. */
  readonly score: number;
}

/** A cell that looks like the query, before neighbours are suppressed: what the belief weighs. */
export interface Sighting {
  readonly lat_deg: number;
  readonly lon_deg: number;
  /** Degrees to add to the reported yaw, of the hypothesis that fits best. */
  readonly heading_deg: number;
  readonly similarity: number;
}

/** How well registration alone knows the place, before attitude, height and map are taken into account. */
export interface RegistrationSpread {
  /** Covariance of the patch centre on the map. */
  readonly cov_ne_m2: Covariance2;
  /** 1-sigma of the heading correction, degrees. */
  readonly heading_sigma_deg: number;
  /** 1-sigma of the ratio of true to reported height, or null when only one height was tried. */
  readonly scale_sigma: number | null;
  /** The best heading, or height, is the last one that was tried: the true one may lie beyond. */
  readonly heading_at_end: boolean;
  readonly scale_at_end: boolean;
}

/** What the acceptance model looks at; all of them are numbers that a bench can write out and fit. */
export interface Measures {
  /** Mean cosine at the best shift, heading and scale. */
  readonly peak: number;
  /** Peak minus the best value elsewhere in the same search window. */
  readonly peak_to_second: number;
  /** Peak minus the best value of any other registered candidate elsewhere on the map (peak_to_second if none). */
  readonly peak_to_other: number;
  /** Entropy of the shift's probability map, 0 (one shift) to 1 (all alike). */
  readonly entropy: number;
  /** Descriptor cosine of the candidate. */
  readonly similarity: number;
  /** Re-ranker's logit difference of the candidate; 0 without a re-ranker. */
  readonly logit: number;
  /** Its lead over the best other candidate's logit difference; 0 without a re-ranker or another candidate. */
  readonly logit_margin: number;
  /** Part of the query's positions that was seen. */
  readonly visible: number;
  /** Part of the query's seen positions that lies on mapped ground at the peak. */
  readonly overlap: number;
  /** 1 when the peak lies on the border of the search window, else 0. */
  readonly at_border: number;
}

/** Names of all measures, for checking a model's weights. */
export const MEASURE_NAMES = [
  "peak",
  "peak_to_second",
  "peak_to_other",
  "entropy",
  "similarity",
  "logit",
  "logit_margin",
  "visible",
  "overlap",
  "at_border",
] as const satisfies readonly (keyof Measures)[];

/** A registered place, accepted or not. */
export interface Match {
  readonly estimate: Fix;
  readonly heading_correction_deg: number;
  readonly scale: number;
  readonly spread: RegistrationSpread;
}

/** What one frame gave. */
export interface FrameResult {
  readonly t_us: number;
  /** A position, when the frame was accepted. */
  readonly fix: Fix | null;
  /** Why there is none. */
  readonly reason: NoFixReason | null;
  /** The best guess, whether accepted or not: for diagnosis and for fitting the acceptance model. Never published. */
  readonly estimate: Fix | null;
  readonly level: number | null;
  /** Ground offset from vehicle to patch centre with the reported attitude, metres; null when there was no query. */
  readonly patch_offset: { readonly north_m: number; readonly east_m: number } | null;
  /** How wrong the frame's tilt may be beyond the error budget, degrees, and its height, metres; absent: not at all. */
  readonly tilt?: { readonly sigma_deg: number; readonly agl_m: number };
  /** The cells most like the query, neighbours and all, best first. */
  readonly sightings: readonly Sighting[];
  /** Cells on the query's level: how many places the sightings were picked from. */
  readonly cells: number;
  /** In retrieval order. */
  readonly retrieved: readonly Candidate[];
  /** In the order after re-ranking. */
  readonly ranked: readonly RankedCandidate[];
  readonly measures: Measures | null;
  /** Heading and height as registration corrects them. */
  readonly heading_correction_deg: number | null;
  readonly scale: number | null;
  readonly spread: RegistrationSpread | null;
  /**
   * Where the place was known roughly before: the best registration near it, its quality judged as if there were no other
   * place. Never a fix by itself; navigation may go on with it where everything else says the same.
   */
  readonly near: Match | null;
  readonly stage_ms: StageTimes;
}
