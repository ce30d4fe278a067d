import sharp from "sharp";
import type { Encoder } from "../../models/runtime/encoder.js";
import { MERCATOR_HALF_WORLD_M, TILE_PX, tileSide_merc_m } from "../../tiles/geodesy/index.js";
import type { MapPictures } from "../vision/map-picture.js";
import { type Fit, loadSquare } from "./images.js";
import { orderedMap } from "./ordered-map.js";
import { BATCH } from "./search.js";
import type { EvalImage } from "./task.js";

/** What is kept, bytes; what was used longest ago goes first. */
const KEPT_BYTES = 128 * 1024 * 1024;
/** Files decoded at the same time. */
const AHEAD = 8;
/** The zoom at which one image is one tile: its row has room for a million. */
const ZOOM = 20;

/**
 * A gallery as re-rankers read a map: one long strip of cells, image i at the columns [i * side, (i + 1) * side). Those
 * that read features find them as a pack keeps them (int8), those that look at pictures find tiles. Either is made when
 * a query needs it.
 */
export class GalleryStrip implements MapPictures {
  readonly manifest = { zoom: { min: ZOOM, max: ZOOM } };
  /** Features a side of one image. */
  readonly side: number;
  private readonly kept = new Map<number, Int8Array | Uint8Array>();
  private gallery: readonly EvalImage[] = [];
  private readonly most: number;

  constructor(
    private readonly encoder: Encoder,
    private readonly fit: Fit,
    private readonly holds: "features" | "pictures",
    kept_bytes: number = KEPT_BYTES,
  ) {
    this.side = encoder.cell_px / encoder.stride_px;
    const each = holds === "features" ? this.side * this.side * encoder.channels : TILE_PX * TILE_PX * 3;
    this.most = Math.max(1, Math.floor(kept_bytes / each));
  }

  /** Changes to another gallery; everything known is dropped. */
  open(gallery: readonly EvalImage[]): void {
    this.gallery = gallery;
    this.kept.clear();
  }

  /**
   * Sees to it that these images are there, until the next call.
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
    await (this.holds === "features" ? this.encode(missing) : this.compress(missing));
    const room = Math.max(this.most, indices.length);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= room) break;
      this.kept.delete(oldest);
    }
  }

  private async encode(indices: readonly number[]): Promise<void> {
    const { encoder, side } = this;
    const positions = side * side;
    let waiting: Uint8Array[] = [];
    let done = 0;
    const flush = async (): Promise<void> => {
      const rgb = new Uint8Array(Buffer.concat(waiting));
      const { data, channels } = await encoder.encodeDense(rgb, waiting.length, encoder.cell_px, encoder.cell_px);
      for (let image = 0; image < waiting.length; image++, done++) {
        const features = data.subarray(image * channels * positions, (image + 1) * channels * positions);
        this.kept.set(indices[done] as number, packed(features, positions, channels, encoder.featureScale));
      }
      waiting = [];
    };
    for await (const picture of orderedMap(indices, AHEAD, (index) => this.load(index, encoder.cell_px))) {
      waiting.push(picture);
      if (waiting.length === BATCH) await flush();
    }
    if (waiting.length > 0) await flush();
  }

  private async compress(indices: readonly number[]): Promise<void> {
    const raw = { width: TILE_PX, height: TILE_PX, channels: 3 } as const;
    const tile = async (index: number): Promise<Uint8Array> =>
      sharp(await this.load(index, TILE_PX), { raw })
        .png({ compressionLevel: 1 })
        .toBuffer();
    let done = 0;
    for await (const bytes of orderedMap(indices, AHEAD, tile)) this.kept.set(indices[done++] as number, bytes);
  }

  private load(index: number, side_px: number): Promise<Uint8Array> {
    const image = this.gallery[index];
    if (image === undefined) throw new RangeError(`no image ${index} in the gallery`);
    return loadSquare(image, side_px, this.fit);
  }

  /** Centre of an image on the strip, pixels. */
  centre_px(index: number): { readonly col_px: number; readonly row_px: number } {
    const { cell_px } = this.encoder;
    return { col_px: (index + 0.5) * cell_px, row_px: 0.5 * cell_px };
  }

  /**
   * int8 features [h, w, channels] of exactly one image of the strip.
   * @throws RangeError for any other window, or an image that was not required
   */
  featureWindow(_level: number, j0: number, i0: number, w: number, h: number): Int8Array {
    const features = this.kept.get(j0 / this.side);
    if (!(features instanceof Int8Array) || i0 !== 0 || w !== this.side || h !== this.side) {
      throw new RangeError(`featureWindow: ${w}x${h} at ${j0},${i0} is no image of the strip`);
    }
    return features;
  }

  /** The strip starts at the upper left corner of the world, and an image is as wide as a tile. */
  level(): ReturnType<MapPictures["level"]> {
    const pixel_merc_m = tileSide_merc_m(ZOOM) / this.encoder.cell_px;
    return { geometry: { x0_merc_m: -MERCATOR_HALF_WORLD_M, y0_merc_m: MERCATOR_HALF_WORLD_M, pixel_merc_m } };
  }

  /** An image of the strip as PNG; null where there is none. */
  tile(z: number, x: number, y: number): Uint8Array | null {
    const bytes = z === ZOOM && y === 0 ? this.kept.get(x) : undefined;
    return bytes instanceof Uint8Array ? bytes : null;
  }
}

/** Features [channels, positions] as int8 [positions, channels]. */
function packed(features: Float32Array, positions: number, channels: number, scale: number): Int8Array {
  const out = new Int8Array(positions * channels);
  for (let c = 0, from = 0; c < channels; c++) {
    for (let to = c; to < out.length; to += channels, from++) {
      out[to] = Math.max(-127, Math.min(127, Math.round((features[from] as number) * scale)));
    }
  }
  return out;
}
