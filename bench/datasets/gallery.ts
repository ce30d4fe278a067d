import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { GeoTiffWriter } from "../../sim/geotiff-writer.js";
import { type Projector, projector } from "../../tiles/geodesy/projector.js";
import type { Piece } from "./filler.js";
import { PAIRS_GSD_M } from "./pair-views.js";

const EPSG = 32634;
/** Unmapped ground between pieces, pixels: a cell across it has too little imagery to be one. */
const GAP_PX = 32;
/** Side and stride of cells, pixels; only used to guess how many a piece gives. */
const CELL_PX = 224;
const CELL_STRIDE_PX = 56;
/** Cells may reach this far beyond a piece, pixels, both sides together. */
const OVERHANG_PX = 34;

/** Where a piece lies on the map, pixels from its left top corner. */
export interface Placement {
  readonly name: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A map laid out of pieces, and where each lies. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly placements: readonly Placement[];
}

/** About how many cells a piece gives. */
export function expectedCells({ width, height }: Pick<Piece, "width" | "height">): number {
  const along = (side: number): number => Math.max(0, (side - CELL_PX + OVERHANG_PX) / CELL_STRIDE_PX);
  return along(width) * along(height);
}

/** Those pieces, and as much of the filler, in its order, as makes about so many cells. */
export function fillUp(pieces: readonly Piece[], filler: readonly Piece[], cells: number): Piece[] {
  const out = [...pieces];
  let sum = pieces.reduce((all, piece) => all + expectedCells(piece), 0);
  for (const piece of filler) {
    if (sum >= cells) break;
    const more = expectedCells(piece);
    // A piece that would overshoot by more than it brings nearer is passed over for a smaller one.
    if (sum + more - cells > cells - sum) continue;
    out.push(piece);
    sum += more;
  }
  return out;
}

/** Lays pieces out in shelves, highest first, with gaps between; the same pieces give the same layout. */
export function layOut(pieces: readonly Pick<Piece, "name" | "width" | "height">[]): Layout {
  const sorted = [...pieces].sort((a, b) => b.height - a.height || b.width - a.width || (a.name < b.name ? -1 : 1));
  const area = sorted.reduce((sum, { width, height }) => sum + (width + GAP_PX) * (height + GAP_PX), 0);
  const widest = Math.max(...sorted.map(({ width }) => width)) + GAP_PX;
  const width = Math.max(widest, Math.ceil(Math.sqrt(area)));
  const placements: Placement[] = [];
  let left = 0;
  let top = 0;
  let shelf = 0;
  for (const piece of sorted) {
    if (left > 0 && left + piece.width + GAP_PX > width) {
      top += shelf;
      left = 0;
      shelf = 0;
    }
    placements.push({ name: piece.name, left, top, width: piece.width, height: piece.height });
    left += piece.width + GAP_PX;
    shelf = Math.max(shelf, piece.height + GAP_PX);
  }
  return { width, height: top + shelf, placements };
}

/** Writes the layout as a GeoTIFF with alpha, shelf by shelf, so that memory holds one shelf. */
export async function writeMap(out: string, layout: Layout, pieces: readonly Piece[]): Promise<string> {
  mkdirSync(out, { recursive: true });
  const path = join(out, "map.tif");
  const byName = new Map(pieces.map((piece) => [piece.name, piece]));
  const origin = originOf(layout);
  const pixelSize = { x: PAIRS_GSD_M, y: PAIRS_GSD_M };
  const { width, height } = layout;
  const writer = new GeoTiffWriter(path, {
    width,
    height,
    channels: 4,
    epsg: EPSG,
    origin,
    pixelSize,
    compression: "none",
  });
  try {
    const tops = [...new Set(layout.placements.map(({ top }) => top))];
    for (const [index, top] of tops.entries()) {
      const rows = (tops[index + 1] ?? height) - top;
      const band = new Uint8Array(width * rows * 4);
      for (const { name, left, top: at } of layout.placements) {
        if (at !== top) continue;
        const raster = await byName.get(name)?.load();
        if (raster === undefined) throw new Error(`${name} is in the layout and not among the pieces`);
        for (let y = 0; y < raster.height; y++) {
          for (let x = 0; x < raster.width; x++) {
            const from = (y * raster.width + x) * 3;
            const to = (y * width + left + x) * 4;
            band[to] = raster.data[from] ?? 0;
            band[to + 1] = raster.data[from + 1] ?? 0;
            band[to + 2] = raster.data[from + 2] ?? 0;
            band[to + 3] = 255;
          }
        }
      }
      writer.writeRows(band);
    }
    writer.finish();
  } finally {
    writer.abort();
  }
  return path;
}

/** Places on a layout: from a piece's pixels to the earth, and back to the piece. */
export class MapPlaces {
  private readonly project: Projector = projector(EPSG);
  private readonly byName: ReadonlyMap<string, Placement>;
  private readonly origin: { readonly x: number; readonly y: number };

  constructor(private readonly layout: Layout) {
    this.byName = new Map(layout.placements.map((one) => [one.name, one]));
    this.origin = originOf(layout);
  }

  /** Whether a piece is on the map. */
  has(name: string): boolean {
    return this.byName.has(name);
  }

  /** Place of a point of a piece, in its pixels. Throws an Error when the piece is not on the map. */
  of(name: string, x: number, y: number): { lat_deg: number; lon_deg: number } {
    const placement = this.byName.get(name);
    if (placement === undefined) throw new Error(`${name} is not on the map`);
    return this.project.toLonLat(
      this.origin.x + (placement.left + x) * PAIRS_GSD_M,
      this.origin.y - (placement.top + y) * PAIRS_GSD_M,
    );
  }

  /** Name of the piece that a place lies on; null between pieces. */
  at({ lat_deg, lon_deg }: { lat_deg: number; lon_deg: number }): string | null {
    const { x, y } = this.project.fromLonLat(lon_deg, lat_deg);
    const col = (x - this.origin.x) / PAIRS_GSD_M;
    const row = (this.origin.y - y) / PAIRS_GSD_M;
    const hit = this.layout.placements.find(
      ({ left, top, width, height }) => col >= left && row >= top && col < left + width && row < top + height,
    );
    return hit?.name ?? null;
  }
}

/** The map's middle lies on the zone's central meridian, where grid north is north. */
function originOf({ width, height }: Layout): { x: number; y: number } {
  return { x: 500_000 - (width / 2) * PAIRS_GSD_M, y: 5_280_000 + (height / 2) * PAIRS_GSD_M };
}
