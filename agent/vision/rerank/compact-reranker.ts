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
import { inDoubt, sidePairs, type ViewOnMap, withSides } from "./side-patches.js";
import { WordTokenizer } from "./tokenizer.js";

/**
 * The shipped re-ranker: one graph that reads the dense features of query and candidates and the prompt's tokens and
 * answers "same place?" with two logits for each. All K candidates are one batch; each hypothesis of the query that any
 * of them came with is read once. Where the first of them are too close to tell, what the frame shows beside the patch is
 * asked too (side-patches.ts), and then pixels (pixel-agreement.ts).
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
    if (candidates.length === 0) return [];
    const { fusion, sides } = this.folder.card;
    const { side, channels } = query;
    const values = channels * side * side;
    const views = new Map<number, Float32Array>();
    for (const { hypothesis } of candidates) {
      views.set(hypothesis, query.features.subarray(hypothesis * values, (hypothesis + 1) * values));
    }
    const pairs = candidates.map(({ level, col_px, row_px, hypothesis }) => {
      return { view: views.get(hypothesis) as Float32Array, window: this.window(level, col_px, row_px, side) };
    });
    const logits = await this.logits(pairs, query, prompt);
    const ranked = candidates
      .map((candidate, i) => {
        const logit = logits[i] as number;
        const relevance = 1 / (1 + Math.exp(-logit));
        return { ...candidate, relevance, logit, score: logit + fusion.retrieval_weight * candidate.frame_similarity };
      })
      .sort((a, b) => b.score - a.score || a.row - b.row);
    const asked = sides === undefined ? [] : inDoubt(ranked, sides);
    const settled = asked.length === 0 ? ranked : await this.askSides(ranked, asked, query, prompt);
    return this.pixels === null ? settled : this.pixels.settle(settled, patches);
  }

  /** The first candidates in the order of what the frame shows beside the patch says too. */
  private async askSides(
    ranked: readonly RankedCandidate[],
    asked: readonly RankedCandidate[],
    query: EncodedQuery,
    prompt: PromptValues,
  ): Promise<readonly RankedCandidate[]> {
    const weight = this.folder.card.sides?.weight ?? 0;
    const pairs = sidePairs(asked, query, (level, col_px, row_px) => this.window(level, col_px, row_px, query.side));
    if (pairs.length === 0) return ranked;
    const logits = await this.logits(pairs, query, prompt);
    const settled = withSides(asked, pairs, logits, weight);
    return [...settled, ...ranked.slice(asked.length)];
  }

  /** Map features about a point of the level grid, as the pack holds them: the graph brings each position to unit norm. */
  private window(level: number, col_px: number, row_px: number, side: number): Int8Array {
    const j0 = Math.round(col_px / this.stride_px - side / 2);
    const i0 = Math.round(row_px / this.stride_px - side / 2);
    return this.map.featureWindow(level, j0, i0, side, side);
  }

  /** logit(yes) - logit(no) of each pair, in one batch; a view that several pairs share is read once. */
  private async logits(
    pairs: readonly ViewOnMap[],
    { side, channels }: EncodedQuery,
    prompt: PromptValues,
  ): Promise<readonly number[]> {
    const { graph, prompt: promptCard } = this.folder.card;
    const k = pairs.length;
    const values = channels * side * side;
    const used = [...new Set(pairs.map(({ view }) => view))];
    const views = new Float32Array(used.length * values);
    used.forEach((view, i) => {
      views.set(view, i * values);
    });
    const windows = new Float32Array(k * values);
    const viewOf = new BigInt64Array(k);
    pairs.forEach(({ view, window }, i) => {
      windows.set(window, i * values);
      viewOf[i] = BigInt(used.indexOf(view));
    });
    const ids = this.tokenizer.encodePadded(this.template.render(prompt), promptCard.length);
    const outputs = await this.session.run({
      [graph.views]: { data: views, dims: [used.length, channels, side, side] },
      [graph.windows]: { data: windows, dims: [k, side, side, channels] },
      [graph.view_of]: { data: viewOf, dims: [k] },
      [graph.prompt]: { data: BigInt64Array.from(ids, BigInt), dims: [ids.length] },
    });
    const answers = outputOf(outputs, graph.logits, [k, 2], this.session.path);
    return pairs.map((_, i) => (answers[i * 2] ?? Number.NaN) - (answers[i * 2 + 1] ?? Number.NaN));
  }

  async release(): Promise<void> {
    await this.pixels?.release();
    await this.session.release();
  }
}
