import { setImmediate as nextTurn } from "node:timers/promises";
import sharp from "sharp";
import {
  lonLatToMercator,
  MERCATOR_HALF_WORLD_M,
  mercatorScale,
  offsetToLonLat,
  TILE_PX,
  zoomForPixel,
} from "../../tiles/geodesy/index.js";
import { GroundView } from "../../tiles/geometry/ground.js";
import type { EulerAngles } from "../../tiles/geometry/rotation.js";
import type { CameraRig } from "../vision/frame.js";
import type { Place } from "./api.js";

/** The map's pictures: of a `PackReader`. */
export interface TileSource {
  readonly manifest: { readonly zoom: { readonly min: number; readonly max: number } };
  /** A compressed tile, or null where there is none. */
  tile(z: number, x: number, y: number): Uint8Array | null;
}

/** Where the camera is thought to be. */
export interface ViewPoint extends Place {
  readonly attitude: EulerAngles;
  readonly agl_m: number;
}

export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** More tiles than this for one view are of a camera that looks to the horizon: farther ones stay dark. */
const MAX_TILES = 64;
/** Ground is computed at every so many pixels and interpolated between. */
const GRID_PX = 8;
/** Rows of the grid after which others have their turn: the links live on the same thread. */
const ROWS_AT_ONCE = 4;
const NOTHING: readonly [number, number, number] = [11, 15, 20];

/**
 * The map as the camera would see it from a place: what the frame must look like if the place is right. The ground is
 * flat, so roofs stand where the map has them.
 *
 * @param width_px width of the picture that is made; its height follows from the camera's
 */
export async function mapAsSeen(
  tiles: TileSource,
  rig: CameraRig,
  from: ViewPoint,
  width_px: number,
): Promise<RgbImage> {
  const lens = rig.intrinsics;
  const width = Math.min(width_px, lens.width_px);
  const scale = lens.width_px / width;
  const height = Math.max(1, Math.round(lens.height_px / scale));
  const view = new GroundView(lens, { attitude: from.attitude, mount: rig.mount, agl_m: from.agl_m });
  const z = zoomOf(tiles, from, (from.agl_m / lens.fx) * scale);
  const cols = Math.ceil((width - 1) / GRID_PX) + 1;
  const rows = Math.ceil((height - 1) / GRID_PX) + 1;
  const grid = new Float64Array(cols * rows * 2).fill(Number.NaN);
  const world_px = TILE_PX * 2 ** z;
  for (let r = 0; r < rows; r++) {
    if (r % ROWS_AT_ONCE === 0) await nextTurn();
    for (let c = 0; c < cols; c++) {
      const ground = view.pixelToGround((c * GRID_PX + 0.5) * scale - 0.5, (r * GRID_PX + 0.5) * scale - 0.5);
      if (ground === null) continue;
      const place = offsetToLonLat(from, ground.north_m, ground.east_m);
      const { x, y } = lonLatToMercator(place.lon_deg, place.lat_deg);
      grid[(r * cols + c) * 2] = (x / MERCATOR_HALF_WORLD_M + 1) * 0.5 * world_px;
      grid[(r * cols + c) * 2 + 1] = (1 - y / MERCATOR_HALF_WORLD_M) * 0.5 * world_px;
    }
  }
  const decoded = await decodeTiles(tiles, z, grid);
  return { width, height, rgb: await sampled(decoded, grid, cols, width, height) };
}

/** The zoom whose pixels are as fine as those of the picture, as far as the pack has it. */
function zoomOf(tiles: TileSource, { lat_deg }: Place, gsd_m: number): number {
  const { min, max } = tiles.manifest.zoom;
  return Math.min(max, Math.max(min, zoomForPixel(gsd_m / mercatorScale(lat_deg).east)));
}

async function decodeTiles(tiles: TileSource, z: number, grid: Float64Array): Promise<Map<string, Uint8Array>> {
  const wanted = new Set<string>();
  for (let i = 0; i < grid.length && wanted.size < MAX_TILES; i += 2) {
    const x = grid[i] as number;
    const y = grid[i + 1] as number;
    if (!Number.isNaN(x)) wanted.add(`${Math.floor(x / TILE_PX)}/${Math.floor(y / TILE_PX)}`);
  }
  const decoded = new Map<string, Uint8Array>();
  await Promise.all(
    [...wanted].map(async (key) => {
      const [x = 0, y = 0] = key.split("/").map(Number);
      const bytes = tiles.tile(z, x, y);
      if (bytes === null) return;
      const { data, info } = await sharp(bytes)
        .removeAlpha()
        .toColourspace("srgb")
        .raw()
        .toBuffer({ resolveWithObject: true });
      if (info.width === TILE_PX && info.height === TILE_PX && info.channels === 3) decoded.set(key, data);
    }),
  );
  return decoded;
}

/** Every pixel of the picture from the nearest pixel of the tile below it; dark where there is none. */
async function sampled(
  tiles: ReadonlyMap<string, Uint8Array>,
  grid: Float64Array,
  cols: number,
  width: number,
  height: number,
): Promise<Uint8Array> {
  const rgb = new Uint8Array(width * height * 3);
  let lastX = Number.NaN;
  let lastY = Number.NaN;
  let tile: Uint8Array | undefined;
  for (let row = 0; row < height; row++) {
    if (row % (ROWS_AT_ONCE * GRID_PX) === 0) await nextTurn();
    const r = Math.floor(row / GRID_PX);
    const fy = row / GRID_PX - r;
    for (let col = 0; col < width; col++) {
      const c = Math.floor(col / GRID_PX);
      const fx = col / GRID_PX - c;
      const k = (r * cols + c) * 2;
      const x = between(grid, k, cols * 2, fx, fy);
      const y = between(grid, k + 1, cols * 2, fx, fy);
      const tileX = Math.floor(x / TILE_PX);
      const tileY = Math.floor(y / TILE_PX);
      if (tileX !== lastX || tileY !== lastY) {
        lastX = tileX;
        lastY = tileY;
        tile = tiles.get(`${tileX}/${tileY}`);
      }
      const o = (row * width + col) * 3;
      const i = (Math.floor(y - tileY * TILE_PX) * TILE_PX + Math.floor(x - tileX * TILE_PX)) * 3;
      for (let n = 0; n < 3; n++) rgb[o + n] = tile === undefined ? (NOTHING[n] ?? 0) : (tile[i + n] as number);
    }
  }
  return rgb;
}

/** Bilinear in the grid; what lies beyond it counts nothing, since its share is 0 there. NaN next to the horizon. */
function between(grid: Float64Array, k: number, stride: number, fx: number, fy: number): number {
  const a = grid[k] as number;
  const right = fx === 0 ? a : (grid[k + 2] as number);
  const below = fy === 0 ? a : (grid[k + stride] as number);
  const across = fx === 0 ? below : fy === 0 ? right : (grid[k + stride + 2] as number);
  return (a * (1 - fx) + right * fx) * (1 - fy) + (below * (1 - fx) + across * fx) * fy;
}
