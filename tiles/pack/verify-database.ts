import type Database from "better-sqlite3";
import { blockBytes, FEATURES_HEADER_BYTES } from "./feature-format.js";
import { imageType } from "./image-type.js";
import { LevelGrid } from "./level-grid.js";
import { DATABASE_VERSION, FEATURE_STRIDE_PX, type LevelManifest, PACK_FILES, type PackManifest } from "./manifest.js";
import { asked, MBTILES_APPLICATION_ID, openDatabase } from "./schema.js";

/** How many single faults of one kind are told. */
const SHOWN = 5;

/**
 * What is wrong with tiles.sqlite: its integrity, its MBTiles metadata, and its rows against pack.json and features.bin.
 * @throws UserError when SQLite cannot read on
 */
export function databaseProblems(path: string, manifest: PackManifest): string[] {
  const db = openDatabase(path);
  try {
    return asked(path, () => {
      const broken = integrityProblems(db);
      // In a broken database every other question is open; its answers would only hide the first finding.
      if (broken.length > 0) return broken;
      return [
        ...metadataProblems(db, manifest),
        ...tileProblems(db, manifest),
        ...cellProblems(db, manifest),
        ...blockProblems(db, manifest),
      ];
    });
  } finally {
    db.close();
  }
}

function integrityProblems(db: Database.Database): string[] {
  const rows = db.pragma(`integrity_check(${SHOWN})`) as { integrity_check: string }[];
  const found = rows.map((row) => row.integrity_check).filter((text) => text !== "ok");
  return found.map((text) => `fails SQLite's integrity check: ${text.replace(/\s*\n\s*/g, "; ")}`);
}

function* metadataProblems(db: Database.Database, manifest: PackManifest): Iterable<string> {
  if (db.pragma("application_id", { simple: true }) !== MBTILES_APPLICATION_ID) yield "has not MBTiles' application_id";
  const version = db.pragma("user_version", { simple: true });
  if (version !== DATABASE_VERSION) yield `has user_version ${version}, it must be ${DATABASE_VERSION}`;
  const { west, south, east, north } = manifest.bbox;
  const expected: Record<string, string | undefined> = {
    name: manifest.name,
    format: undefined,
    bounds: [west, south, east, north].join(","),
    center: undefined,
    minzoom: String(manifest.zoom.min),
    maxzoom: String(manifest.zoom.max),
  };
  const select = db.prepare<[string], string>("SELECT value FROM metadata WHERE name = ?").pluck();
  for (const [name, value] of Object.entries(expected)) {
    const found = select.all(name);
    if (found.length !== 1) yield `has ${found.length} metadata rows "${name}", it must have one`;
    else if (value !== undefined && found[0] !== value) yield `has metadata ${name} "${found[0]}", expected "${value}"`;
  }
}

function* tileProblems(db: Database.Database, { zoom, counts }: PackManifest): Iterable<string> {
  yield* countProblem(db, "tiles", counts.tiles);
  const format = db.prepare<[], string>("SELECT value FROM metadata WHERE name = 'format'").pluck().get();
  const tiles = db.prepare<[], { z: number; x: number; y: number; start: Buffer | null }>(
    "SELECT zoom_level AS z, tile_column AS x, tile_row AS y, substr(tile_data, 1, 12) AS start FROM tiles",
  );
  let told = 0;
  for (const { z, x, y, start } of tiles.iterate()) {
    const name = `tile zoom ${z} column ${x} row ${y}`;
    const side = 2 ** z;
    const inside = z >= zoom.min && z <= zoom.max && x >= 0 && y >= 0 && x < side && y < side;
    const type = start === null ? undefined : imageType(start);
    if (inside && type === format) continue;
    yield inside ? `${name} is ${type ?? "not an image"}, the format is ${format}` : `${name} is outside the zooms`;
    if (++told === SHOWN) return;
  }
}

function* cellProblems(db: Database.Database, manifest: PackManifest): Iterable<string> {
  yield* countProblem(db, "cells", manifest.counts.cells);
  yield* countProblem(db, "cells_rtree", manifest.counts.cells);
  const lost = db
    .prepare<[], number>("SELECT row FROM cells WHERE row NOT IN (SELECT id FROM cells_rtree) LIMIT 1")
    .pluck()
    .get();
  if (lost !== undefined) yield `cell ${lost} is not in cells_rtree`;
  for (const level of manifest.levels) yield* levelCellProblems(db, level);
  if (manifest.retriever !== undefined) yield* descriptorProblems(db, manifest);
}

