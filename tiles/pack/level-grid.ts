import { type LonLat, lonLatToMercator, mercatorToLonLat } from "../geodesy/mercator.js";
import type { GeoBounds } from "../geodesy/tile-math.js";
import { mercatorScale } from "../geodesy/wgs84.js";
import { FEATURE_BLOCK, FEATURE_STRIDE_PX, type LevelGeometry } from "./manifest.js";

/** A position on the level grid in pixels: (0, 0) is its top-left corner, pixel (c, r) has its centre at (c+.5, r+.5). */
export interface PxPoint {
  readonly col_px: number;
  readonly row_px: number;
}

/** Geometry of one level of a pack: pixels of the level grid to places on the earth and back. */
export class LevelGrid {
  /** Features across and down; a partly covered last feature counts. */
  readonly feature_cols: number;
  readonly feature_rows: number;
  /** Blocks of features.bin across and down. */
  readonly block_cols: number;
  readonly block_rows: number;

  constructor(readonly geometry: LevelGeometry) {
    this.feature_cols = Math.ceil(geometry.width_px / FEATURE_STRIDE_PX);
    this.feature_rows = Math.ceil(geometry.height_px / FEATURE_STRIDE_PX);
    this.block_cols = Math.ceil(this.feature_cols / FEATURE_BLOCK);
    this.block_rows = Math.ceil(this.feature_rows / FEATURE_BLOCK);
  }

  get level(): number {
    return this.geometry.level;
  }

  /** Nominal metres per pixel. */
  get gsd_m(): number {
    return this.geometry.gsd_m;
  }

  get cell_px(): number {
    return this.geometry.cell_px;
  }

  get stride_px(): number {
    return this.geometry.stride_px;
  }

  /** The nominal footprint: side of a cell, metres. */
  get cell_side_m(): number {
    return this.geometry.cell_px * this.geometry.gsd_m;
  }

  /** Place of a point of the grid. `col_px`, `row_px` are continuous: add .5 to a pixel's number for its centre. */
  pxToLonLat(col_px: number, row_px: number): LonLat {
    const { x0_merc_m, y0_merc_m, pixel_merc_m } = this.geometry;
    return mercatorToLonLat(x0_merc_m + col_px * pixel_merc_m, y0_merc_m - row_px * pixel_merc_m);
  }

  /** The inverse of {@link pxToLonLat}; places off the map give points off the grid. */
  lonLatToPx(lon_deg: number, lat_deg: number): PxPoint {
    const { x0_merc_m, y0_merc_m, pixel_merc_m } = this.geometry;
    const { x, y } = lonLatToMercator(lon_deg, lat_deg);
    return { col_px: (x - x0_merc_m) / pixel_merc_m, row_px: (y0_merc_m - y) / pixel_merc_m };
  }

  /** True ground metres per pixel at a latitude, to the north and to the east (WGS84, not the nominal `gsd_m`). */
  metresPerPx(lat_deg: number): { north_m: number; east_m: number } {
    const scale = mercatorScale(lat_deg);
    const pixel = this.geometry.pixel_merc_m;
    return { north_m: pixel * scale.north, east_m: pixel * scale.east };
  }

  /** Is the point on the grid? */
  containsPx(col_px: number, row_px: number): boolean {
    return col_px >= 0 && row_px >= 0 && col_px < this.geometry.width_px && row_px < this.geometry.height_px;
  }
}

/**
 * The level whose grid covers `bbox` at `gsd_m`: pixel_merc_m = gsd_m / cos(latitude of the bbox's centre), origin at
 * the north-west corner, sides rounded up to whole features.
 */
export function levelForBbox(
  bbox: GeoBounds,
  level: { level: number; gsd_m: number; cell_px: number; stride_px: number },
): LevelGeometry {
  const lat0_deg = (bbox.south + bbox.north) / 2;
  const pixel_merc_m = level.gsd_m / Math.cos((lat0_deg * Math.PI) / 180);
  const northWest = lonLatToMercator(bbox.west, bbox.north);
  const southEast = lonLatToMercator(bbox.east, bbox.south);
  // A sliver under a thousandth of a feature is rounding of the corners, not map.
  const wholeFeatures = (side_merc_m: number) =>
    Math.max(1, Math.ceil(side_merc_m / pixel_merc_m / FEATURE_STRIDE_PX - 1e-3)) * FEATURE_STRIDE_PX;
  return {
    level: level.level,
    gsd_m: level.gsd_m,
    lat0_deg,
    x0_merc_m: northWest.x,
    y0_merc_m: northWest.y,
    pixel_merc_m,
    width_px: wholeFeatures(southEast.x - northWest.x),
    height_px: wholeFeatures(northWest.y - southEast.y),
    cell_px: level.cell_px,
    stride_px: level.stride_px,
  };
}
