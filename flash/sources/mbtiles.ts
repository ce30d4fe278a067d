import { basename } from "node:path";
import type Database from "better-sqlite3";
import sharp from "sharp";
import { z } from "zod";
import { errorMessage, UserError } from "../../tiles/errors.js";
import {
  flipTileRow,
  mercatorScale,
  mercatorToLonLat,
  tileBounds,
  tileSide_merc_m,
} from "../../tiles/geodesy/index.js";
import { openSqlite } from "../../tiles/sqlite.js";
import type { BlockCache } from "./block-cache.js";
import {
  boxesOverlap,
  type ImagerySource,
  type LonLatBox,
  type MercatorBox,
  type MercatorWindow,
  type Raster,
  windowBox,
} from "./source.js";
import { type BlockView, type PixelMapper, warp } from "./warp.js";

/** Tiles of one zoom that exist, in XYZ numbering, inclusive. */
interface TileRange {
  readonly z: number;
  readonly minX: number;
  readonly maxX: number;
  readonly minY: number;
  readonly maxY: number;
}

const ZoomRow = z.object({ z: z.int().gte(0).lte(30) });
const RangeRow = z.object({
  min_x: z.int().nonnegative(),
  max_x: z.int().nonnegative(),
  min_row: z.int().nonnegative(),
  max_row: z.int().nonnegative(),
});

/** Raster tiles in an MBTiles file (MBTiles 1.3): PNG, JPEG or WebP, square, of one size. */
export class MbtilesSource implements ImagerySource {
  private constructor(
    readonly name: string,
    readonly bbox: LonLatBox,
    readonly extent: MercatorBox,
    readonly nativeGsd_m: number,
    private readonly path: string,
    private readonly db: Database.Database,
    private readonly zooms: readonly TileRange[],
    private readonly tile_px: number,
    private readonly cache: BlockCache,
  ) {}

  /** @throws UserError when the file is not an MBTiles with raster tiles */
  static async open(path: string, cache: BlockCache): Promise<MbtilesSource> {
    const db = openDatabase(path);
    try {
      refuseVectorTiles(db, path);
      const zooms = readZooms(db, path);
      const finest = zooms.at(-1);
      if (finest === undefined) throw new UserError(`${path}: an MBTiles without a single tile`);
      const tile_px = await sizeOfFirstTile(db, finest, path);
      const first = tileBounds({ z: finest.z, x: finest.minX, y: finest.minY });
      const last = tileBounds({ z: finest.z, x: finest.maxX, y: finest.maxY });
      const extent = { minX: first.west, maxY: first.north, maxX: last.east, minY: last.south };
      const southWest = mercatorToLonLat(extent.minX, extent.minY);
      const northEast = mercatorToLonLat(extent.maxX, extent.maxY);
      const bbox = {
        west: southWest.lon_deg,
        south: southWest.lat_deg,
        east: northEast.lon_deg,
        north: northEast.lat_deg,
      };
      const scale = mercatorScale(mercatorToLonLat(0, (extent.minY + extent.maxY) / 2).lat_deg);
      const gsd_m = (tileSide_merc_m(finest.z) / tile_px) * Math.sqrt(scale.north * scale.east);
      return new MbtilesSource(basename(path), bbox, extent, gsd_m, path, db, zooms, tile_px, cache);
    } catch (thrown) {
      db.close();
      throw thrown instanceof UserError
        ? thrown
        : new UserError(`${path}: a damaged MBTiles (${errorMessage(thrown)})`);
    }
  }

  async read(window: MercatorWindow): Promise<Raster | null> {
    if (!boxesOverlap(windowBox(window), this.extent)) return null;
    const range = this.zoomFor(window.pixel_merc_m);
    const pixel_merc_m = tileSide_merc_m(range.z) / this.tile_px;
    const corner = tileBounds({ z: range.z, x: range.minX, y: range.minY });
    const mapper: PixelMapper = (x, y, out) => {
      out[0] = (x - corner.west) / pixel_merc_m;
      out[1] = (corner.north - y) / pixel_merc_m;
    };
    return warp(this.view(range), mapper, window);
  }

  async close(): Promise<void> {
    this.db.close();
  }

  /** The coarsest zoom still at least as fine as asked; the finest there is when none is. */
  private zoomFor(pixel_merc_m: number): TileRange {
    const fine = this.zooms.find((range) => tileSide_merc_m(range.z) / this.tile_px <= pixel_merc_m * 1.01);
    return fine ?? (this.zooms.at(-1) as TileRange);
  }

