import type { EncodedQuery } from "../encode/query-encoder.js";
import type { RectifiedQuery } from "../rectify/rectifier.js";
import type { Candidate, RankedCandidate } from "../result.js";
import type { PromptValues } from "./prompt.js";

/** Reads query and candidates jointly and orders the candidates. */
export interface Reranker {
  /** The model's id, or null when this is no model. */
  readonly id: string | null;
  /**
   * @param patches what `query` was encoded from, for those that look at pictures
   * @returns the same candidates, best first
   */
  rerank(
    query: EncodedQuery,
    candidates: readonly Candidate[],
    prompt: PromptValues,
    patches: RectifiedQuery,
  ): Promise<readonly RankedCandidate[]>;
  release(): Promise<void>;
}

/** Keeps the order of retrieval: what `--no-rerank` uses. */
export class RetrievalOrder implements Reranker {
  readonly id = null;

  async rerank(_query: EncodedQuery, candidates: readonly Candidate[]): Promise<RankedCandidate[]> {
    return candidates.map((one) => ({ ...one, relevance: null, logit: null, score: one.frame_similarity }));
  }

  async release(): Promise<void> {}
}
