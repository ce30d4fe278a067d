import { hitRank } from "../../agent/report/report.js";
import { DEFAULT_VISION_CONFIG } from "../../agent/vision/config.js";
import { CompactReranker } from "../../agent/vision/rerank/compact-reranker.js";
import { FlatRetriever } from "../../agent/vision/retrieve/flat-retriever.js";
import type { Encoder } from "../../models/runtime/encoder.js";
import { cpu_ms, FrameEncoder } from "./encode.js";
import type { Gallery } from "./galleries.js";
import { frameFor, type Query, RIG, truthOf } from "./queries.js";
import type { Setting } from "./settings.js";

/** What became of one query in one gallery at one setting. */
export interface RankRecord {
  readonly gallery: number;
  readonly setting: string;
  readonly pair: string;
  readonly set: string;
  readonly seen: boolean;
  readonly view: { readonly x: number; readonly y: number; readonly heading_deg: number };
  /** Place of the first right candidate among the K; null when there is none. */
  readonly retrieved: number | null;
  readonly reranked: number | null;
  /** Similarity of the best candidate, and of the first right one; null where there is none. */
  readonly best_similarity: number | null;
  readonly right_similarity: number | null;
  /** The piece of the map that the best candidate lies on, before and after re-ranking. */
  readonly retrieved_on: string | null;
  readonly reranked_on: string | null;
  /** Of a query that no candidate is right for: place of the first right one in a list of DEEP candidates. */
  readonly deep: number | null;
  readonly retrieve_cpu_ms: number;
  readonly rerank_cpu_ms: number;
}

/** Length of the list in which a right cell is looked for when it is not among the candidates. */
export const DEEP = 500;

/** Runs queries through the agent's own encoder, retriever and re-ranker; encodes each once for all galleries. */
export class RetrievalBench {
  private constructor(
    private readonly frames: FrameEncoder,
    private readonly maps: readonly {
      gallery: Gallery;
      retriever: FlatRetriever;
      deep: FlatRetriever;
      reranker: CompactReranker;
    }[],
    private readonly candidates: number,
  ) {}

  /** @param candidates K, how many are re-ranked */
  static async open(
    galleries: readonly Gallery[],
    encoder: Encoder,
    rerankerDir: string,
    candidates: number,
    threads: number,
  ): Promise<RetrievalBench> {
    const { retrieve } = DEFAULT_VISION_CONFIG;
    const maps = [];
    for (const gallery of galleries) {
      maps.push({
        gallery,
        retriever: new FlatRetriever(gallery.pack, retrieve),
        deep: new FlatRetriever(gallery.pack, { ...retrieve, per_hypothesis: 8 * DEEP }),
        reranker: await CompactReranker.load(rerankerDir, encoder, gallery.pack, { threads }),
      });
    }
    return new RetrievalBench(new FrameEncoder(encoder), maps, candidates);
  }

  async run(query: Query, setting: Setting): Promise<RankRecord[]> {
    const [first] = this.maps;
    if (first === undefined) return [];
    const { plan, rectified, encoded, prompt } = await this.frames.encode(
      frameFor(query, setting),
      RIG,
      first.gallery.pack,
    );
    const records: RankRecord[] = [];
    for (const { gallery, retriever, deep, reranker } of this.maps) {
      const started = cpu_ms();
      const { candidates } = retriever.retrieve(encoded, plan.level, this.candidates);
      const between = cpu_ms();
      const ranked = await reranker.rerank(encoded, candidates, prompt, rectified);
      const ended = cpu_ms();
      const truth = truthOf(query, gallery.places);
      const side = (level: number): number => gallery.pack.level(level).cell_side_m;
      const retrieved = hitRank(candidates, truth, side);
      const right = retrieved === null ? undefined : candidates[retrieved - 1];
      const [best] = candidates;
      const [winner] = ranked;
      const { x, y, heading_deg } = query.view;
      records.push({
        gallery: gallery.size,
        setting: setting.name,
        pair: query.pair.name,
        set: query.pair.set,
        seen: query.seen,
        view: { x, y, heading_deg },
        retrieved,
        reranked: hitRank(ranked, truth, side),
        best_similarity: best?.similarity ?? null,
        right_similarity: right?.similarity ?? null,
        retrieved_on: best === undefined ? null : gallery.places.at(best),
        reranked_on: winner === undefined ? null : gallery.places.at(winner),
        deep: retrieved === null ? hitRank(deep.retrieve(encoded, plan.level, DEEP).candidates, truth, side) : null,
        retrieve_cpu_ms: between - started,
        rerank_cpu_ms: ended - between,
      });
    }
    return records;
  }

  async close(): Promise<void> {
    for (const { reranker, gallery } of this.maps) {
      await reranker.release();
      gallery.pack.close();
    }
  }
}
