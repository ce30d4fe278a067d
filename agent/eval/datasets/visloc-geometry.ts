import type { GeoPoint } from "../../../tiles/geodesy/wgs84.js";
import { overlapWithSquare, type Point } from "./polygon.js";

/** Side of a gallery tile, pixels. */
export const TILE_PX = 256;
/** A tile is a true one of a frame above this intersection over union with its footprint. */
export const LEAST_IOU = 0.39;

/** The camera's opening angles along and across the flight direction, degrees (FOV_H and FOV_V of the protocol). */
const FOV_ALONG_DEG = 36;
const FOV_ACROSS_DEG = 52;
/** The sphere on which the protocol lays out footprints. */
const EARTH_RADIUS_M = 6378137;

/** A satellite map: its size and the edges of its first and last pixel. */
export interface MapImage {
  readonly width_px: number;
  readonly height_px: number;
  readonly north_deg: number;
  readonly west_deg: number;
  readonly south_deg: number;
  readonly east_deg: number;
}

/** The map reduced by a power of two and cut into tiles of TILE_PX from its upper left corner. */
export interface TileLevel {
  readonly zoom: number;
  readonly width_px: number;
  readonly height_px: number;
  readonly columns: number;
  readonly rows: number;
}

/**
 * The two levels whose tiles are the gallery: with Z = ceil(log2(longer side / 256)) as the level of full resolution,
 * Z - 2 and Z - 1, that is the map at a quarter and at half of its resolution, fewer where the map is too small.
 */
export function galleryLevels({ width_px, height_px }: MapImage): TileLevel[] {
  const full = Math.max(0, Math.ceil(Math.log2(Math.max(width_px, height_px) / TILE_PX)));
  const levels: TileLevel[] = [];
  for (const zoom of [full - 2, full - 1]) {
    if (zoom < 0) continue;
    const scale = 2 ** (full - zoom);
    const width = Math.ceil(width_px / scale);
    const height = Math.ceil(height_px / scale);
    const columns = Math.ceil(width / TILE_PX);
    const rows = Math.ceil(height / TILE_PX);
    levels.push({ zoom, width_px: width, height_px: height, columns, rows });
  }
  return levels;
}

/** Centre of a tile: linear in latitude and longitude between the map's edges. */
export function tileCentre(map: MapImage, level: TileLevel, column: number, row: number): GeoPoint {
  const across = ((column + 0.5) * TILE_PX) / level.width_px;
  const down = ((row + 0.5) * TILE_PX) / level.height_px;
  return {
    lat_deg: map.north_deg + (map.south_deg - map.north_deg) * down,
    lon_deg: map.west_deg + (map.east_deg - map.west_deg) * across,
  };
}

/** Where a frame was taken from. */
export interface FramePose extends GeoPoint {
  readonly height_m: number;
  /** Heading, clockwise from north. */
  readonly heading_deg: number;
}

/** Sides of the footprint on flat ground, metres. */
export function footprintSides_m(height_m: number): { readonly along_m: number; readonly across_m: number } {
  const side = (fov_deg: number): number => 2 * height_m * Math.tan((fov_deg * Math.PI) / 360);
  return { along_m: side(FOV_ALONG_DEG), across_m: side(FOV_ACROSS_DEG) };
}

/** Corners of a frame's footprint on flat ground, in pixels of a level. */
export function footprint(map: MapImage, level: TileLevel, pose: FramePose): Point[] {
  const { along_m, across_m } = footprintSides_m(pose.height_m);
  const heading = (pose.heading_deg * Math.PI) / 180;
  const degrees = 180 / Math.PI;
  const corners = [
    [1, -1],
    [1, 1],
    [-1, 1],
    [-1, -1],
  ] as const;
  return corners.map(([ahead, right]) => {
    const forward_m = (ahead * along_m) / 2;
    const right_m = (right * across_m) / 2;
    const north_m = forward_m * Math.cos(heading) - right_m * Math.sin(heading);
    const east_m = forward_m * Math.sin(heading) + right_m * Math.cos(heading);
    const lat_deg = pose.lat_deg + (north_m / EARTH_RADIUS_M) * degrees;
    const lon_deg = pose.lon_deg + (east_m / (EARTH_RADIUS_M * Math.cos(pose.lat_deg / degrees))) * degrees;
    return {
      x: ((lon_deg - map.west_deg) / (map.east_deg - map.west_deg)) * level.width_px,
      y: ((map.north_deg - lat_deg) / (map.north_deg - map.south_deg)) * level.height_px,
    };
  });
}

/** The tiles of a level that overlap a footprint by more than LEAST_IOU. */
export function trueTiles(polygon: readonly Point[], level: TileLevel): { column: number; row: number }[] {
  const range = (values: number[], count: number): [number, number] => [
    Math.max(0, Math.floor(Math.min(...values) / TILE_PX)),
    Math.min(count - 1, Math.floor(Math.max(...values) / TILE_PX)),
  ];
  const [left, right] = range(
    polygon.map(({ x }) => x),
    level.columns,
  );
  const [top, bottom] = range(
    polygon.map(({ y }) => y),
    level.rows,
  );
  const found: { column: number; row: number }[] = [];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      if (overlapWithSquare(polygon, column * TILE_PX, row * TILE_PX, TILE_PX) > LEAST_IOU) found.push({ column, row });
    }
  }
  return found;
}
