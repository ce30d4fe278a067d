import type { Covariance2 } from "../../fix.js";
import type { EncodedQuery } from "../encode/query-encoder.js";
import type { Measures, RankedCandidate } from "../result.js";

/** Where the query lies on the map, to a fraction of a pixel, and how sure that is. */
export interface Registration {
  readonly candidate: RankedCandidate;
  /** The patch centre on the map. */
  readonly lat_deg: number;
  readonly lon_deg: number;
  /** Covariance of the patch centre, from the probability map alone. */
  readonly cov_ne_m2: Covariance2;
  /** Degrees to add to the reported yaw, and its 1-sigma. */
  readonly heading_deg: number;
  readonly heading_sigma_deg: number;
  /** The best heading, or height, is the last one that was tried: the true one may lie beyond. */
  readonly heading_at_end: boolean;
  readonly scale_at_end: boolean;
  /** True over reported height above ground, and its 1-sigma; sigma is null when only one scale was tried. */
  readonly scale: number;
  readonly scale_sigma: number | null;
  readonly measures: Measures;
  /** Probability of being the right place, from the acceptance model. */
  readonly quality: number;
  readonly accepted: boolean;
}

/** What was registered of one query. */
export interface Registrations {
  /** The best of all; null when no candidate overlaps the map enough. */
  readonly best: Registration | null;
  /** The best of the candidates near the expected place, judged as if there were no others; null where there is none. */
  readonly near: Registration | null;
}

/** Finds the exact place of the query around the best candidates. */
export interface Registrar {
  /** The model's id. */
  readonly id: string;
  /**
   * @param ranked candidates, best first
   * @param agl_sigma_ratio 1-sigma of the height above ground over the height
   * @param isNear tells the candidates near the expected place, where one is known
   */
  register(
    query: EncodedQuery,
    ranked: readonly RankedCandidate[],
    agl_sigma_ratio: number,
    isNear?: (candidate: RankedCandidate) => boolean,
  ): Promise<Registrations>;
  release(): Promise<void>;
}
