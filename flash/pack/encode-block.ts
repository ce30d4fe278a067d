import type { Encoder } from "../../models/runtime/encoder.js";
import { FEATURE_BLOCK, FEATURE_STRIDE_PX } from "../../tiles/pack/manifest.js";

/**
 * Context on each side of a block, pixels. As wide as the encoder sees, so that a feature is the same wherever the borders
 * of the blocks fall (with 64 px the cosine along them is .997, and half of the int8 values differ).
 */
export const MARGIN_PX = 192;
/** Side of a block, pixels. */
export const BLOCK_PX = FEATURE_BLOCK * FEATURE_STRIDE_PX;

/** Bytes of the pixels of one feature position. */
export const POSITION_BYTES = FEATURE_STRIDE_PX * FEATURE_STRIDE_PX * 3;

/** A block's pixels with the margin around them. Both sides are multiples of what the encoder asks for. */
export interface BlockImage {
  readonly width_px: number;
  readonly height_px: number;
  readonly rgb: Uint8Array<ArrayBuffer>;
  /** 1 where there is imagery. */
  readonly valid: Uint8Array<ArrayBuffer>;
  /** Features of the level inside the block: fewer than 64 at the level's right and bottom edge. */
  readonly columns: number;
  readonly rows: number;
}

export interface EncodedBlock {
  /** 64 x 64 x channels, HWC: round(feature * scale), zero vectors where there is no imagery. */
  readonly features: Int8Array<ArrayBuffer>;
  /** What descriptors are pooled of, 64 x 64 x coarse channels, quantised alike. */
  readonly coarse: Int8Array<ArrayBuffer>;
  /** 1 where a feature position lies on imagery. */
  readonly seen: Uint8Array<ArrayBuffer>;
}

/** Encodes one block of the map. A position counts as imagery when at least half of its pixels are. */
export async function encodeBlock(encoder: Encoder, image: BlockImage): Promise<EncodedBlock> {
  const { width_px, height_px, rgb, valid } = image;
  const fill = encoder.fillColour;
  for (let pixel = 0; pixel < valid.length; pixel++) if (valid[pixel] === 0) rgb.set(fill, pixel * 3);
  const dense = await encoder.encodeDense(rgb, 1, height_px, width_px);
  const { channels, coarseChannels } = dense;
  const features = new Int8Array(FEATURE_BLOCK * FEATURE_BLOCK * channels);
  const coarse = new Int8Array(FEATURE_BLOCK * FEATURE_BLOCK * coarseChannels);
  const seen = new Uint8Array(FEATURE_BLOCK * FEATURE_BLOCK);
  const margin = MARGIN_PX / FEATURE_STRIDE_PX;
  const plane = dense.height * dense.width;
  for (let i = 0; i < image.rows; i++) {
    for (let j = 0; j < image.columns; j++) {
      if (!isImagery(valid, width_px, MARGIN_PX + j * FEATURE_STRIDE_PX, MARGIN_PX + i * FEATURE_STRIDE_PX)) continue;
      const position = i * FEATURE_BLOCK + j;
      seen[position] = 1;
      const from = (margin + i) * dense.width + margin + j;
      quantise(dense.data, from, plane, channels, encoder.featureScale, features, position * channels);
      quantise(dense.coarse, from, plane, coarseChannels, encoder.featureScale, coarse, position * coarseChannels);
    }
  }
  return { features, coarse, seen };
}

/**
 * The pixels of a block's positions, for whoever describes images and not features: 64 x 64 x (8 x 8 x 3) bytes, those of
 * a position together, row by row.
 * @param fill colour of what is no imagery
 */
export function blockPixels(image: BlockImage, fill: readonly [number, number, number]): Uint8Array<ArrayBuffer> {
  const { width_px, rgb, valid } = image;
  const out = new Uint8Array(FEATURE_BLOCK * FEATURE_BLOCK * POSITION_BYTES);
  const line = FEATURE_STRIDE_PX * 3;
  for (let y = 0; y < image.rows * FEATURE_STRIDE_PX; y++) {
    for (let j = 0; j < image.columns; j++) {
      const from = (MARGIN_PX + y) * width_px + MARGIN_PX + j * FEATURE_STRIDE_PX;
      const position = Math.floor(y / FEATURE_STRIDE_PX) * FEATURE_BLOCK + j;
      const to = position * POSITION_BYTES + (y % FEATURE_STRIDE_PX) * line;
      out.set(rgb.subarray(from * 3, from * 3 + line), to);
      for (let x = 0; x < FEATURE_STRIDE_PX; x++) if (valid[from + x] === 0) out.set(fill, to + x * 3);
    }
  }
  return out;
}

/** One position's vector, channels `plane` apart, to int8 values side by side. */
function quantise(
  source: Float32Array,
  from: number,
  plane: number,
  channels: number,
  scale: number,
  out: Int8Array,
  to: number,
): void {
  for (let c = 0; c < channels; c++) {
    out[to + c] = Math.max(-127, Math.min(127, Math.round((source[from + c * plane] as number) * scale)));
  }
}

function isImagery(valid: Uint8Array, width_px: number, x0: number, y0: number): boolean {
  let count = 0;
  for (let y = y0; y < y0 + FEATURE_STRIDE_PX; y++) {
    for (let at = y * width_px + x0, end = at + FEATURE_STRIDE_PX; at < end; at++) count += valid[at] as number;
  }
  return count * 2 >= FEATURE_STRIDE_PX * FEATURE_STRIDE_PX;
}
