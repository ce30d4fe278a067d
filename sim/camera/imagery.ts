import {
  type GeoPoint,
  lonLatToMercator,
  lonLatToOffset,
  mercatorScale,
  offsetToLonLat,
} from "../../tiles/geodesy/index.js";
import type { Epoch } from "../world/epoch.js";
import type { Land } from "../world/land.js";
import { CORE_PX } from "../world/world.js";

/** A window of ground in the local plane: its north-west outer corner in metres from the reference, pixels north-up. */
export interface GroundWindow {
  readonly north_m: number;
  readonly east_m: number;
  readonly gsd_m: number;
  readonly width_px: number;
  readonly height_px: number;
}

/** What lies in a window. */
export interface GroundImage {
  /** three bytes a pixel */
  readonly rgb: Uint8Array;
  /** 1 where there is imagery; absent = everywhere */
  readonly valid?: Uint8Array;
  /** height of what is seen, metres above ground; absent = flat */
  readonly height_m?: Float32Array;
  /** 1 where that is the crown of a tree, which lines of sight can pass below */
  readonly crown?: Uint8Array;
}

/** Imagery that a simulated camera can fly over: a world at one date, or any geo-referenced map. */
export interface ImagerySource {
  /** where the local plane's (0, 0) lies */
  readonly reference: GeoPoint;
  /** nothing is higher than this; 0 = the imagery is flat */
  readonly tallest_m: number;
  /** @param t_s when the picture is taken, seconds from the start of the flight: only what moves depends on it */
  window(window: GroundWindow, t_s?: number): Promise<GroundImage>;
}

type Block = ReturnType<Land["renderWithHeights"]>;

/** The side of a kept block: what the world paints in one piece. */
const BLOCK_PX = CORE_PX;

/**
 * A world at one date. Blocks are kept, so that the overlapping frames of a flight are computed once.
 * @param relief with heights, so that roofs and crowns lean in perspective; else the picture is painted on flat ground
 */
export function worldImagery(world: Land, epoch: Epoch, relief = true, keptBlocks = 120): ImagerySource {
  // A camera sees the world from its own side: the lean of the epoch's own view must not be in it.
  const upright: Epoch = { ...epoch, lean_east: 0, lean_north: 0 };
  const blocks = new Map<string, Block>();
  const block = (gsd_m: number, row: number, col: number): Block => {
    const key = `${gsd_m}/${row}/${col}`;
    const known = blocks.get(key);
    if (known !== undefined) {
      blocks.delete(key);
      blocks.set(key, known);
      return known;
    }
    const made = world.renderWithHeights({
      epoch: upright,
      north_m: -row * BLOCK_PX * gsd_m,
      east_m: col * BLOCK_PX * gsd_m,
      width_px: BLOCK_PX,
      height_px: BLOCK_PX,
      gsd_m,
    });
    blocks.set(key, made);
    const oldest = blocks.keys().next();
    if (blocks.size > keptBlocks && !oldest.done) blocks.delete(oldest.value);
    return made;
  };
  return {
    reference: world.origin,
    tallest_m: relief ? world.tallest_m : 0,
    async window(w: GroundWindow): Promise<GroundImage> {
      // Pixels come from a fixed grid; the window is served from the nearest pixels of it.
      const rgb = new Uint8Array(w.width_px * w.height_px * 3);
      const height_m = new Float32Array(w.width_px * w.height_px);
      const crown = new Uint8Array(w.width_px * w.height_px);
      const row0 = Math.round(-w.north_m / w.gsd_m);
      const col0 = Math.round(w.east_m / w.gsd_m);
      for (let row = row0; row < row0 + w.height_px; ) {
        const blockRow = Math.floor(row / BLOCK_PX);
        const rows = Math.min((blockRow + 1) * BLOCK_PX, row0 + w.height_px) - row;
        for (let col = col0; col < col0 + w.width_px; ) {
          const blockCol = Math.floor(col / BLOCK_PX);
          const cols = Math.min((blockCol + 1) * BLOCK_PX, col0 + w.width_px) - col;
          const source = block(w.gsd_m, blockRow, blockCol);
          for (let r = 0; r < rows; r++) {
            const from = (row - blockRow * BLOCK_PX + r) * BLOCK_PX + (col - blockCol * BLOCK_PX);
            const to = (row - row0 + r) * w.width_px + (col - col0);
            rgb.set(source.rgb.subarray(from * 3, (from + cols) * 3), to * 3);
            height_m.set(source.height_m.subarray(from, from + cols), to);
            crown.set(source.crown.subarray(from, from + cols), to);
          }
          col += cols;
        }
        row += rows;
      }
      return relief ? { rgb, height_m, crown } : { rgb };
    },
  };
}

