import type { SessionOptions } from "../../../../models/runtime/session.js";
import type { EncodedQuery } from "../../encode/query-encoder.js";
import { type MapPictures, mapPictures } from "../../map-picture.js";
import type { RectifiedQuery } from "../../rectify/rectifier.js";
import type { Candidate, RankedCandidate } from "../../result.js";
import type { PromptValues } from "../prompt.js";
import type { Reranker } from "../reranker.js";
import { VisionLanguageModel } from "./vision-language-model.js";

/**
 * A full vision-language model as the re-ranker: it sees the rectified frame and the map's picture of each candidate.
 *
 * Candidates of one hypothesis share the query's picture, so its prefix is read once for each of them.
 */
export class HuggingFaceReranker implements Reranker {
  private constructor(
    private readonly model: VisionLanguageModel,
    private readonly map: MapPictures,
    private readonly fill: readonly [number, number, number],
  ) {}

  /**
   * @param fill colour of ground without imagery, 0..255: the one that unseen pixels of the query have
   * @throws UserError when the folder cannot be used
   */
  static async load(
    dir: string,
    map: MapPictures,
    fill: readonly [number, number, number],
    options: SessionOptions,
  ): Promise<HuggingFaceReranker> {
    return new HuggingFaceReranker(await VisionLanguageModel.load(dir, options), map, fill);
  }

  get id(): string {
    return this.model.card.id;
  }

  async rerank(
    _query: EncodedQuery,
    candidates: readonly Candidate[],
    prompt: PromptValues,
    patches: RectifiedQuery,
  ): Promise<RankedCandidate[]> {
    const { retrieval_weight } = this.model.card.fusion;
    const ranked: RankedCandidate[] = [];
    for (const hypothesis of new Set(candidates.map((one) => one.hypothesis))) {
      const some = candidates.filter((one) => one.hypothesis === hypothesis);
      const logits = await this.model.score(patchOf(patches, hypothesis), await this.pictures(some, patches), prompt);
      some.forEach((candidate, i) => {
        const logit = logits[i] ?? Number.NaN;
        const relevance = 1 / (1 + Math.exp(-logit));
        ranked.push({ ...candidate, relevance, logit, score: logit + retrieval_weight * candidate.frame_similarity });
      });
    }
    return ranked.sort((a, b) => b.score - a.score || a.row - b.row);
  }

  async release(): Promise<void> {
    await this.model.release();
  }

  private pictures(candidates: readonly Candidate[], { side_px }: RectifiedQuery): ReturnType<typeof mapPictures> {
    const windows = candidates.map(({ level, col_px, row_px }) => ({ level, col_px, row_px, side_px }));
    return mapPictures(this.map, windows, this.fill);
  }
}

/** The query's picture under one hypothesis. */
function patchOf(
  { rgb, side_px }: RectifiedQuery,
  hypothesis: number,
): { width: number; height: number; rgb: Uint8Array } {
  const bytes = side_px * side_px * 3;
  return { width: side_px, height: side_px, rgb: rgb.subarray(hypothesis * bytes, (hypothesis + 1) * bytes) };
}
