import sharp from "sharp";
import { type GeoBounds, MERCATOR_HALF_WORLD_M, TILE_PX, tileSide_merc_m } from "../../tiles/geodesy/index.js";
import type { PackWriter } from "../../tiles/pack/writer.js";
import type { ImagerySource, Raster } from "../sources/source.js";
import { tilesOf } from "./plan.js";
import { RasterBand } from "./raster-band.js";

export type TileFormat = "jpeg" | "webp";

/** Tiles across a panel: a power of two, so that the tiles above a panel fall together inside it. */
const PANEL_TILES = 256;
const JPEG_QUALITY = 85;
const WEBP_QUALITY = 80;
/** Tiles being compressed at a time. */
const QUEUE = 8;

export interface PyramidJob {
  readonly source: ImagerySource;
  readonly bbox: GeoBounds;
  readonly zoom: { readonly min: number; readonly max: number };
  readonly format: TileFormat;
  readonly writer: PackWriter;
  /** Told of every tile place of the finest zoom worked off, and of what was written. */
  readonly onProgress: (step: { readonly places: number; readonly tiles: number; readonly bytes: number }) => void;
  readonly signal: AbortSignal;
}

type Slot = { readonly z: number; readonly x: number; readonly y: number };

/**
 * Writes the image tiles: the finest zoom is read from the imagery, each tile above is the mean of the four below it.
 * Tiles without any imagery are left out. In JPEG tiles what is no imagery is black, in WebP transparent.
 */
export class TilePyramid {
  tiles = 0;
  /** Tiles above the finest zoom of which some, but not yet all, children are done. */
  readonly #unfinished = new Map<string, { missing: number; image: Raster | null }>();
  readonly #queue: Promise<void>[] = [];

  constructor(readonly job: PyramidJob) {}

  async run(): Promise<void> {
    const { zoom, bbox } = this.job;
    const { x_min, x_max } = tilesOf(zoom.max, bbox);
    for (let x = x_min; x <= x_max; ) {
      // Panels end where tiles of all the zooms above end too.
      const end = Math.min(x_max + 1, (Math.floor(x / PANEL_TILES) + 1) * PANEL_TILES);
      await this.#panel(x, end);
      x = end;
    }
    await this.#drain(0);
  }

  async #panel(first_x: number, end_x: number): Promise<void> {
    const { zoom, bbox, source, signal } = this.job;
    const { y_min, y_max } = tilesOf(zoom.max, bbox);
    const grid = {
      x0_merc_m: -MERCATOR_HALF_WORLD_M,
      y0_merc_m: MERCATOR_HALF_WORLD_M,
      pixel_merc_m: tileSide_merc_m(zoom.max) / TILE_PX,
    };
    const band = new RasterBand(source, grid, first_x * TILE_PX, end_x * TILE_PX, TILE_PX);
    for (let y = y_min; y <= y_max; y++) {
      await band.moveTo(y * TILE_PX, signal);
      for (let x = first_x; x < end_x; x++) {
        signal.throwIfAborted();
        const left = (x - first_x) * TILE_PX;
        const empty = !band.hasImagery(left, 0, TILE_PX, TILE_PX);
        const image = empty ? null : { width: TILE_PX, height: TILE_PX, ...band.cut(left, 0, TILE_PX, TILE_PX) };
        await this.#finished({ z: zoom.max, x, y }, image);
        this.job.onProgress({ places: 1, tiles: 0, bytes: 0 });
      }
    }
  }

  /** Writes a tile that is complete and hands it to the one above. */
  async #finished(slot: Slot, image: Raster | null): Promise<void> {
    if (image !== null) await this.#write(slot, image);
    if (slot.z === this.job.zoom.min) return;
    const above = { z: slot.z - 1, x: slot.x >> 1, y: slot.y >> 1 };
    const key = `${above.z}/${above.x}/${above.y}`;
    const state = this.#unfinished.get(key) ?? { missing: this.#children(above), image: null };
    this.#unfinished.set(key, state);
    if (image !== null) {
      state.image ??= blankTile();
      halveInto(image, state.image, (slot.x & 1) * (TILE_PX / 2), (slot.y & 1) * (TILE_PX / 2));
    }
    state.missing--;
    if (state.missing > 0) return;
    this.#unfinished.delete(key);
    await this.#finished(above, state.image);
  }

  /** How many of a tile's four children are within the map. */
  #children({ z, x, y }: Slot): number {
    const { x_min, x_max, y_min, y_max } = tilesOf(z + 1, this.job.bbox);
    const across = Math.min(x_max, 2 * x + 1) - Math.max(x_min, 2 * x) + 1;
    const down = Math.min(y_max, 2 * y + 1) - Math.max(y_min, 2 * y) + 1;
    return across * down;
  }

  async #write({ z, x, y }: Slot, image: Raster): Promise<void> {
    const before = this.#queue.at(-1) ?? Promise.resolve();
    const compressed = compress(image, this.job.format);
    // Compressed side by side, written in order: the order decides the bytes of the file.
    const written = before.then(async () => {
      const bytes = await compressed;
      this.job.writer.putTile(z, x, y, bytes);
      this.tiles++;
      this.job.onProgress({ places: 0, tiles: 1, bytes: bytes.length });
    });
    compressed.catch(() => undefined);
    written.catch(() => undefined);
    this.#queue.push(written);
    await this.#drain(QUEUE);
  }

  async #drain(keep: number): Promise<void> {
    while (this.#queue.length > keep) await this.#queue.shift();
  }
}

