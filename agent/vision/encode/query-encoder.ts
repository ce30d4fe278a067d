import { type Encoder, poolGrid } from "../../../models/runtime/encoder.js";
import type { VisionConfig } from "../config.js";
import type { RectifiedQuery } from "../rectify/rectifier.js";
import { blank, type Corner, crop, type DenseQuery, seenParts, visiblePositions } from "./dense-query.js";
import type { Hypothesis } from "./hypotheses.js";

/** What the frame shows beside the query's patch: patches of its size one cell stride away, as the map's cells lie. */
export interface Surroundings {
  /** Where they lie, in strides. */
  readonly steps: readonly { readonly east: number; readonly south: number }[];
  readonly stride_px: number;
  /** [hypotheses, steps, width]: unit descriptors. */
  readonly descriptors: Float32Array;
  /** [hypotheses, steps]: part of each that was seen; 0 where that is too little to compare. */
  readonly visible: Float32Array;
  /** [hypotheses]: of the query's own patch. */
  readonly centre_visible: Float32Array;
  /** [hypotheses, channels, side, side] of the patches with what lies around them; unit norm where seen, else zero. */
  readonly features: Float32Array;
  /** Features a side of those. */
  readonly side: number;
}

/** The query as the network sees it, once for each hypothesis of heading and height. */
export interface EncodedQuery {
  readonly hypotheses: readonly Hypothesis[];
  /** Features a side. */
  readonly side: number;
  readonly channels: number;
  /** [hypotheses, channels, side, side]: unit norm where valid, zero elsewhere. */
  readonly features: Float32Array;
  /** [hypotheses, side, side]: 1 where enough of the position's pixels were seen. */
  readonly valid: Uint8Array;
  /** [hypotheses, width]: unit descriptors, of the maker of the pack's. */
  readonly descriptors: Float32Array;
  readonly descriptorWidth: number;
  /** [hypotheses, width]: the encoder's own unit descriptors, where `descriptors` are another model's. */
  readonly encoders?: Float32Array;
  /** The patches themselves, one for each hypothesis. */
  readonly patches?: RectifiedQuery;
  /** Where the camera sees more than the patch. */
  readonly surroundings?: Surroundings;
}

/** Makes the descriptors of rectified patches where the encoder does not. */
export interface QueryDescriber {
  readonly width: number;
  /** @returns [n, width], unit vectors */
  describe(query: RectifiedQuery): Promise<Float32Array>;
}

/** The patches around one, in strides. */
const BESIDE = [-1, 0, 1].flatMap((south) =>
  [-1, 0, 1].filter((east) => east !== 0 || south !== 0).map((east) => ({ east, south })),
);
/** Most grids described in one run of the head: what its engine is built for (models/runtime/golden-recipes.ts). */
const GRIDS = 72;

/** Encodes rectified patches and describes them, exactly as the map's cells were. */
export class QueryEncoder {
  /** @param describer makes the descriptors; not given, they are pooled of the encoder's features */
  constructor(
    private readonly encoder: Encoder,
    private readonly config: VisionConfig["encode"],
    private readonly describer?: QueryDescriber,
  ) {}

