import type { EncodedQuery } from "../encode/query-encoder.js";
import type { Candidate, Sighting } from "../result.js";

/** A neighbourhood that is searched in addition to the whole pack. */
export interface Neighbourhood {
  readonly lat_deg: number;
  readonly lon_deg: number;
  readonly radius_m: number;
}

/** What a search found. */
export interface Retrieval {
  /** At most `k`, best first, no two of them nearer than the suppression distance. */
  readonly candidates: Candidate[];
  /** The best cells, neighbours and all, best first. */
  readonly sightings: Sighting[];
  /** Cells that were searched. */
  readonly cells: number;
}

/** Finds the cells of a level that look like the query. */
export interface Retriever {
  /**
   * @param near when given, up to half of the candidates are the best of this neighbourhood; the rest are the best of
   *   the whole level, so that a wrong belief about the place can always be corrected
   */
  retrieve(query: EncodedQuery, level: number, k: number, near?: Neighbourhood): Retrieval;
}
