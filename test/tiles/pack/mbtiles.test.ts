import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type Database from "better-sqlite3";
import { tileBounds } from "../../../tiles/geodesy/index.js";
import { openSqlite } from "../../../tiles/sqlite.js";
import { type FixturePack, temporaryFolder, writeFixturePack } from "../fixtures.js";

// The database through plain SQL, as a viewer that knows MBTiles and nothing of packs sees it.
const folder = temporaryFolder();
after(folder.remove);
let pack: FixturePack;
let db: Database.Database;
before(async () => {
  pack = await writeFixturePack(join(folder.path, "a.skypack"));
  db = openSqlite(join(pack.dir, "tiles.sqlite"), { readonly: true });
});
after(() => db.close());

const columns = (table: string) =>
  (db.pragma(`table_info(${table})`) as { name: string; type: string }[]).map(({ name, type }) => [name, type]);

test("SQLite finds the file sound, and MBTiles' application id in it", () => {
  assert.deepEqual(db.pragma("integrity_check"), [{ integrity_check: "ok" }]);
  assert.equal(db.pragma("application_id", { simple: true }), 0x4d504258);
  assert.equal(db.pragma("encoding", { simple: true }), "UTF-8");
  assert.equal(db.pragma("journal_mode", { simple: true }), "delete");
});

test("the tables are MBTiles 1.3's", () => {
  assert.deepEqual(columns("metadata"), [
    ["name", "TEXT"],
    ["value", "TEXT"],
  ]);
  assert.deepEqual(columns("tiles"), [
    ["zoom_level", "INTEGER"],
    ["tile_column", "INTEGER"],
    ["tile_row", "INTEGER"],
    ["tile_data", "BLOB"],
  ]);
  const index = (db.pragma("index_list(tiles)") as { name: string; unique: number }[])[0];
  assert.equal(index?.unique, 1);
  const indexed = db.pragma(`index_info(${index?.name})`) as { name: string }[];
  assert.deepEqual(
    indexed.map(({ name }) => name),
    ["zoom_level", "tile_column", "tile_row"],
  );
});

test("metadata has the rows that MBTiles 1.3 demands and recommends", () => {
  const rows = db.prepare<[], { name: string; value: string }>("SELECT name, value FROM metadata").all();
  const metadata = new Map(rows.map(({ name, value }) => [name, value]));
  assert.equal(metadata.size, rows.length);
  // MUST
  assert.equal(metadata.get("name"), "fixture");
  assert.equal(metadata.get("format"), "jpg");
  // SHOULD
  const bounds = (metadata.get("bounds") ?? "").split(",").map(Number);
  const { west, south, east, north } = pack.manifest.bbox;
  assert.deepEqual(bounds, [west, south, east, north]);
  const [lon = Number.NaN, lat = Number.NaN, zoom] = (metadata.get("center") ?? "").split(",").map(Number);
  assert.ok(lon > west && lon < east && lat > south && lat < north);
  assert.equal(zoom, 16);
  assert.equal(metadata.get("minzoom"), "16");
  assert.equal(metadata.get("maxzoom"), "18");
  // MAY
  assert.equal(metadata.get("type"), "baselayer");
  assert.match(metadata.get("version") ?? "", /^\d+(\.\d+)*$/);
  assert.equal(metadata.get("description"), "Imagery of fixture");
  assert.equal(metadata.get("attribution"), "nobody: random contents");
});

test("tiles are numbered in TMS: rows from the south", () => {
  const tiles = db
    .prepare<[], { z: number; x: number; y: number; data: Buffer }>(
      "SELECT zoom_level AS z, tile_column AS x, tile_row AS y, tile_data AS data FROM tiles",
    )
    .all();
  assert.equal(tiles.length, pack.tiles.length);
  for (const { z, x, y, data } of tiles) {
    const xyz = { z, x, y: 2 ** z - 1 - y };
    assert.deepEqual(data, pack.tiles.find((tile) => tile.z === z && tile.x === x && tile.y === xyz.y)?.image);
    // The map is at 47 degrees north: a tile taken from the wrong end of the world would be in the south.
    assert.ok(tileBounds(xyz).south > 5_900_000 && tileBounds(xyz).north < 6_100_000);
  }
});

test("cells and cells_rtree answer a plain SQL question", () => {
  const { lat_deg, lon_deg } = db.prepare("SELECT lat_deg, lon_deg FROM cells WHERE row = 7").get() as {
    lat_deg: number;
    lon_deg: number;
  };
  const around = db
    .prepare<number[], number>(
      `SELECT row FROM cells_rtree JOIN cells ON cells.row = cells_rtree.id
         WHERE min_lon <= ? AND max_lon >= ? AND min_lat <= ? AND max_lat >= ? AND min_level = 0`,
    )
    .pluck()
    .all(lon_deg, lon_deg, lat_deg, lat_deg);
  assert.ok(around.includes(7));
  // Cells overlap four times in each direction.
  assert.ok(around.length >= 4 && around.length <= 25, String(around.length));
});
