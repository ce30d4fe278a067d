import { DEFAULT_VISION_CONFIG } from "../vision/config.js";

/** Every choice of navigation; all of it is written down here, nothing is learned. */
export interface NavigationConfig {
  readonly estimator: {
    /** Power spectral density of the unknown acceleration, m2/s3: how fast a velocity that nobody measures is forgotten. */
    readonly acceleration_psd: number;
    /** 1-sigma of the heading offset and of the height's relative error before anything was registered. */
    readonly heading_sigma_deg: number;
    readonly scale_sigma: number;
    /** How fast both may drift, 1-sigma over one second (random walk). */
    readonly heading_walk_deg: number;
    /** The heading's drift while odometry does not see it. */
    readonly heading_walk_blind_deg: number;
    readonly scale_walk: number;
    /** Time over which the errors that neighbouring fixes share (attitude, height) change, seconds. */
    readonly bias_time_s: number;
    /** Time over which the tilt that the autopilot has wrong changes, seconds. */
    readonly tilt_time_s: number;
    /** 1-sigma per axis of the map's own position, metres: no number of fixes averages it away. */
    readonly map_sigma_m: number;
    /** Odometry's covariance is taken times this: over a town roofs move otherwise than the street, step after step. */
    readonly motion_variance_factor: number;
    /** Least 1-sigma of the autopilot's velocity, metres per second: under jamming it is hardly independent of our fixes. */
    readonly velocity_sigma_mps: number;
    /** How far back a late fix may reach, seconds. */
    readonly history_s: number;
  };
  readonly belief: {
    /** Probability, before anything was seen, that the vehicle is not over the map at all. */
    readonly off_map: number;
    /** Probability that the true cell is among the sightings of a frame. */
    readonly recall: number;
    /** Softmax temperature of the similarities; 0.025 fits the registered cross-date pairs best, this errs on the slow side. */
    readonly temperature: number;
    /** How much more often a frame is accepted whose true place is among the sightings than one whose is not. */
    readonly registration_ratio: number;
    /** Part of a cell side by which the vehicle must have moved for a frame to count as new evidence. */
    readonly independent_sides: number;
    /** Mass that leaks to "anywhere in reach" each second: odometry and matching may fail together. */
    readonly leak_per_s: number;
    /** Part of "not on the map" that comes onto it each second: who starts off the map may fly onto it. */
    readonly enter_per_s: number;
    /** Hypotheses lighter than this are dropped into the leak. */
    readonly least_mass: number;
    /** Most hypotheses kept. */
    readonly most: number;
  };
  readonly integrity: {
    /** Accepted fixes that must agree, moved by odometry, before the first position and after any loss. */
    readonly required: number;
    /** Squared Mahalanobis distance, two degrees of freedom, that agreeing fixes and innovations stay below. */
    readonly gate_chi2: number;
    /** Belief that must lie around the position to begin, and to go on. */
    readonly start_mass: number;
    readonly keep_mass: number;
    /** Probability that the error exceeds the protection level, for one position. */
    readonly risk: number;
    /** No position is published whose protection level is larger, metres. */
    readonly alert_limit_m: number;
    /** Longest time without an accepted fix: with odometry, and on the last velocity alone, seconds. */
    readonly coast_s: number;
    readonly coast_blind_s: number;
    /** In flight, a registration near the predicted place is believed from this quality on. */
    readonly tracking_quality: number;
    /** The same of one that is the best near the predicted place only, while another place of the map fits better. */
    readonly near_quality: number;
    /** So many refused fixes one after the other silence the position, and so many give it up. */
    readonly refused_silence: number;
    readonly refused_lost: number;
    /** With less belief than this at any place of the map, nothing explains the frames: the vehicle is lost. */
    readonly least_explained: number;
    /** Fastest that the vehicle can move over ground, metres per second. */
    readonly max_speed_mps: number;
    /** After a loss the vehicle is looked for within this part of the way flown since, plus what the covariance says. */
    readonly reach_growth: number;
  };
}

export const DEFAULT_NAVIGATION_CONFIG: NavigationConfig = {
  estimator: {
    acceleration_psd: 4,
    heading_sigma_deg: 5,
    scale_sigma: 0.05,
    heading_walk_deg: 0.2,
    heading_walk_blind_deg: 5,
    scale_walk: 0.003,
    bias_time_s: 60,
    // Errors of PX4's tilt without GPS, in its log: half of it is gone after three to five seconds.
    tilt_time_s: 5,
    map_sigma_m: DEFAULT_VISION_CONFIG.error_budget.map_sigma_m,
    motion_variance_factor: 4,
    velocity_sigma_mps: 1,
    history_s: 6,
  },
  belief: {
    off_map: 0.2,
    recall: 0.85,
    temperature: 0.03,
    registration_ratio: 50,
    independent_sides: 0.5,
    leak_per_s: 1e-4,
    enter_per_s: 0.01,
    least_mass: 1e-9,
    most: 20_000,
  },
  integrity: {
    required: 3,
    gate_chi2: 13.8,
    start_mass: 0.999,
    keep_mass: 0.5,
    risk: 1e-3,
    alert_limit_m: 50,
    coast_s: 10,
    coast_blind_s: 3,
    tracking_quality: 0.3,
    near_quality: 0.5,
    refused_silence: 2,
    refused_lost: 5,
    least_explained: 0.1,
    max_speed_mps: 30,
    reach_growth: 0.1,
  },
};
