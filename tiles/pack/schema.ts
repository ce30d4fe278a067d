import Database from "better-sqlite3";
import { errorMessage, UserError } from "../errors.js";
import { openSqlite } from "../sqlite.js";
import type { PackSpec } from "./manifest.js";

/** SQLite's application_id of MBTiles ("MPBX"), by which `file` and viewers recognise it. */
export const MBTILES_APPLICATION_ID = 0x4d504258;

/** The tables of tiles.sqlite. The first two are MBTiles 1.3 to the letter, the rest is the pack's own. */
const TABLES = `
CREATE TABLE metadata (name text, value text);
CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob);
CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row);
CREATE TABLE cells (
  row INTEGER PRIMARY KEY,
  level INTEGER NOT NULL,
  col0_px INTEGER NOT NULL,
  row0_px INTEGER NOT NULL,
  lat_deg REAL NOT NULL,
  lon_deg REAL NOT NULL
);
CREATE UNIQUE INDEX cells_place ON cells (level, row0_px, col0_px);
CREATE VIRTUAL TABLE cells_rtree USING rtree (id, min_lon, max_lon, min_lat, max_lat, min_level, max_level);
CREATE TABLE feature_blocks (
  level INTEGER NOT NULL,
  block_row INTEGER NOT NULL,
  block_col INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (level, block_row, block_col)
) WITHOUT ROWID;
`;

/** In packs with a retriever: what the encoder itself makes of each cell, as int8 that point the descriptor's way. */
const ENCODER_DESCRIPTORS = `
CREATE TABLE encoder_descriptors (
  row INTEGER PRIMARY KEY,
  descriptor BLOB NOT NULL
);
`;

/** Creates tiles.sqlite with its tables and metadata and leaves a transaction open. */
export function createDatabase(path: string, spec: PackSpec, version: number): Database.Database {
  const db = openSqlite(path);
  // No syncing and no journal on disk: the file is worth something only when the whole pack is finished, and is then synced.
  db.pragma("page_size = 4096");
  db.pragma("encoding = 'UTF-8'");
  db.pragma("auto_vacuum = NONE");
  db.pragma("journal_mode = MEMORY");
  db.pragma("synchronous = OFF");
  db.pragma("locking_mode = EXCLUSIVE");
  db.pragma("cache_size = -32768");
  db.pragma(`application_id = ${MBTILES_APPLICATION_ID}`);
  db.pragma(`user_version = ${version}`);
  db.exec("BEGIN");
  db.exec(TABLES);
  if (spec.retriever !== undefined) db.exec(ENCODER_DESCRIPTORS);
  const insert = db.prepare<[string, string]>("INSERT INTO metadata (name, value) VALUES (?, ?)");
  for (const [name, value] of metadataRows(spec)) insert.run(name, value);
  return db;
}

/** The metadata rows: those that MBTiles 1.3 demands and recommends for a raster tileset. */
export function metadataRows(
  spec: Pick<PackSpec, "name" | "tile_format" | "bbox" | "zoom" | "attribution" | "description" | "generator">,
): [string, string][] {
  const { west, south, east, north } = spec.bbox;
  const rows: [string, string][] = [
    ["name", spec.name],
    ["format", spec.tile_format],
    ["bounds", [west, south, east, north].join(",")],
    ["center", [(west + east) / 2, (south + north) / 2, spec.zoom.min].join(",")],
    ["minzoom", String(spec.zoom.min)],
    ["maxzoom", String(spec.zoom.max)],
    ["type", "baselayer"],
    ["version", "1"],
    ["description", spec.description ?? `Imagery of ${spec.name}`],
  ];
  if (spec.attribution !== undefined) rows.push(["attribution", spec.attribution]);
  rows.push(["generator", spec.generator]);
  return rows;
}

/**
 * Opens tiles.sqlite for reading only.
 * @throws UserError when it is not a sound database
 */
export function openDatabase(path: string): Database.Database {
  return asked(path, () => {
    const db = openSqlite(path, { readonly: true, fileMustExist: true });
    try {
      // The first read of the file: SQLite opens anything without a look.
      db.prepare("SELECT count(*) FROM sqlite_master").get();
      return db;
    } catch (thrown) {
      db.close();
      throw thrown;
    }
  });
}

/** Runs a query; SQLite's complaints about the file become UserErrors that name it. */
export function asked<T>(path: string, query: () => T): T {
  try {
    return query();
  } catch (thrown) {
    if (thrown instanceof Database.SqliteError) {
      throw new UserError(`${path} is damaged (SQLite: ${errorMessage(thrown)}): copy the pack again`);
    }
    throw thrown;
  }
}
