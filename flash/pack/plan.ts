import { UserError } from "../../tiles/errors.js";
import {
  type GeoBounds,
  lonLatToMercator,
  mercatorScale,
  TILE_PX,
  tileRange,
  tileSide_merc_m,
  zoomForPixel,
} from "../../tiles/geodesy/index.js";
import { levelForBbox } from "../../tiles/pack/level-grid.js";
import { FEATURE_STRIDE_PX, type LevelGeometry } from "../../tiles/pack/manifest.js";

/** What says how large a cell is; exactly one way must be given. */
export interface FootprintChoice {
  readonly agl_m?: number;
  readonly hfov_deg?: number;
  /** Cell sides, metres, one level each. */
  readonly footprints_m?: readonly number[];
  readonly gsd_m?: number;
}

/** A stride as a share of the cell side, or in metres. */
export type StrideChoice = { readonly fraction: number } | { readonly metres: number };

/** The short side of a 16:9 frame over its long side: a cell is as large as what a frame shows for certain. */
const SHORT_SIDE = 9 / 16;
/** A map is told to be coarse from this many times the level's gsd on. */
const COARSE = 1.5;
/** A cell of fewer pixels of the map on a side than this shows nothing. */
const FEWEST_PIXELS = 8;
/** The smallest zoom of the tiles is the one where the whole map fits in so many. */
const FEW_TILES = 4;
const MAX_ZOOM = 24;

/**
 * The gsd of each level, metres, finest first.
 *
 * From height and field of view: the ground seen is 2 agl tan(hfov / 2) wide, a cell is 9/16 of that, and its cell_px
 * pixels share the side. --gsd on top of height and field of view overrides what follows from them.
 * @throws UserError when nothing is given, too much, or something impossible
 */
export function chooseGsds(choice: FootprintChoice, cell_px: number): number[] {
  const { agl_m, hfov_deg, footprints_m, gsd_m } = choice;
  if (footprints_m !== undefined) {
    if (gsd_m !== undefined) {
      throw new UserError(
        `--footprint and --gsd contradict each other: a cell always has ${cell_px} pixels, so its side gives its gsd; ` +
          `leave one out (--footprint ${footprints_m[0]} means --gsd ${Number(((footprints_m[0] ?? 0) / cell_px).toPrecision(4))})`,
      );
    }
    if (agl_m !== undefined || hfov_deg !== undefined) {
      throw new UserError(
        "--footprint and --agl/--hfov contradict each other: both say how large a cell is; leave one out",
      );
    }
    return [...new Set(footprints_m)].sort((a, b) => a - b).map((side) => side / cell_px);
  }
  if ((agl_m === undefined) !== (hfov_deg === undefined)) {
    const missing =
      agl_m === undefined ? "--agl (metres above ground)" : "--hfov (the camera's horizontal field of view in degrees)";
    throw new UserError(`${missing} is missing: --agl and --hfov together say how large a frame is on the ground`);
  }
  if (gsd_m !== undefined) return [gsd_m];
  if (agl_m === undefined || hfov_deg === undefined) {
    throw new UserError(
      "how large a frame is on the ground is not said; give the height and the camera's horizontal field of view, " +
        "for example --agl 120 --hfov 66, or the side of a cell in metres, --footprint 88, or --gsd 0.39",
    );
  }
  return [(SHORT_SIDE * 2 * agl_m * Math.tan((hfov_deg * Math.PI) / 360)) / cell_px];
}

/** The stride in pixels: a whole number of features, at least one and at most the cell. Default: a quarter cell. */
export function strideInPixels(choice: StrideChoice | undefined, gsd_m: number, cell_px: number): number {
  const wanted =
    choice === undefined ? cell_px / 4 : "fraction" in choice ? choice.fraction * cell_px : choice.metres / gsd_m;
  const whole = Math.round(wanted / FEATURE_STRIDE_PX) * FEATURE_STRIDE_PX;
  return Math.min(cell_px, Math.max(FEATURE_STRIDE_PX, whole));
}

/** The levels over the map. @throws UserError when the map is smaller than a cell of one of them */
export function planLevels(
  bbox: GeoBounds,
  gsds_m: readonly number[],
  cell_px: number,
  stride: StrideChoice | undefined,
): LevelGeometry[] {
  return gsds_m.map((gsd_m, level) => {
    const geometry = levelForBbox(bbox, { level, gsd_m, cell_px, stride_px: strideInPixels(stride, gsd_m, cell_px) });
    if (geometry.width_px < cell_px || geometry.height_px < cell_px) {
      const size = mapSize_m(bbox);
      throw new UserError(
        `the map is smaller than one cell: it is ${size.east_m.toFixed(1)} m x ${size.north_m.toFixed(1)} m, a cell is ` +
          `${(gsd_m * cell_px).toFixed(1)} m on a side; give more imagery, or a smaller --agl or --footprint`,
      );
    }
    return geometry;
  });
}