/** A reader of web-mercator windows, as the map builder's imagery sources are. */
export interface MercatorReader {
  read(window: {
    readonly x0_merc_m: number;
    readonly y0_merc_m: number;
    readonly pixel_merc_m: number;
    readonly width: number;
    readonly height: number;
  }): Promise<{ readonly rgb: Uint8Array; readonly valid: Uint8Array } | null>;
}

/** Any map that can be read in web mercator, as flat ground around `reference`. */
export function mercatorImagery(reader: MercatorReader, reference: GeoPoint): ImagerySource {
  return {
    reference,
    tallest_m: 0,
    async window(w: GroundWindow): Promise<GroundImage> {
      const rgb = new Uint8Array(w.width_px * w.height_px * 3);
      const valid = new Uint8Array(w.width_px * w.height_px);
      const toMercator = (north_m: number, east_m: number): { x: number; y: number } => {
        const p = offsetToLonLat(reference, north_m, east_m);
        return lonLatToMercator(p.lon_deg, p.lat_deg);
      };
      const nw = toMercator(w.north_m, w.east_m);
      const se = toMercator(w.north_m - w.height_px * w.gsd_m, w.east_m + w.width_px * w.gsd_m);
      const pixel_merc_m = w.gsd_m / mercatorScale(reference.lat_deg).east;
      const source = await reader.read({
        x0_merc_m: nw.x - 2 * pixel_merc_m,
        y0_merc_m: nw.y + 2 * pixel_merc_m,
        pixel_merc_m,
        width: Math.ceil((se.x - nw.x) / pixel_merc_m) + 4,
        height: Math.ceil((nw.y - se.y) / pixel_merc_m) + 4,
      });
      if (source === null) return { rgb, valid };
      const width = Math.ceil((se.x - nw.x) / pixel_merc_m) + 4;
      // Within one window the change of scale with latitude is far below a pixel: linear from edge to edge.
      const kx = (se.x - nw.x) / pixel_merc_m / w.width_px;
      const ky = (nw.y - se.y) / pixel_merc_m / w.height_px;
      for (let row = 0; row < w.height_px; row++) {
        const y = 2 + (row + 0.5) * ky - 0.5;
        for (let col = 0; col < w.width_px; col++) {
          const x = 2 + (col + 0.5) * kx - 0.5;
          copyBilinear(source.rgb, source.valid, width, x, y, rgb, valid, row * w.width_px + col);
        }
      }
      return { rgb, valid };
    },
  };
}

function copyBilinear(
  rgb: Uint8Array,
  valid: Uint8Array,
  width: number,
  x: number,
  y: number,
  out: Uint8Array,
  outValid: Uint8Array,
  index: number,
): void {
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const fx = x - x0;
  const fy = y - y0;
  const a = y0 * width + x0;
  const b = a + width;
  if ((valid[a] ?? 0) + (valid[a + 1] ?? 0) + (valid[b] ?? 0) + (valid[b + 1] ?? 0) < 4) return;
  outValid[index] = 1;
  for (let c = 0; c < 3; c++) {
    const top = (rgb[a * 3 + c] as number) * (1 - fx) + (rgb[(a + 1) * 3 + c] as number) * fx;
    const bottom = (rgb[b * 3 + c] as number) * (1 - fx) + (rgb[(b + 1) * 3 + c] as number) * fx;
    out[index * 3 + c] = top * (1 - fy) + bottom * fy + 0.5;
  }
}

/** The offset of a place from the imagery's reference, metres. */
export function placeInImagery(imagery: ImagerySource, place: GeoPoint): { north_m: number; east_m: number } {
  return lonLatToOffset(imagery.reference, place);
}
