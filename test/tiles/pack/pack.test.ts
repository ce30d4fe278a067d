import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { UserError } from "../../../tiles/errors.js";
import { distance_m, offsetToLonLat } from "../../../tiles/geodesy/index.js";
import { exactDot } from "../../../tiles/index/dot.js";
import { PackReader } from "../../../tiles/pack/reader.js";
import { verifyPack } from "../../../tiles/pack/verify.js";
import { type FixturePack, random, temporaryFolder, unitVector, writeFixturePack } from "../fixtures.js";

const folder = temporaryFolder();
after(folder.remove);
let pack: FixturePack;
let reader: PackReader;
before(async () => {
  // Large enough for 2 x 2 feature blocks, the last of them partial; two levels.
  pack = await writeFixturePack(join(folder.path, "a.skypack"), { width_m: 350, height_m: 300, gsds_m: [0.5, 1.1] });
  reader = PackReader.open(pack.dir, { expectEncoder: pack.manifest.encoder });
});
after(() => reader.close());

test("a fresh pack verifies, and opens", async () => {
  const seen: number[] = [];
  const report = await verifyPack(pack.dir, (done, total) => seen.push(done / total));
  assert.deepEqual(report.problems, []);
  assert.equal(report.ok, true);
  assert.deepEqual(report.manifest, pack.manifest);
  assert.equal(seen.length, 3);
  assert.equal(seen[2], 1);
  assert.deepEqual(reader.manifest, pack.manifest);
  assert.equal(pack.manifest.counts.cells, pack.cells.length);
  assert.equal(pack.manifest.counts.tiles, pack.tiles.length);
});

test("levels follow each other in the index", () => {
  const [fine, coarse] = pack.manifest.levels;
  assert.ok(fine !== undefined && coarse !== undefined && fine.cells > 0 && coarse.cells > 0);
  assert.equal(fine.index_row0, 0);
  assert.equal(coarse.index_row0, fine.cells);
  assert.equal(reader.cells(0).count + reader.cells(1).count, reader.index.rows);
});

test("every cell is where it was put and has its descriptor", () => {
  for (const [row, cell] of pack.cells.entries()) {
    const centre = reader.cells(cell.level).centre(row);
    assert.equal(centre.col_px, cell.col0_px + 112);
    assert.equal(centre.row_px, cell.row0_px + 112);
    const grid = reader.level(cell.level);
    const px = grid.lonLatToPx(centre.lon_deg, centre.lat_deg);
    assert.ok(Math.abs(px.col_px - centre.col_px) < 1e-4 && Math.abs(px.row_px - centre.row_px) < 1e-4);
    assert.deepEqual(reader.index.row(row), cell.descriptor);
    assert.equal(reader.index.search(cell.descriptor, 1).rows[0], row);
  }
  for (const [row, { level, col0_px, row0_px }] of pack.cells.entries()) {
    assert.equal(reader.cells(level).at(col0_px + 112, row0_px + 112), row);
  }
  const cells = reader.cells(0);
  const { col_px, row_px } = cells.centre(0);
  for (const [right, down] of [
    [1, 0],
    [0, 28],
    [-56, 0],
    [0, -56],
    [56e3, 0],
    [0, 56e3],
  ] as const) {
    assert.equal(cells.at(col_px + right, row_px + down), null, `${right}, ${down}`);
  }
  assert.throws(() => reader.cells(0).centre(reader.cells(0).count), RangeError);
  assert.throws(() => reader.cells(1).centre(0), RangeError);
});

