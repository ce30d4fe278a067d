import type { Encoder } from "../../models/runtime/encoder.js";
import { type Fit, loadSquare } from "./images.js";
import { orderedMap } from "./ordered-map.js";
import { BATCH } from "./search.js";
import type { EvalImage } from "./task.js";

/** Features that are kept, bytes; what was used longest ago goes first. */
const KEPT_BYTES = 128 * 1024 * 1024;
/** Files decoded at the same time. */
const AHEAD = 8;

/**
 * Dense features of a gallery as the re-ranker reads a map: one long strip of cells, image i at the feature columns
 * [i * side, (i + 1) * side). They are encoded when a query needs them and kept as int8, as a pack keeps its map.
 */
export class FeatureStrip {
  private readonly kept = new Map<number, Int8Array>();
  private gallery: readonly EvalImage[] = [];
  private readonly most: number;
  /** Features a side of one image. */
  readonly side: number;

  constructor(
    private readonly encoder: Encoder,
    private readonly fit: Fit,
    kept_bytes: number = KEPT_BYTES,
  ) {
    this.side = encoder.cell_px / encoder.stride_px;
    this.most = Math.max(1, Math.floor(kept_bytes / (this.side * this.side * encoder.channels)));
  }

  /** Changes to another gallery; everything known is dropped. */
  open(gallery: readonly EvalImage[]): void {
    this.gallery = gallery;
    this.kept.clear();
  }

  /**
   * Sees to it that these images' features are there, until the next call.
   * @throws UserError when an image cannot be decoded
   */
  async require(indices: readonly number[]): Promise<void> {
    for (const index of indices) {
      const known = this.kept.get(index);
      if (known === undefined) continue;
      this.kept.delete(index);
      this.kept.set(index, known);
    }
    const missing = indices.filter((index) => !this.kept.has(index));
    const { cell_px } = this.encoder;
    const load = (index: number): Promise<Uint8Array> =>
      loadSquare(this.gallery[index] ?? { path: `image ${index}` }, cell_px, this.fit);
    const pictures: Uint8Array[] = [];
    for await (const picture of orderedMap(missing, AHEAD, load)) pictures.push(picture);
    for (let from = 0; from < missing.length; from += BATCH) {
      await this.encode(missing.slice(from, from + BATCH), pictures.slice(from, from + BATCH));
    }
    const room = Math.max(this.most, indices.length);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= room) break;
      this.kept.delete(oldest);
    }
  }

  private async encode(indices: readonly number[], pictures: readonly Uint8Array[]): Promise<void> {
    const { encoder, side } = this;
    const rgb = new Uint8Array(Buffer.concat(pictures));
    const { data, channels } = await encoder.encodeDense(rgb, pictures.length, encoder.cell_px, encoder.cell_px);
    const positions = side * side;
    indices.forEach((index, image) => {
      const packed = new Int8Array(positions * channels);
      for (let c = 0; c < channels; c++) {
        let from = (image * channels + c) * positions;
        for (let to = c; to < packed.length; to += channels, from++) {
          packed[to] = Math.max(-127, Math.min(127, Math.round((data[from] as number) * encoder.featureScale)));
        }
      }
      this.kept.set(index, packed);
    });
  }

  /** Centre of an image on the strip, pixels. */
  centre_px(index: number): { readonly col_px: number; readonly row_px: number } {
    const { stride_px } = this.encoder;
    return { col_px: (index + 0.5) * this.side * stride_px, row_px: 0.5 * this.side * stride_px };
  }

  /**
   * int8 features [h, w, channels] of exactly one image of the strip.
   * @throws RangeError for any other window, or an image that was not required
   */
  featureWindow(_level: number, j0: number, i0: number, w: number, h: number): Int8Array {
    const features = this.kept.get(j0 / this.side);
    if (features === undefined || i0 !== 0 || w !== this.side || h !== this.side) {
      throw new RangeError(`featureWindow: ${w}x${h} at ${j0},${i0} is no image of the strip`);
    }
    return features;
  }
}