  /**
   * @param hypotheses what each patch of the query was rectified for
   * @param wider the same patches with one cell stride more to each side, where the camera sees that
   */
  async encode(
    query: RectifiedQuery,
    hypotheses: readonly Hypothesis[],
    wider: RectifiedQuery | null = null,
  ): Promise<EncodedQuery> {
    const { encoder, describer } = this;
    const { channels } = encoder;
    const side = query.side_px / encoder.stride_px;
    const whole = await this.dense(wider ?? query);
    const margin = (whole.side - side) / 2;
    const middle = { left: margin, top: margin };
    const area = side * side;
    const squares = this.pooled(whole, side);
    const own = await this.describe(whole, squares, [middle], side);
    const encoded = {
      hypotheses,
      side,
      channels,
      features: crop(whole.features, whole.side, middle, side, new Float32Array(query.n * channels * area)),
      valid: crop(whole.valid, whole.side, middle, side, new Uint8Array(query.n * area)),
      patches: query,
    };
    if (describer !== undefined) {
      const descriptors = await describer.describe(query);
      return { ...encoded, descriptors, descriptorWidth: describer.width, encoders: own };
    }
    const described = { ...encoded, descriptors: own, descriptorWidth: encoder.descriptorWidth };
    if (wider === null) return described;
    const beside = BESIDE.map(({ east, south }) => ({ left: margin * (1 + east), top: margin * (1 + south) }));
    const least = this.config.surroundings_visible;
    const surroundings = {
      steps: BESIDE,
      stride_px: margin * encoder.stride_px,
      descriptors: await this.describe(whole, squares, beside, side),
      visible: seenParts(whole, beside, side).map((part) => (part < least ? 0 : part)),
      centre_visible: seenParts(whole, [middle], side),
      features: whole.features,
      side: whole.side,
    };
    return { ...described, surroundings };
  }

  private async dense(query: RectifiedQuery): Promise<DenseQuery> {
    const { encoder } = this;
    const { channels, coarseChannels } = encoder;
    const side = query.side_px / encoder.stride_px;
    const positions = side * side;
    const valid = visiblePositions(query, encoder.stride_px, this.config.min_position_visible);
    const features = new Float32Array(query.n * channels * positions);
    const coarse = new Float32Array(query.n * coarseChannels * positions);
    const patchBytes = query.side_px * query.side_px * 3;
    for (let from = 0; from < query.n; from += this.config.batch) {
      const n = Math.min(this.config.batch, query.n - from);
      const rgb = query.rgb.subarray(from * patchBytes, (from + n) * patchBytes);
      const dense = await encoder.encodeDense(rgb, n, query.side_px, query.side_px);
      features.set(dense.data, from * channels * positions);
      coarse.set(dense.coarse, from * coarseChannels * positions);
    }
    for (let i = 0; i < query.n; i++) {
      const seen = valid.subarray(i * positions, (i + 1) * positions);
      blank(features, i * channels * positions, channels, seen);
      blank(coarse, i * coarseChannels * positions, coarseChannels, seen);
    }
    return { n: query.n, side, features, coarse, valid };
  }

  /** Every square of a descriptor's grid, also those of the patches beside: strides are whole squares. */
  private pooled({ n, side: whole, coarse }: DenseQuery, side: number): Float32Array {
    const { coarseChannels, grid } = this.encoder;
    const across = whole / (side / grid);
    const out = new Float32Array(n * across * across * coarseChannels);
    const layout = { channelStep: whole * whole, rowStep: whole, columnStep: 1 };
    for (let i = 0; i < n; i++) {
      const base = i * coarseChannels * whole * whole;
      const to = i * across * across * coarseChannels;
      poolGrid(coarse, { base, ...layout }, whole, across, coarseChannels, out, to);
    }
    return out;
  }

  /** Unit descriptors of the patches with these corners: [n, corners, width]. */
  private async describe(
    { n, side: whole }: DenseQuery,
    squares: Float32Array,
    corners: readonly Corner[],
    side: number,
  ): Promise<Float32Array> {
    const { coarseChannels, grid, descriptorWidth } = this.encoder;
    const step = side / grid;
    const across = whole / step;
    const run = grid * coarseChannels;
    const grids = new Float32Array(n * corners.length * grid * run);
    let to = 0;
    for (let i = 0; i < n; i++) {
      for (const { left, top } of corners) {
        for (let row = 0; row < grid; row++, to += run) {
          const from = ((i * across + top / step + row) * across + left / step) * coarseChannels;
          grids.set(squares.subarray(from, from + run), to);
        }
      }
    }
    const count = n * corners.length;
    const out = new Float32Array(count * descriptorWidth);
    for (let from = 0; from < count; from += GRIDS) {
      const some = Math.min(GRIDS, count - from);
      const part = grids.subarray(from * grid * run, (from + some) * grid * run);
      out.set(await this.encoder.describe(part, some), from * descriptorWidth);
    }
    return out;
  }
}
