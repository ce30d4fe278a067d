import { UserError } from "../tiles/errors.js";
import { lonLatToOffset, offsetToLonLat, type Projector, projector } from "../tiles/geodesy/index.js";
import { type GeoTiffSpec, GeoTiffWriter } from "./geotiff-writer.js";
import type { Epoch } from "./world/epoch.js";
import type { Land } from "./world/land.js";

export interface MapSpec {
  readonly gsd_m: number;
  /** 3857, 4326 or a UTM zone */
  readonly epsg: number;
  readonly layout?: Pick<GeoTiffSpec, "tile_px" | "compression" | "georeference" | "pixelIsPoint">;
  readonly onRows?: (done: number, total: number) => void;
}

const BLOCK_PX = 256;
/** The world is sampled a little finer than the map, so that the resampling costs no sharpness. */
const OVERSAMPLING = 0.8;

/**
 * Writes the world at one date as a GeoTIFF. The map is the largest north-up rectangle of the chosen system inside the
 * world's square, with pixels of gsd_m ground metres at its centre.
 */
export function writeWorldMap(
  path: string,
  world: Land,
  epoch: Epoch,
  spec: MapSpec,
): { width: number; height: number } {
  const system = projector(spec.epsg);
  const grid = gridOf(world, system, spec);
  const writer = new GeoTiffWriter(path, {
    ...spec.layout,
    width: grid.width,
    height: grid.height,
    channels: 3,
    epsg: spec.epsg,
    origin: { x: grid.x0, y: grid.y0 },
    pixelSize: { x: grid.sx, y: grid.sy },
  });
  try {
    for (let row = 0; row < grid.height; row += BLOCK_PX) {
      const rows = Math.min(BLOCK_PX, grid.height - row);
      const band = new Uint8Array(grid.width * rows * 3);
      for (let col = 0; col < grid.width; col += BLOCK_PX) {
        renderBlock(
          world,
          epoch,
          system,
          grid,
          spec.gsd_m,
          { row, col, rows, cols: Math.min(BLOCK_PX, grid.width - col) },
          band,
        );
      }
      writer.writeRows(band);
      spec.onRows?.(row + rows, grid.height);
    }
    writer.finish();
  } finally {
    writer.abort();
  }
  return { width: grid.width, height: grid.height };
}

interface MapGrid {
  readonly x0: number;
  readonly y0: number;
  readonly sx: number;
  readonly sy: number;
  readonly width: number;
  readonly height: number;
}

function gridOf(world: Land, system: Projector, spec: MapSpec): MapGrid {
  const half = world.size_m / 2;
  const at = (north_m: number, east_m: number): { x: number; y: number } => {
    const p = offsetToLonLat(world.origin, north_m, east_m);
    return system.fromLonLat(p.lon_deg, p.lat_deg);
  };
  const steps = Array.from({ length: 17 }, (_, k) => -half + (k / 16) * world.size_m);
  const west = Math.max(...steps.map((s) => at(s, -half).x));
  const east = Math.min(...steps.map((s) => at(s, half).x));
  const south = Math.max(...steps.map((s) => at(-half, s).y));
  const north = Math.min(...steps.map((s) => at(half, s).y));
  const sx = (at(0, 50).x - at(0, -50).x) * (spec.gsd_m / 100);
  // Web mercator has square pixels by definition of our level grid; elsewhere a pixel is gsd_m both ways.
  const sy = spec.epsg === 3857 ? sx : (at(50, 0).y - at(-50, 0).y) * (spec.gsd_m / 100);
  const width = Math.floor((east - west) / sx);
  const height = Math.floor((north - south) / sy);
  if (width < 1 || height < 1) throw new UserError(`a map of ${spec.gsd_m} m/px of ${world.size_m} m has no pixel`);
  return { x0: west, y0: north, sx, sy, width, height };
}

interface Block {
  readonly row: number;
  readonly col: number;
  readonly rows: number;
  readonly cols: number;
}

function renderBlock(
  world: Land,
  epoch: Epoch,
  system: Projector,
  grid: MapGrid,
  gsd_m: number,
  block: Block,
  band: Uint8Array,
): void {
  const toLocal = (row: number, col: number): { north_m: number; east_m: number } => {
    const p = system.toLonLat(grid.x0 + col * grid.sx, grid.y0 - row * grid.sy);
    return lonLatToOffset(world.origin, p);
  };
  const nw = toLocal(block.row, block.col);
  const ne = toLocal(block.row, block.col + block.cols);
  const sw = toLocal(block.row + block.rows, block.col);
  const se = toLocal(block.row + block.rows, block.col + block.cols);
  const fine = gsd_m * OVERSAMPLING;
  // On a grid that is the same for all blocks, so that they join without a seam.
  const row0 = Math.floor(-Math.max(nw.north_m, ne.north_m) / fine) - 2;
  const col0 = Math.floor(Math.min(nw.east_m, sw.east_m) / fine) - 2;
  const width_px = Math.ceil(Math.max(ne.east_m, se.east_m) / fine) + 2 - col0;
  const height_px = Math.ceil(-Math.min(sw.north_m, se.north_m) / fine) + 2 - row0;
  const rgb = world.render({ epoch, north_m: -row0 * fine, east_m: col0 * fine, width_px, height_px, gsd_m: fine });
  for (let r = 0; r < block.rows; r++) {
    const v = (r + 0.5) / block.rows;
    for (let c = 0; c < block.cols; c++) {
      const u = (c + 0.5) / block.cols;
      const north_m = (nw.north_m * (1 - u) + ne.north_m * u) * (1 - v) + (sw.north_m * (1 - u) + se.north_m * u) * v;
      const east_m = (nw.east_m * (1 - u) + ne.east_m * u) * (1 - v) + (sw.east_m * (1 - u) + se.east_m * u) * v;
      const x = east_m / fine - col0 - 0.5;
      const y = -north_m / fine - row0 - 0.5;
      const x0 = Math.floor(x);
      const y0 = Math.floor(y);
      const fx = x - x0;
      const fy = y - y0;
      const a = (y0 * width_px + x0) * 3;
      const b = a + width_px * 3;
      const o = (r * grid.width + block.col + c) * 3;
      for (let k = 0; k < 3; k++) {
        const top = (rgb[a + k] as number) * (1 - fx) + (rgb[a + 3 + k] as number) * fx;
        const bottom = (rgb[b + k] as number) * (1 - fx) + (rgb[b + 3 + k] as number) * fx;
        band[o + k] = top * (1 - fy) + bottom * fy + 0.5;
      }
    }
  }
}
