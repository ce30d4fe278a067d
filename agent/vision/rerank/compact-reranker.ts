import type { Encoder } from "../../../models/runtime/encoder.js";
import {
  loadModelFolder,
  type ModelFolder,
  type RerankerCard,
  rerankerCard,
} from "../../../models/runtime/model-folder.js";
import { OnnxSession, outputOf, type SessionOptions } from "../../../models/runtime/session.js";
import { UserError } from "../../../tiles/errors.js";
import type { EncodedQuery } from "../encode/query-encoder.js";
import type { RectifiedQuery } from "../rectify/rectifier.js";
import type { Candidate, RankedCandidate } from "../result.js";
import { PixelAgreement, type PixelMap } from "./pixel-agreement.js";
import { PromptTemplate, type PromptValues } from "./prompt.js";
import type { Reranker } from "./reranker.js";
import { WordTokenizer } from "./tokenizer.js";

/**
 * The shipped re-ranker: one graph that reads the dense features of query and candidates and the prompt's tokens and
 * answers "same place?" with two logits for each. All K candidates are one batch; each hypothesis of the query that any
 * of them came with is read once. Where the first of them are too close to tell, pixels decide (pixel-agreement.ts).
 */
export class CompactReranker implements Reranker {
  private constructor(
    private readonly folder: ModelFolder<RerankerCard>,
    private readonly session: OnnxSession,
    private readonly tokenizer: WordTokenizer,
    private readonly template: PromptTemplate,
    private readonly map: PixelMap,
    private readonly stride_px: number,
    private readonly pixels: PixelAgreement | null,
  ) {}

  /** @throws UserError when the folder cannot be used or reads features of another encoder */
  static async load(dir: string, encoder: Encoder, map: PixelMap, options: SessionOptions): Promise<CompactReranker> {
    const folder = loadModelFolder(dir, rerankerCard);
    const { card } = folder;
    if (card.encoder_id !== encoder.id) {
      throw new UserError(`${dir}: reads features of encoder ${card.encoder_id}, the encoder in use is ${encoder.id}`);
    }
    const side = encoder.cell_px / encoder.stride_px;
    if (card.graph.side !== side || card.graph.channels !== encoder.channels) {
      throw new UserError(
        `${dir}: takes ${card.graph.side}x${card.graph.side} features of ${card.graph.channels} channels, ` +
          `encoder ${encoder.id} makes ${side}x${side} of ${encoder.channels}`,
      );
    }
    const tokenizer = WordTokenizer.load(folder.path(card.prompt.tokenizer));
    const template = new PromptTemplate(card.prompt.template, `${dir}/model.json`);
    const session = await OnnxSession.open(folder, card.graph.file, options);
    const pixels = await PixelAgreement.load(folder, options, map, encoder.stride_px);
    return new CompactReranker(folder, session, tokenizer, template, map, encoder.stride_px, pixels);
  }

  get id(): string {
    return this.folder.card.id;
  }

  async rerank(
    query: EncodedQuery,
    candidates: readonly Candidate[],
    prompt: PromptValues,
    patches: RectifiedQuery,
  ): Promise<readonly RankedCandidate[]> {
    const k = candidates.length;
    if (k === 0) return [];
    const { graph, fusion, prompt: promptCard } = this.folder.card;
    const { side, channels } = query;
    const area = side * side;
    const used = [...new Set(candidates.map((one) => one.hypothesis))].sort((a, b) => a - b);
    const views = new Float32Array(used.length * channels * area);
    used.forEach((hypothesis, i) => {
      const base = hypothesis * channels * area;
      views.set(query.features.subarray(base, base + channels * area), i * channels * area);
    });
    // As the pack holds them: the graph brings each position to unit norm.
    const windows = new Float32Array(k * area * channels);
    const viewOf = new BigInt64Array(k);
    candidates.forEach((candidate, i) => {
      const j0 = Math.round(candidate.col_px / this.stride_px - side / 2);
      const i0 = Math.round(candidate.row_px / this.stride_px - side / 2);
      windows.set(this.map.featureWindow(candidate.level, j0, i0, side, side), i * area * channels);
      viewOf[i] = BigInt(used.indexOf(candidate.hypothesis));
    });
    const ids = this.tokenizer.encodePadded(this.template.render(prompt), promptCard.length);
    const outputs = await this.session.run({
      [graph.views]: { data: views, dims: [used.length, channels, side, side] },
      [graph.windows]: { data: windows, dims: [k, side, side, channels] },
      [graph.view_of]: { data: viewOf, dims: [k] },
      [graph.prompt]: { data: BigInt64Array.from(ids, BigInt), dims: [ids.length] },
    });
    const logits = outputOf(outputs, graph.logits, [k, 2], this.session.path);
    const ranked = candidates
      .map((candidate, i) => {
        const logit = (logits[i * 2] ?? Number.NaN) - (logits[i * 2 + 1] ?? Number.NaN);
        const relevance = 1 / (1 + Math.exp(-logit));
        return { ...candidate, relevance, logit, score: logit + fusion.retrieval_weight * candidate.frame_similarity };
      })
      .sort((a, b) => b.score - a.score || a.row - b.row);
    return this.pixels === null ? ranked : this.pixels.settle(ranked, patches);
  }

  async release(): Promise<void> {
    await this.pixels?.release();
    await this.session.release();
  }
}