  private view(range: TileRange): BlockView {
    return {
      width: (range.maxX - range.minX + 1) * this.tile_px,
      height: (range.maxY - range.minY + 1) * this.tile_px,
      blockWidth: this.tile_px,
      blockHeight: this.tile_px,
      block: (bx, by) =>
        this.cache.get(`${this.path}#${range.z}/${bx}/${by}`, () =>
          this.decode(range.z, range.minX + bx, range.minY + by),
        ),
    };
  }

  private async decode(z: number, x: number, y: number): Promise<Uint8Array> {
    const blob = tileBlob(this.db, z, x, y);
    if (blob === null) return new Uint8Array(this.tile_px * this.tile_px * 4);
    try {
      const { data, info } = await sharp(blob, { failOn: "truncated" })
        .toColourspace("srgb")
        .ensureAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      if (info.width !== this.tile_px || info.height !== this.tile_px) {
        throw new Error(`${info.width} x ${info.height} px where the others have ${this.tile_px}`);
      }
      // The warp knows imagery and no imagery, nothing between.
      for (let at = 3; at < data.length; at += 4) data[at] = (data[at] as number) < 128 ? 0 : 255;
      return data;
    } catch (thrown) {
      throw new UserError(`${this.path}: damaged: tile ${z}/${x}/${y} does not decode (${errorMessage(thrown)})`);
    }
  }
}

function openDatabase(path: string): Database.Database {
  try {
    return openSqlite(path, { readonly: true, fileMustExist: true });
  } catch (thrown) {
    throw new UserError(`${path}: cannot be opened as MBTiles (${errorMessage(thrown)})`);
  }
}

function refuseVectorTiles(db: Database.Database, path: string): void {
  const tables = z
    .array(z.string())
    .parse(db.prepare("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").pluck().all());
  if (!tables.includes("tiles")) throw new UserError(`${path}: an SQLite file but no MBTiles: it has no table "tiles"`);
  if (!tables.includes("metadata")) return;
  const format = db.prepare("SELECT value FROM metadata WHERE name = 'format'").pluck().get();
  if (format === "pbf" || format === "mvt") throw vectorTiles(path);
}

function vectorTiles(path: string): UserError {
  return new UserError(
    `${path}: holds vector tiles (a drawn map), not imagery; give an MBTiles of aerial or satellite images (png, jpg or webp)`,
  );
}

function readZooms(db: Database.Database, path: string): TileRange[] {
  const zooms = z
    .array(ZoomRow)
    .parse(db.prepare("SELECT DISTINCT zoom_level AS z FROM tiles ORDER BY zoom_level").all());
  const statement = db.prepare(
    "SELECT min(tile_column) AS min_x, max(tile_column) AS max_x, min(tile_row) AS min_row, max(tile_row) AS max_row FROM tiles WHERE zoom_level = ?",
  );
  return zooms.map(({ z: zoom }) => {
    const row = RangeRow.parse(statement.get(zoom));
    const side = 2 ** zoom;
    if (row.max_x >= side || row.max_row >= side)
      throw new UserError(`${path}: damaged: a tile lies outside the world at zoom ${zoom}`);
    return {
      z: zoom,
      minX: row.min_x,
      maxX: row.max_x,
      minY: flipTileRow(zoom, row.max_row),
      maxY: flipTileRow(zoom, row.min_row),
    };
  });
}

function tileBlob(db: Database.Database, zoom: number, x: number, y: number): Buffer | null {
  const blob: unknown = db
    .prepare("SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?")
    .pluck()
    .get(zoom, x, flipTileRow(zoom, y));
  return Buffer.isBuffer(blob) && blob.length > 0 ? blob : null;
}

async function sizeOfFirstTile(db: Database.Database, range: TileRange, path: string): Promise<number> {
  const blob: unknown = db.prepare("SELECT tile_data FROM tiles WHERE zoom_level = ? LIMIT 1").pluck().get(range.z);
  if (!Buffer.isBuffer(blob)) throw new UserError(`${path}: damaged: a tile without data`);
  let size: { width?: number | undefined; height?: number | undefined };
  try {
    size = await sharp(blob).metadata();
  } catch {
    // Vector tiles are gzip streams or bare protocol buffers.
    throw blob[0] === 0x1f || blob[0] === 0x1a
      ? vectorTiles(path)
      : new UserError(`${path}: its tiles are no images that can be read`);
  }
  const { width, height } = size;
  if (width === undefined || width !== height)
    throw new UserError(`${path}: its tiles are ${width} x ${height} px, not square`);
  return width;
}
