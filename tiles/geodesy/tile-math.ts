import { lonLatToMercator, MERCATOR_HALF_WORLD_M } from "./mercator.js";

/** A web-map tile in XYZ numbering: x from the west, y from the north. */
export interface TileId {
  readonly z: number;
  readonly x: number;
  readonly y: number;
}

/** A rectangle in mercator metres. */
export interface MercatorBounds {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** A rectangle in degrees; it does not cross the antimeridian, so west < east. */
export interface GeoBounds {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** Pixels on the side of a tile. */
export const TILE_PX = 256;

/** Mercator metres on the side of a tile of zoom `z`. */
export function tileSide_merc_m(z: number): number {
  return (2 * MERCATOR_HALF_WORLD_M) / 2 ** z;
}

/** The mercator rectangle of a tile. */
export function tileBounds({ z, x, y }: TileId): MercatorBounds {
  const side = tileSide_merc_m(z);
  const west = -MERCATOR_HALF_WORLD_M + x * side;
  const north = MERCATOR_HALF_WORLD_M - y * side;
  return { west, south: north - side, east: west + side, north };
}

/** The tile of zoom `z` that holds a mercator point; points outside the world give the nearest tile. */
export function tileAtMercator(z: number, x_merc_m: number, y_merc_m: number): TileId {
  const side = tileSide_merc_m(z);
  const last = 2 ** z - 1;
  const clamp = (value: number) => Math.min(last, Math.max(0, Math.floor(value)));
  return {
    z,
    x: clamp((x_merc_m + MERCATOR_HALF_WORLD_M) / side),
    y: clamp((MERCATOR_HALF_WORLD_M - y_merc_m) / side),
  };
}

/** The tile of zoom `z` that holds a place. */
export function tileAtLonLat(z: number, lon_deg: number, lat_deg: number): TileId {
  const { x, y } = lonLatToMercator(lon_deg, lat_deg);
  return tileAtMercator(z, x, y);
}

/** The inclusive range of tiles of zoom `z` that touch a mercator rectangle; a shared edge does not count as touching. */
export function tileRange(
  z: number,
  bounds: MercatorBounds,
): { x_min: number; x_max: number; y_min: number; y_max: number } {
  const side = tileSide_merc_m(z);
  const first = tileAtMercator(z, bounds.west, bounds.north);
  const last = 2 ** z - 1;
  const x_end = Math.ceil((bounds.east + MERCATOR_HALF_WORLD_M) / side) - 1;
  const y_end = Math.ceil((MERCATOR_HALF_WORLD_M - bounds.south) / side) - 1;
  return {
    x_min: first.x,
    x_max: Math.min(last, Math.max(first.x, x_end)),
    y_min: first.y,
    y_max: Math.min(last, Math.max(first.y, y_end)),
  };
}

/** XYZ row to TMS row (MBTiles counts rows from the south) and back: the same formula both ways. */
export function flipTileRow(z: number, y: number): number {
  return 2 ** z - 1 - y;
}

/** The zoom whose pixels are nearest in size (on a log scale) to `pixel_merc_m` mercator metres, 0 to 24. */
export function zoomForPixel(pixel_merc_m: number): number {
  const zoom = Math.round(Math.log2((2 * MERCATOR_HALF_WORLD_M) / TILE_PX / pixel_merc_m));
  return Math.min(24, Math.max(0, zoom));
}