test("cellsWithin gives the cells whose centre is in the circle, of that level only", () => {
  const { bbox } = pack.manifest;
  const middle = { lat_deg: (bbox.south + bbox.north) / 2, lon_deg: (bbox.west + bbox.east) / 2 };
  const shift = fc.double({ min: -400, max: 400, noNaN: true });
  const radius = fc.double({ min: 0, max: 500, noNaN: true });
  fc.assert(
    fc.property(shift, shift, radius, fc.constantFrom(0, 1), (north_m, east_m, radius_m, level) => {
      const place = offsetToLonLat(middle, north_m, east_m);
      const found = reader.cellsWithin(level, place.lat_deg, place.lon_deg, radius_m);
      const cells = reader.cells(level);
      const expected = [];
      for (let row = cells.row0; row < cells.row0 + cells.count; row++) {
        if (distance_m(place, cells.centre(row)) <= radius_m) expected.push(row);
      }
      assert.deepEqual([...found], expected);
    }),
    { numRuns: 100 },
  );
});

test("a search in the cells of an area finds the best of them", () => {
  const { lat_deg, lon_deg } = reader.cells(0).centre(5);
  const subset = reader.cellsWithin(0, lat_deg, lon_deg, 40);
  assert.ok(subset.length > 1 && subset.length < reader.cells(0).count);
  const query = unitVector(pack.manifest.descriptor.width, random(9));
  const best = [...subset].sort((a, b) => exactDot(reader.index.row(b), query) - exactDot(reader.index.row(a), query));
  assert.deepEqual([...reader.index.search(query, 3, { subset }).rows], best.slice(0, 3));
});

test("feature windows cross blocks and the map's edges, where they are zero", () => {
  const { channels } = pack.manifest.features;
  const grid = reader.level(0);
  assert.ok(grid.block_cols === 2 && grid.block_rows === 2);
  const all = pack.features.get(0) as Int8Array;
  const number = (min: number, max: number) => fc.integer({ min, max });
  // A cache of few blocks, so that blocks go and come back.
  const small = PackReader.open(pack.dir, { feature_cache_bytes: 1 });
  fc.assert(
    fc.property(number(-90, 120), number(-90, 120), number(1, 90), number(1, 90), (j0, i0, w, h) => {
      const window = small.featureWindow(0, j0, i0, w, h);
      const expected = new Int8Array(h * w * channels);
      for (let i = 0; i < h; i++) {
        for (let j = 0; j < w; j++) {
          if (i0 + i < 0 || j0 + j < 0 || i0 + i >= grid.feature_rows || j0 + j >= grid.feature_cols) continue;
          const from = ((i0 + i) * grid.feature_cols + j0 + j) * channels;
          expected.set(all.subarray(from, from + channels), (i * w + j) * channels);
        }
      }
      assert.deepEqual(window, expected);
    }),
    { numRuns: 100 },
  );
  small.close();
  assert.throws(() => reader.featureWindow(0, 0.5, 0, 1, 1), RangeError);
  assert.throws(() => reader.featureWindow(0, 0, 0, 0, 1), RangeError);
});

test("tiles come back by XYZ numbers", () => {
  for (const { z, x, y, image } of pack.tiles) assert.deepEqual(reader.tile(z, x, y), image);
  assert.equal(reader.tile(16, 0, 0), null);
  assert.equal(reader.tile(3, 0, 0), null);
});

test("another encoder is refused, with both named", () => {
  const expectEncoder = { id: "other-encoder", sha256: "cd".repeat(32) };
  assert.throws(
    () => PackReader.open(pack.dir, { expectEncoder }),
    (error) =>
      error instanceof UserError &&
      [expectEncoder.id, expectEncoder.sha256, "fixture-encoder", "ab".repeat(32)].every((part) =>
        error.message.includes(part),
      ),
  );
  const sameName = { id: "fixture-encoder", sha256: "cd".repeat(32) };
  assert.throws(() => PackReader.open(pack.dir, { expectEncoder: sameName }), UserError);
});

test("wrong uses of a reader", () => {
  assert.throws(
    () => reader.level(7),
    (error) => error instanceof UserError && /no level 7: it has 0, 1/.test(error.message),
  );
  const closed = PackReader.open(pack.dir);
  closed.close();
  closed.close();
  assert.throws(() => closed.tile(16, 0, 0), /closed/);
  assert.throws(() => closed.index, /closed/);
  assert.throws(() => closed.featureWindow(0, 0, 0, 1, 1), /closed/);
});