/** Width and height of a box on the ground, at its middle latitude. */
export function mapSize_m(bbox: GeoBounds): { east_m: number; north_m: number } {
  const northWest = lonLatToMercator(bbox.west, bbox.north);
  const southEast = lonLatToMercator(bbox.east, bbox.south);
  const scale = mercatorScale((bbox.south + bbox.north) / 2);
  return { east_m: (southEast.x - northWest.x) * scale.east, north_m: (northWest.y - southEast.y) * scale.north };
}

/**
 * What to tell the user of inputs much coarser than the level: one line each.
 * @throws UserError when even the finest makes a cell of a handful of its pixels: then the map or its georeference is wrong
 */
export function coarseness(
  layers: readonly { readonly name: string; readonly nativeGsd_m: number }[],
  gsd_m: number,
  cell_px: number,
): string[] {
  const finest_m = Math.min(...layers.map((layer) => layer.nativeGsd_m));
  const pixelsInCell = (cell_px * gsd_m) / finest_m;
  if (pixelsInCell < FEWEST_PIXELS) {
    throw new UserError(
      `the map has ${metres(finest_m)} a pixel: a cell of ${metres(gsd_m * cell_px)} would be ${pixelsInCell.toFixed(1)} of its pixels wide, ` +
        "and nothing can be recognised in that; use finer imagery or a larger --footprint, and check the map's georeference",
    );
  }
  return layers
    .filter((layer) => layer.nativeGsd_m >= COARSE * gsd_m)
    .map((layer) => {
      const ratio = (layer.nativeGsd_m / gsd_m).toFixed(1);
      return (
        `${layer.name} has ${metres(layer.nativeGsd_m)} a pixel, the level ${metres(gsd_m)}: it is enlarged ${ratio} times and lacks the ` +
        `detail that a frame shows from this height, so places will be told apart less well; finer imagery helps, or flying ${ratio} times as high`
      );
    });
}

function metres(value: number): string {
  return `${Number(value.toPrecision(3))} m`;
}

/**
 * First and last zoom of the image tiles: from the one where the map fits in a few tiles to the one that matches the
 * imagery's resolution, but at most one finer than the finest level's.
 * @throws UserError when the zooms asked for cannot be
 */
export function planZooms(
  bbox: GeoBounds,
  nativeGsd_m: number,
  finestLevel: LevelGeometry,
  asked: { readonly min?: number; readonly max?: number },
): { min: number; max: number } {
  const native_merc_m = (nativeGsd_m / finestLevel.gsd_m) * finestLevel.pixel_merc_m;
  const matching = Math.min(zoomForPixel(native_merc_m), zoomForPixel(finestLevel.pixel_merc_m) + 1);
  const max = asked.max ?? Math.max(asked.min ?? 0, matching);
  if (asked.min !== undefined && asked.min > max)
    throw new UserError(`--min-zoom ${asked.min} is larger than --max-zoom ${max}`);
  if (max > MAX_ZOOM) throw new UserError(`--max-zoom ${max} is finer than any imagery; the largest is ${MAX_ZOOM}`);
  if (asked.min !== undefined) return { min: asked.min, max };
  let min = max;
  while (min > 0 && tilesInBox(min, bbox) > FEW_TILES) min--;
  return { min, max };
}

/** How many tiles of a zoom touch the box. */
export function tilesInBox(z: number, bbox: GeoBounds): number {
  const { x_min, x_max, y_min, y_max } = tilesOf(z, bbox);
  return (x_max - x_min + 1) * (y_max - y_min + 1);
}

/** The inclusive range of tiles of a zoom that touch the box. */
export function tilesOf(z: number, bbox: GeoBounds): { x_min: number; x_max: number; y_min: number; y_max: number } {
  const northWest = lonLatToMercator(bbox.west, bbox.north);
  const southEast = lonLatToMercator(bbox.east, bbox.south);
  // A sliver under a hundredth of a pixel is rounding of the corners.
  const hair = (tileSide_merc_m(z) / TILE_PX) * 0.01;
  return tileRange(z, {
    west: northWest.x + hair,
    north: northWest.y - hair,
    east: southEast.x - hair,
    south: southEast.y + hair,
  });
}
