import type { ImageEmbedder } from "../../models/runtime/embedder.js";
import { poolGrid } from "../../models/runtime/encoder.js";
import { resizeSquares } from "../../models/runtime/resize.js";
import { FEATURE_STRIDE_PX } from "../../tiles/pack/manifest.js";
import type { HeldRows, WindowDescriber } from "./cells.js";
import { POSITION_BYTES } from "./encode-block.js";

/** The part of the encoder that cells need. */
export interface GridDescriber {
  readonly grid: number;
  readonly coarseChannels: number;
  readonly descriptorWidth: number;
  describe(grids: Float32Array, n: number): Promise<Float32Array>;
}

/** Describes windows of the encoder's coarse map: pools each to its grid and runs the model's head on it. */
export class PooledWindows implements WindowDescriber {
  readonly batch = 128;

  constructor(private readonly encoder: GridDescriber) {}

  get positionBytes(): number {
    return this.encoder.coarseChannels;
  }

  get descriptorWidth(): number {
    return this.encoder.descriptorWidth;
  }

  allocate(positions: number): Int8Array {
    return new Int8Array(positions * this.positionBytes);
  }

  clear(bytes: Int8Array, from: number): void {
    bytes.fill(0, from);
  }

  async describe({ bytes, columns }: HeldRows, windows: readonly number[], side: number): Promise<Float32Array> {
    const { coarseChannels: channels, grid } = this.encoder;
    const width = grid * grid * channels;
    const grids = new Float32Array(windows.length * width);
    windows.forEach((window, k) => {
      const layout = { base: window * channels, channelStep: 1, rowStep: columns * channels, columnStep: channels };
      poolGrid(bytes, layout, side, grid, channels, grids, k * width);
    });
    return this.encoder.describe(grids, windows.length);
  }
}

/** Describes windows of the map's pixels (blockPixels) with a retriever. */
export class EmbeddedWindows implements WindowDescriber {
  readonly positionBytes = POSITION_BYTES;
  /** Few: retrievers can be large networks, and their memory goes with it. */
  readonly batch = 8;

  constructor(private readonly embedder: ImageEmbedder) {}

  get descriptorWidth(): number {
    return this.embedder.width;
  }

  allocate(positions: number): Uint8Array {
    const bytes = new Uint8Array(positions * POSITION_BYTES);
    this.clear(bytes, 0);
    return bytes;
  }

  clear(bytes: Uint8Array, from: number): void {
    const first = Math.min(bytes.length, from + POSITION_BYTES);
    for (let at = from; at < first; at += 3) bytes.set(this.embedder.fillColour, at);
    // Each copy doubles what is filled: with one write a pixel, wide maps would wait for it.
    for (let end = first; end < bytes.length; end = from + 2 * (end - from)) bytes.copyWithin(end, from, end);
  }

  async describe({ bytes, columns }: HeldRows, windows: readonly number[], side: number): Promise<Float32Array> {
    const side_px = side * FEATURE_STRIDE_PX;
    const line = FEATURE_STRIDE_PX * 3;
    const rgb = new Uint8Array(windows.length * side_px * side_px * 3);
    windows.forEach((window, k) => {
      for (let y = 0; y < side_px; y++) {
        const row = Math.floor(y / FEATURE_STRIDE_PX);
        const inside = (y % FEATURE_STRIDE_PX) * line;
        for (let j = 0; j < side; j++) {
          const from = (window + row * columns + j) * POSITION_BYTES + inside;
          rgb.set(bytes.subarray(from, from + line), ((k * side_px + y) * side_px + j * FEATURE_STRIDE_PX) * 3);
        }
      }
    });
    const n = windows.length;
    return this.embedder.embed(resizeSquares(rgb, n, side_px, this.embedder.side_px), n);
  }
}
