import { embedderCard, type ImageEmbedder, loadEmbedder } from "../../models/runtime/embedder.js";
import { Encoder } from "../../models/runtime/encoder.js";
import { loadModelFolder } from "../../models/runtime/model-folder.js";
import { shippedModel } from "../../models/runtime/paths.js";
import type { SessionOptions } from "../../models/runtime/session.js";
import { DEFAULT_VISION_CONFIG } from "../vision/config.js";
import { type EncodedQuery, QueryEncoder } from "../vision/encode/query-encoder.js";
import type { RectifiedQuery } from "../vision/rectify/rectifier.js";
import { loadReranker, rerankerKind } from "../vision/rerank/load-reranker.js";
import type { Reranker } from "../vision/rerank/reranker.js";
import { GalleryStrip } from "./gallery-strip.js";
import { type Fit, turnClockwise } from "./images.js";
import { embedInBatches } from "./search.js";
import type { EvalImage, ViewFacts } from "./task.js";

/** Makes the vectors that retrieval compares. */
export interface EvalRetriever {
  readonly id: string;
  readonly sha256: string;
  readonly width: number;
  /** Side of the pictures, pixels. */
  readonly side_px: number;
  /** Vectors of gallery pictures: [n, width]. */
  embed(pictures: readonly Uint8Array[]): Promise<Float32Array>;
  /** Vectors of one query at several headings: [headings, width]. */
  embedQuery(picture: Uint8Array, headings_deg: readonly number[]): Promise<Float32Array>;
  release(): Promise<void>;
}

/** A place in the gallery that retrieval found. */
export interface Found {
  readonly index: number;
  readonly similarity: number;
  /** Number of the heading that fits best. */
  readonly heading: number;
}

/** Puts what retrieval found into a better order. */
export interface EvalReranker {
  readonly id: string;
  readonly side_px: number;
  open(gallery: readonly EvalImage[]): void;
  /** @returns the gallery indices of `found`, best first */
  rank(
    picture: Uint8Array,
    headings_deg: readonly number[],
    found: readonly Found[],
    prompt: ViewFacts & { readonly yaw_sigma_deg: number },
  ): Promise<readonly number[]>;
  release(): Promise<void>;
}

/**
 * Opens a model folder of kind "encoder" or "retriever".
 *
 * A retriever sees turned queries with its own grey in their corners; an encoder leaves the corners out, as in flight.
 *
 * @throws UserError when it cannot be used
 */
export async function openRetriever(dir: string, session: SessionOptions): Promise<EvalRetriever> {
  const { kind } = loadModelFolder(dir, embedderCard).card;
  const plain = retrieverOf(await loadEmbedder(dir, session));
  if (kind === "retriever") return plain;
  const queries = new EncodedPictures(await Encoder.load(dir, session));
  return {
    ...plain,
    embedQuery: async (picture, headings_deg) => (await queries.encode(picture, headings_deg)).query.descriptors,
    async release() {
      await plain.release();
      await queries.encoder.release();
    },
  };
}

/** Any embedder; the corners of turned queries are filled with its grey. */
export function retrieverOf(embedder: ImageEmbedder): EvalRetriever {
  const { id, sha256, width, side_px, fillColour } = embedder;
  return {
    id,
    sha256,
    width,
    side_px,
    embed: (pictures) => embedInBatches(embedder, pictures),
    embedQuery: (picture, headings_deg) =>
      embedInBatches(
        embedder,
        headings_deg.map((deg) => turnClockwise(picture, side_px, deg, fillColour).rgb),
      ),
    release: () => embedder.release(),
  };
}

/** Pictures turned to several headings, as the agent's encoder sees its frames. */
class EncodedPictures {
  private readonly queries: QueryEncoder;

  constructor(readonly encoder: Encoder) {
    this.queries = new QueryEncoder(encoder, DEFAULT_VISION_CONFIG.encode);
  }

  async encode(
    picture: Uint8Array,
    headings_deg: readonly number[],
  ): Promise<{ readonly query: EncodedQuery; readonly patches: RectifiedQuery }> {
    const { cell_px: side_px, fillColour } = this.encoder;
    const turned = headings_deg.map((deg) => turnClockwise(picture, side_px, deg, fillColour));
    const rgb = new Uint8Array(Buffer.concat(turned.map((one) => one.rgb)));
    const valid = new Uint8Array(Buffer.concat(turned.map((one) => one.valid)));
    // The resolution on the ground is not known, and encoding does not ask for it.
    const patches = { n: turned.length, side_px, gsd_m: Number.NaN, rgb, valid };
    const hypotheses = headings_deg.map((heading_deg) => ({ heading_deg, scale: 1 }));
    return { query: await this.queries.encode(patches, hypotheses), patches };
  }
}

/**
 * Any of the agent's re-rankers on a gallery of images: those that read features read the shipped encoder's, whichever
 * retriever found the images.
 */
export class GalleryReranker implements EvalReranker {
  private readonly queries: EncodedPictures;

  private constructor(
    private readonly encoder: Encoder,
    private readonly reranker: Reranker,
    private readonly strip: GalleryStrip,
    readonly id: string,
  ) {
    this.queries = new EncodedPictures(encoder);
  }

  /** @throws UserError when the re-ranker cannot be used or reads another encoder's features */
  static async load(dir: string, fit: Fit, session: SessionOptions): Promise<GalleryReranker> {
    const encoder = await Encoder.load(shippedModel("encoder"), session);
    const strip = new GalleryStrip(encoder, fit, rerankerKind(dir) === "reranker" ? "features" : "pictures");
    const reranker = await loadReranker(dir, encoder, strip, session);
    return new GalleryReranker(encoder, reranker, strip, reranker.id ?? dir);
  }

  get side_px(): number {
    return this.encoder.cell_px;
  }

  open(gallery: readonly EvalImage[]): void {
    this.strip.open(gallery);
  }

  async rank(
    picture: Uint8Array,
    headings_deg: readonly number[],
    found: readonly Found[],
    prompt: ViewFacts & { readonly yaw_sigma_deg: number },
  ): Promise<readonly number[]> {
    await this.strip.require(found.map(({ index }) => index));
    // Only headings that a candidate was found at are read.
    const used = [...new Set(found.map(({ heading }) => heading))].sort((a, b) => a - b);
    const { query, patches } = await this.queries.encode(
      picture,
      used.map((heading) => headings_deg[heading] ?? 0),
    );
    const candidates = found.map(({ index, similarity, heading }) => ({
      row: index,
      level: 0,
      lat_deg: 0,
      lon_deg: 0,
      ...this.strip.centre_px(index),
      hypothesis: used.indexOf(heading),
      heading_deg: headings_deg[heading] ?? 0,
      scale: 1,
      similarity,
      frame_similarity: similarity,
    }));
    const gsd_cm = (100 * prompt.footprint_m) / this.side_px;
    // Benchmarks tell neither the dates of their images nor how well the height is known.
    const unknown = { map_age_months: 0, month: 0, agl_sigma_percent: 5 };
    const ranked = await this.reranker.rerank(query, candidates, { ...prompt, ...unknown, gsd_cm }, patches);
    return ranked.map(({ row }) => row);
  }

  async release(): Promise<void> {
    await this.encoder.release();
    await this.reranker.release();
  }
}
