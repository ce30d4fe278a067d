/**
 * Every number of the vision pipeline that is a choice and not part of a model. What was learned from data (fusion
 * weight, softmax temperature, covariance factors, acceptance) lives in the models' model.json.
 */
export interface VisionConfig {
  /** Can this frame be judged at all, and on which level of the pack? */
  readonly view: {
    /** Largest angle between the optical axis and straight down, degrees; beyond it flat ground is a bad model. */
    readonly max_off_nadir_deg: number;
    /** Least part of the query patch that the camera must see, 0..1. */
    readonly min_visible: number;
    /** A level whose patch is seen to this part or more is preferred by size: the largest patch wins. */
    readonly full_visible: number;
    /** Largest ratio of sensor pixel to map pixel on the ground: above it the frame is too coarse for the level. */
    readonly max_upsampling: number;
    /** Least standard deviation of the seen pixels' brightness, 0..255: below it there is nothing to match. */
    readonly min_contrast: number;
  };
  readonly encode: {
    /** Feature positions with a smaller part of seen pixels than this are treated as unseen. */
    readonly min_position_visible: number;
    /** A patch beside the query's, one cell stride away, is compared too where the camera sees at least this part of it. */
    readonly surroundings_visible: number;
    /** Patches encoded in one run of the network; more are split, so that memory stays bounded. */
    readonly batch: number;
  };
  readonly retrieve: {
    /** Step between heading hypotheses, degrees; one hypothesis covers half a step to either side. */
    readonly heading_step_deg: number;
    /** Hypotheses reach this many sigma of the yaw to either side. */
    readonly heading_sigmas: number;
    /** At this yaw sigma and above the heading counts as unknown: all directions are tried, degrees. */
    readonly heading_unknown_sigma_deg: number;
    /** Ratio of one height hypothesis to the next, above 1; one hypothesis covers the root of it to either side. */
    readonly scale_step: number;
    /** Hypotheses reach this many sigma of the height to either side. */
    readonly scale_sigmas: number;
    /** They reach no farther than this ratio of true to reported height, as registration does not. */
    readonly scale_reach: number;
    /** Most hypotheses of a query: beyond it, other heights than the reported one are tried at fewer headings. */
    readonly max_hypotheses: number;
    /** Cells taken from the index for each hypothesis before merging. */
    readonly per_hypothesis: number;
    /** K: candidates handed to the re-ranker. */
    readonly candidates: number;
    /** Cells reported for the belief, neighbours and all. */
    readonly sightings: number;
    /** A candidate nearer than this part of a cell side to a better one is dropped. */
    readonly suppression: number;
  };
  readonly register: {
    /** How many of the re-ranked candidates are registered. */
    readonly candidates: number;
    /** How many of those near the expected place are registered, whatever their rank. */
    readonly near_candidates: number;
    /** Map features around the cell in which the query is slid, each side. */
    readonly margin_features: number;
    /** Heading offsets tried around the candidate's heading, degrees, ascending, evenly spaced. */
    readonly headings_deg: readonly number[];
    /**
     * Ratios of true to reported height tried, ascending, evenly spaced; those beyond `scale_sigmas` are left out, and
     * those beyond the next hypotheses to the candidate's (register/tried-scales.ts).
     */
    readonly scales: readonly number[];
    readonly scale_sigmas: number;
    /** Positions that must be valid in both query and map, as a part of the query's valid ones, for a shift to count. */
    readonly min_overlap: number;
    /** A second peak nearer than this to the first is the same peak, features. */
    readonly peak_radius_features: number;
    /** Second moments of the probability map are taken within this distance of the peak, features. */
    readonly moment_radius_features: number;
    /** 1-sigma floors of the registered heading (degrees) and of the scale (ratio). */
    readonly heading_floor_deg: number;
    readonly scale_floor: number;
    /** When a registration is refused and its peak leads by less than this mean cosine, the reason is "ambiguous". */
    readonly ambiguous_margin: number;
  };
  readonly error_budget: {
    /** 1-sigma of the reported roll and of the reported pitch, mount included, degrees. */
    readonly attitude_sigma_deg: number;
    /** 1-sigma of the map's own position in each axis, metres. */
    readonly map_sigma_m: number;
  };
}

export const DEFAULT_VISION_CONFIG: VisionConfig = {
  view: { max_off_nadir_deg: 60, min_visible: 0.5, full_visible: 0.85, max_upsampling: 2, min_contrast: 2 },
  encode: { min_position_visible: 0.5, surroundings_visible: 0.6, batch: 12 },
  retrieve: {
    heading_step_deg: 10,
    heading_sigmas: 2,
    heading_unknown_sigma_deg: 90,
    scale_step: 1.21,
    scale_sigmas: 1.5,
    scale_reach: 1.3,
    max_hypotheses: 72,
    per_hypothesis: 64,
    candidates: 10,
    sightings: 96,
    suppression: 0.5,
  },
  register: {
    candidates: 3,
    near_candidates: 1,
    margin_features: 10,
    headings_deg: [-6, -3, 0, 3, 6],
    scales: [0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3],
    scale_sigmas: 2,
    min_overlap: 0.5,
    peak_radius_features: 3,
    moment_radius_features: 3,
    heading_floor_deg: 0.5,
    scale_floor: 0.01,
    ambiguous_margin: 0.02,
  },
  error_budget: { attitude_sigma_deg: 1, map_sigma_m: 1 },
};