function* descriptorProblems(db: Database.Database, manifest: PackManifest): Iterable<string> {
  const tables = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'encoder_descriptors'").all();
  if (tables.length === 0) {
    yield "has no table encoder_descriptors, as packs with a retriever must";
    return;
  }
  yield* countProblem(db, "encoder_descriptors", manifest.counts.cells);
  const lost = db
    .prepare<[], number>("SELECT row FROM cells WHERE row NOT IN (SELECT row FROM encoder_descriptors) LIMIT 1")
    .pluck()
    .get();
  if (lost !== undefined) yield `has no encoder's descriptor of cell ${lost}`;
  const widths = db.prepare("SELECT DISTINCT length(descriptor) FROM encoder_descriptors").all();
  if (widths.length > 1) yield "has encoder's descriptors of different lengths";
}

function* levelCellProblems(db: Database.Database, level: LevelManifest): Iterable<string> {
  const grid = new LevelGrid(level);
  const found = db
    .prepare<[number], { n: number; first: number | null; last: number | null }>(
      "SELECT count(*) AS n, min(row) AS first, max(row) AS last FROM cells WHERE level = ?",
    )
    .get(level.level);
  const n = found?.n ?? 0;
  const contiguous = n === 0 || (found?.first === level.index_row0 && found.last === level.index_row0 + n - 1);
  if (n !== level.cells) yield `has ${n} cells of level ${level.level}, pack.json counts ${level.cells}`;
  else if (!contiguous) yield `has cells of level ${level.level} in rows ${found?.first} to ${found?.last}`;
  const strays = db
    .prepare<number[], { row: number }>(
      `SELECT row FROM cells WHERE level = ? AND (col0_px < 0 OR row0_px < 0 OR col0_px > ? OR row0_px > ?
         OR col0_px % ? <> 0 OR row0_px % ? <> 0) LIMIT ${SHOWN}`,
    )
    .all(
      level.level,
      grid.feature_cols * FEATURE_STRIDE_PX - level.cell_px,
      grid.feature_rows * FEATURE_STRIDE_PX - level.cell_px,
      level.stride_px,
      level.stride_px,
    );
  for (const { row } of strays) yield `cell ${row} does not lie on the grid of level ${level.level}`;
}

function* blockProblems(db: Database.Database, manifest: PackManifest): Iterable<string> {
  yield* countProblem(db, "feature_blocks", manifest.counts.feature_blocks);
  const size = blockBytes(manifest.features.channels);
  const end = manifest.files[PACK_FILES.features].bytes;
  const astray = db
    .prepare<number[], { level: number; block_col: number; block_row: number; offset: number; bytes: number }>(
      `SELECT * FROM feature_blocks WHERE bytes <> ? OR offset < ? OR offset + bytes > ? OR (offset - ?) % ? <> 0
         LIMIT ${SHOWN}`,
    )
    .all(size, FEATURES_HEADER_BYTES, end, FEATURES_HEADER_BYTES, size);
  for (const { level, block_col, block_row, offset, bytes } of astray) {
    const where = `block ${block_col},${block_row} of level ${level}`;
    yield `${where} lies at bytes ${offset} to ${offset + bytes} of ${PACK_FILES.features}, which has ${end} bytes ` +
      `in blocks of ${size}`;
  }
  const places = db.prepare<[], number>("SELECT count(DISTINCT offset) FROM feature_blocks").pluck().get();
  if (places !== manifest.counts.feature_blocks) yield `its feature blocks lie at ${places} different places`;
  for (const level of manifest.levels) {
    const { block_cols, block_rows } = new LevelGrid(level);
    const found = db
      .prepare<[number], { n: number; col: number | null; row: number | null }>(
        "SELECT count(*) AS n, max(block_col) AS col, max(block_row) AS row FROM feature_blocks WHERE level = ?",
      )
      .get(level.level);
    if (found?.n !== level.feature_blocks) {
      yield `has ${found?.n} feature blocks of level ${level.level}, pack.json counts ${level.feature_blocks}`;
    }
    if ((found?.col ?? 0) >= block_cols || (found?.row ?? 0) >= block_rows) {
      yield `has feature blocks outside level ${level.level}`;
    }
  }
}

function* countProblem(db: Database.Database, table: string, expected: number): Iterable<string> {
  const found = db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get();
  if (found !== expected) yield `has ${found} rows in ${table}, pack.json counts ${expected}`;
}
