import sharp from "sharp";
import { MERCATOR_HALF_WORLD_M, TILE_PX, tileSide_merc_m, zoomForPixel } from "../../tiles/geodesy/index.js";

/** Where pictures of the map come from: of a `PackReader`. */
export interface MapPictures {
  readonly manifest: { readonly zoom: { readonly min: number; readonly max: number } };
  level(level: number): {
    readonly geometry: { readonly x0_merc_m: number; readonly y0_merc_m: number; readonly pixel_merc_m: number };
  };
  /** A compressed tile, or null where there is none. */
  tile(z: number, x: number, y: number): Uint8Array | null;
}

/** A square window of a level's grid. */
export interface MapWindow {
  readonly level: number;
  /** Its centre, in continuous pixels of the level's grid. */
  readonly col_px: number;
  readonly row_px: number;
  /** Its side, pixels of the picture. */
  readonly side_px: number;
  /** Pixels of the level for one of the picture, in each direction. Default: 1. */
  readonly reduction?: number;
}

/** Interleaved 8-bit RGB. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Image tiles whose pixels are larger than the picture's by more than this show too little to be compared with. */
const COARSEST_TILE = 1.6;

/** Are the map's image tiles fine enough for pictures of a level, whose pixels stand for `reduction` of the level's? */
export function showsEnough(map: MapPictures, level: number, reduction = 1): boolean {
  const pixel_merc_m = map.level(level).geometry.pixel_merc_m * reduction;
  return tileSide_merc_m(pictureZoom(map, pixel_merc_m)) / TILE_PX <= COARSEST_TILE * pixel_merc_m;
}

/** The zoom whose pixels are nearest in size. */
function pictureZoom({ manifest }: MapPictures, pixel_merc_m: number): number {
  return Math.min(manifest.zoom.max, Math.max(manifest.zoom.min, zoomForPixel(pixel_merc_m)));
}

/**
 * Reads windows of the map as pictures at the level's resolution or a lower one, from the image tiles whose pixels are nearest in
 * size. Ground without imagery has the given colour (black where the pack's tiles are JPEG, which cannot tell).
 * Tiles that windows share are decoded once.
 *
 * @param tiles keeps decoded tiles from call to call, of one map and one fill colour
 */
export async function mapPictures(
  map: MapPictures,
  windows: readonly MapWindow[],
  fill: readonly [number, number, number],
  tiles = new DecodedTiles(Number.POSITIVE_INFINITY),
): Promise<Picture[]> {
  const decoded = (z: number, x: number, y: number): Promise<Uint8Array | null> =>
    tiles.get(`${z}/${x}/${y}`, () => decode(map.tile(z, x, y), fill));
  return Promise.all(windows.map((window) => picture(map, window, fill, decoded)));
}

/** Decoded tiles, 192 KiB each, of which the ones asked for last are kept. */
export class DecodedTiles {
  private readonly tiles = new Map<string, Promise<Uint8Array | null>>();

  /** @param capacity how many are kept */
  constructor(private readonly capacity: number) {}

  get(key: string, decodeTile: () => Promise<Uint8Array | null>): Promise<Uint8Array | null> {
    const tile = this.tiles.get(key) ?? decodeTile();
    // A map remembers the order of insertion: taken out and put in again, the tile is the youngest.
    this.tiles.delete(key);
    this.tiles.set(key, tile);
    for (const oldest of this.tiles.keys()) {
      if (this.tiles.size <= this.capacity) break;
      this.tiles.delete(oldest);
    }
    return tile;
  }
}

type Decoded = (z: number, x: number, y: number) => Promise<Uint8Array | null>;

async function picture(
  map: MapPictures,
  { level, col_px, row_px, side_px, reduction = 1 }: MapWindow,
  fill: readonly [number, number, number],
  decoded: Decoded,
): Promise<Picture> {
  const { x0_merc_m, y0_merc_m, pixel_merc_m: own_merc_m } = map.level(level).geometry;
  const pixel_merc_m = own_merc_m * reduction;
  const z = pictureZoom(map, pixel_merc_m);
  const tile_px = tileSide_merc_m(z) / TILE_PX;
  const step = pixel_merc_m / tile_px;
  // Centre of the first pixel among the centres of the zoom's pixels.
  const left =
    (x0_merc_m + (col_px / reduction - side_px / 2 + 0.5) * pixel_merc_m + MERCATOR_HALF_WORLD_M) / tile_px - 0.5;
  const top =
    (MERCATOR_HALF_WORLD_M - y0_merc_m + (row_px / reduction - side_px / 2 + 0.5) * pixel_merc_m) / tile_px - 0.5;
  const [x0, y0] = [Math.floor(left), Math.floor(top)];
  const span = Math.ceil((side_px - 1) * step) + 2;
  const raster = await collect(z, x0, y0, span, fill, decoded);
  const rgb = new Uint8Array(side_px * side_px * 3);
  for (let row = 0, to = 0; row < side_px; row++) {
    const y = top - y0 + row * step;
    const fy = y - Math.floor(y);
    for (let col = 0; col < side_px; col++) {
      const x = left - x0 + col * step;
      const fx = x - Math.floor(x);
      const at = (Math.floor(y) * span + Math.floor(x)) * 3;
      for (let c = 0; c < 3; c++, to++) {
        const above = (raster[at + c] as number) * (1 - fx) + (raster[at + 3 + c] as number) * fx;
        const below = (raster[at + span * 3 + c] as number) * (1 - fx) + (raster[at + span * 3 + 3 + c] as number) * fx;
        rgb[to] = Math.round(above * (1 - fy) + below * fy);
      }
    }
  }
  return { width: side_px, height: side_px, rgb };
}

/** A square of one zoom's pixels, [span, span, 3], from whatever tiles it lies on. */
async function collect(
  z: number,
  x0: number,
  y0: number,
  span: number,
  fill: readonly [number, number, number],
  decoded: Decoded,
): Promise<Uint8Array> {
  const out = new Uint8Array(span * span * 3);
  for (let i = 0; i < out.length; i++) out[i] = fill[i % 3] ?? 0;
  const last = (from: number): number => Math.floor((from + span - 1) / TILE_PX);
  for (let ty = Math.floor(y0 / TILE_PX); ty <= last(y0); ty++) {
    for (let tx = Math.floor(x0 / TILE_PX); tx <= last(x0); tx++) {
      const tile = await decoded(z, tx, ty);
      if (tile === null) continue;
      const [from, to] = [Math.max(x0, tx * TILE_PX), Math.min(x0 + span, (tx + 1) * TILE_PX)];
      for (let y = Math.max(y0, ty * TILE_PX); y < Math.min(y0 + span, (ty + 1) * TILE_PX); y++) {
        const row = (y - ty * TILE_PX) * TILE_PX - tx * TILE_PX;
        out.set(tile.subarray((row + from) * 3, (row + to) * 3), ((y - y0) * span + from - x0) * 3);
      }
    }
  }
  return out;
}

/** RGB of a tile, or null where there is none, it cannot be read or it has another size than tiles of packs. */
async function decode(
  bytes: Uint8Array | null,
  [r, g, b]: readonly [number, number, number],
): Promise<Uint8Array | null> {
  if (bytes === null) return null;
  const tile = await sharp(bytes)
    .flatten({ background: { r, g, b } })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch(() => null);
  if (tile === null) return null;
  const { data, info } = tile;
  return info.width === TILE_PX && info.height === TILE_PX && info.channels === 3 ? data : null;
}
