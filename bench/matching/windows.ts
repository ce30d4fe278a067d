import sharp from "sharp";
import { BlockCache } from "../../flash/sources/block-cache.js";
import { openSource } from "../../flash/sources/open.js";
import type { ImagerySource } from "../../flash/sources/source.js";
import type { LevelGrid } from "../../tiles/pack/level-grid.js";
import { FEATURE_STRIDE_PX } from "../../tiles/pack/manifest.js";
import type { Raster } from "../datasets/raster.js";

/** Features beyond the query on each side: 36 of 28 features a side, so windows of 1.29 times its side. */
export const MARGIN_FEATURES = 4;
/** The true place lies at most this far from the window's centre, in each direction, pixels. */
export const SHIFT_PX = 24;

/** A square window of a level's grid. */
export interface MapWindow {
  /** Its centre, whole features. */
  readonly col_px: number;
  readonly row_px: number;
  readonly side_px: number;
}

/** The window about a place, moved by a random shift and laid on whole features. */
export function windowNear(
  level: LevelGrid,
  place: { readonly lat_deg: number; readonly lon_deg: number },
  random: () => number,
): MapWindow {
  const { col_px, row_px } = level.lonLatToPx(place.lon_deg, place.lat_deg);
  const moved = (px: number): number => onFeatures(px + (2 * random() - 1) * SHIFT_PX);
  return { col_px: moved(col_px), row_px: moved(row_px), side_px: windowSide(level) };
}

/** The window about a cell's centre. */
export function windowAt(level: LevelGrid, col_px: number, row_px: number): MapWindow {
  return { col_px: onFeatures(col_px), row_px: onFeatures(row_px), side_px: windowSide(level) };
}

/** The place that a point of a window shows; (0, 0) is the centre of its first pixel. */
export function placeInWindow(
  level: LevelGrid,
  window: MapWindow,
  x: number,
  y: number,
): { lat_deg: number; lon_deg: number } {
  const left = window.col_px - window.side_px / 2;
  const top = window.row_px - window.side_px / 2;
  return level.pxToLonLat(left + x + 0.5, top + y + 0.5);
}

function windowSide(level: LevelGrid): number {
  return level.cell_px + 2 * MARGIN_FEATURES * FEATURE_STRIDE_PX;
}

function onFeatures(px: number): number {
  return FEATURE_STRIDE_PX * Math.round(px / FEATURE_STRIDE_PX);
}

/** The map's pixels as the encoder saw them when the map was packed: read from its GeoTIFF, on the level's grid. */
export class MapPictures {
  private constructor(
    private readonly source: ImagerySource,
    private readonly level: LevelGrid,
  ) {}

  static async open(map: string, level: LevelGrid): Promise<MapPictures> {
    return new MapPictures(await openSource(map, new BlockCache(256 * 2 ** 20)), level);
  }

  async window({ col_px, row_px, side_px }: MapWindow): Promise<Raster> {
    return this.read(col_px - side_px / 2, row_px - side_px / 2, side_px, side_px);
  }

  /** The whole level; unmapped ground is black. */
  async whole(): Promise<Raster> {
    const { width_px, height_px } = this.level.geometry;
    const data = new Uint8Array(width_px * height_px * 3);
    for (let top = 0; top < height_px; top += 256) {
      const rows = Math.min(256, height_px - top);
      data.set((await this.read(0, top, width_px, rows)).data, top * width_px * 3);
    }
    return { width: width_px, height: height_px, data };
  }

  async close(): Promise<void> {
    await this.source.close();
  }

  private async read(left: number, top: number, width: number, height: number): Promise<Raster> {
    const { x0_merc_m, y0_merc_m, pixel_merc_m } = this.level.geometry;
    const read = await this.source.read({
      x0_merc_m: x0_merc_m + left * pixel_merc_m,
      y0_merc_m: y0_merc_m - top * pixel_merc_m,
      pixel_merc_m,
      width,
      height,
    });
    return { width, height, data: read?.rgb ?? new Uint8Array(width * height * 3) };
  }
}

/** Writes a picture for the peers. */
export async function writePng(path: string, raster: Raster): Promise<void> {
  const { width, height, data } = raster;
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 1 })
    .toFile(path);
}

/** Writes a mask of 0 and 1 as black and white. */
export async function writeMask(path: string, mask: Uint8Array, side: number): Promise<void> {
  const data = mask.map((value) => value * 255);
  await sharp(data, { raw: { width: side, height: side, channels: 1 } })
    .png({ compressionLevel: 1 })
    .toFile(path);
}