function blankTile(): Raster {
  return {
    width: TILE_PX,
    height: TILE_PX,
    rgb: new Uint8Array(TILE_PX * TILE_PX * 3),
    valid: new Uint8Array(TILE_PX * TILE_PX),
  };
}

/** Writes the tile at half its size into a quarter of another: each pixel the mean of the valid ones of four. */
function halveInto(from: Raster, to: Raster, left: number, top: number): void {
  for (let row = 0; row < TILE_PX / 2; row++) {
    for (let col = 0; col < TILE_PX / 2; col++) {
      const at = row * 2 * TILE_PX + col * 2;
      const four = [at, at + 1, at + TILE_PX, at + TILE_PX + 1];
      let seen = 0;
      let red = 0;
      let green = 0;
      let blue = 0;
      for (const pixel of four) {
        if (from.valid[pixel] === 0) continue;
        seen++;
        red += from.rgb[pixel * 3] as number;
        green += from.rgb[pixel * 3 + 1] as number;
        blue += from.rgb[pixel * 3 + 2] as number;
      }
      if (seen < 2) continue;
      const pixel = (top + row) * TILE_PX + left + col;
      to.valid[pixel] = 1;
      to.rgb[pixel * 3] = Math.round(red / seen);
      to.rgb[pixel * 3 + 1] = Math.round(green / seen);
      to.rgb[pixel * 3 + 2] = Math.round(blue / seen);
    }
  }
}

function compress({ rgb, valid }: Raster, format: TileFormat): Promise<Buffer> {
  const size = { width: TILE_PX, height: TILE_PX };
  const whole = !valid.includes(0);
  if (!whole)
    for (let pixel = 0; pixel < valid.length; pixel++) if (valid[pixel] === 0) rgb.fill(0, pixel * 3, pixel * 3 + 3);
  if (format === "jpeg" || whole) {
    const image = sharp(rgb, { raw: { ...size, channels: 3 } });
    return format === "jpeg"
      ? image.jpeg({ quality: JPEG_QUALITY }).toBuffer()
      : image.webp({ quality: WEBP_QUALITY, effort: 2 }).toBuffer();
  }
  const rgba = new Uint8Array(valid.length * 4);
  for (let pixel = 0; pixel < valid.length; pixel++) {
    for (let band = 0; band < 3; band++) rgba[pixel * 4 + band] = rgb[pixel * 3 + band] as number;
    rgba[pixel * 4 + 3] = valid[pixel] === 0 ? 0 : 255;
  }
  return sharp(rgba, { raw: { ...size, channels: 4 } })
    .webp({ quality: WEBP_QUALITY, effort: 2 })
    .toBuffer();
}
