import type { Encoder } from "../../../models/runtime/encoder.js";
import { poolGrid } from "../../../models/runtime/encoder.js";
import type { VisionConfig } from "../config.js";
import type { RectifiedQuery } from "../rectify/rectifier.js";
import type { Hypothesis } from "./hypotheses.js";

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
}

/** Makes the descriptors of rectified patches where the encoder does not. */
export interface QueryDescriber {
  readonly width: number;
  /** @returns [n, width], unit vectors */
  describe(query: RectifiedQuery): Promise<Float32Array>;
}

/** Encodes rectified patches and describes them, exactly as the map's cells were. */
export class QueryEncoder {
  /** @param describer makes the descriptors; not given, they are pooled of the encoder's features */
  constructor(
    private readonly encoder: Encoder,
    private readonly config: VisionConfig["encode"],
    private readonly describer?: QueryDescriber,
  ) {}

  /** @param hypotheses what each patch of the query was rectified for */
  async encode(query: RectifiedQuery, hypotheses: readonly Hypothesis[]): Promise<EncodedQuery> {
    const { encoder } = this;
    const side = query.side_px / encoder.stride_px;
    const { channels } = encoder;
    const positions = side * side;
    const valid = visiblePositions(query, encoder.stride_px, this.config.min_position_visible);
    const features = new Float32Array(query.n * channels * positions);
    const { coarseChannels } = encoder;
    const coarse = new Float32Array(query.n * coarseChannels * positions);
    const gridWidth = encoder.grid * encoder.grid * coarseChannels;
    const grids = new Float32Array(query.n * gridWidth);
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
      const base = i * coarseChannels * positions;
      blank(coarse, base, coarseChannels, seen);
      const layout = { base, channelStep: positions, rowStep: side, columnStep: 1 };
      poolGrid(coarse, layout, side, encoder.grid, coarseChannels, grids, i * gridWidth);
    }
    const own = await encoder.describe(grids, query.n);
    const encoded = { hypotheses, side, channels, features, valid, patches: query };
    const { describer } = this;
    if (describer === undefined) return { ...encoded, descriptors: own, descriptorWidth: encoder.descriptorWidth };
    const descriptors = await describer.describe(query);
    return { ...encoded, descriptors, descriptorWidth: describer.width, encoders: own };
  }
}

/** Makes the vectors of unseen positions of one [channels, positions] map zero. */
function blank(map: Float32Array, base: number, channels: number, seen: Uint8Array): void {
  const positions = seen.length;
  for (let p = 0; p < positions; p++) {
    if (seen[p] === 1) continue;
    for (let c = 0, at = base + p; c < channels; c++, at += positions) map[at] = 0;
  }
}

/** 1 for each feature position of which at least `least` of the stride x stride pixels were seen. */
export function visiblePositions(query: RectifiedQuery, stride_px: number, least: number): Uint8Array {
  const side = query.side_px / stride_px;
  const out = new Uint8Array(query.n * side * side);
  const needed = least * stride_px * stride_px;
  for (let i = 0, to = 0; i < query.n; i++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++, to++) {
        let count = 0;
        for (let dy = 0; dy < stride_px; dy++) {
          const from = i * query.side_px * query.side_px + (y * stride_px + dy) * query.side_px + x * stride_px;
          for (let dx = 0; dx < stride_px; dx++) count += query.valid[from + dx] as number;
        }
        out[to] = count >= needed ? 1 : 0;
      }
    }
  }
  return out;
}
