import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { distance_m, offsetToLonLat } from "../../../tiles/geodesy/index.js";
import { LevelGrid, levelForBbox } from "../../../tiles/pack/level-grid.js";

const map = fc
  .record({
    south: fc.double({ min: -70, max: 70, noNaN: true }),
    west: fc.double({ min: -179, max: 178, noNaN: true }),
    width_m: fc.double({ min: 200, max: 20_000, noNaN: true }),
    height_m: fc.double({ min: 200, max: 20_000, noNaN: true }),
    gsd_m: fc.double({ min: 0.05, max: 3, noNaN: true }),
  })
  .map(({ south, west, width_m, height_m, gsd_m }) => {
    const corner = offsetToLonLat({ lat_deg: south, lon_deg: west }, height_m, width_m);
    const bbox = { south, west, north: corner.lat_deg, east: corner.lon_deg };
    return { bbox, gsd_m, grid: new LevelGrid(levelForBbox(bbox, { level: 0, gsd_m, cell_px: 224, stride_px: 56 })) };
  });

test("a level covers its box with whole features, from the north-west corner", () => {
  fc.assert(
    fc.property(map, ({ bbox, grid }) => {
      const { width_px, height_px } = grid.geometry;
      assert.ok(width_px % 8 === 0 && height_px % 8 === 0);
      const corner = grid.lonLatToPx(bbox.east, bbox.south);
      assert.ok(corner.col_px <= width_px + 0.01 && corner.col_px > width_px - 8.01);
      assert.ok(corner.row_px <= height_px + 0.01 && corner.row_px > height_px - 8.01);
      const origin = grid.pxToLonLat(0, 0);
      assert.ok(Math.abs(origin.lon_deg - bbox.west) < 1e-9 && Math.abs(origin.lat_deg - bbox.north) < 1e-9);
    }),
  );
});

test("pixels go to places and back", () => {
  const share = fc.double({ min: -0.5, max: 1.5, noNaN: true });
  fc.assert(
    fc.property(map, share, share, ({ grid }, u, v) => {
      const at = { col_px: u * grid.geometry.width_px, row_px: v * grid.geometry.height_px };
      const { lon_deg, lat_deg } = grid.pxToLonLat(at.col_px, at.row_px);
      const back = grid.lonLatToPx(lon_deg, lat_deg);
      assert.ok(Math.abs(back.col_px - at.col_px) < 1e-3 && Math.abs(back.row_px - at.row_px) < 1e-3);
      const inside = u >= 0 && v >= 0 && u < 1 && v < 1;
      assert.equal(grid.containsPx(at.col_px, at.row_px), inside);
    }),
  );
});

test("metresPerPx is the ground length of a pixel; the nominal GSD is within 1 % of it in the middle of the map", () => {
  fc.assert(
    fc.property(map, ({ grid, gsd_m }) => {
      const col = grid.geometry.width_px / 2;
      const row = grid.geometry.height_px / 2;
      const middle = grid.pxToLonLat(col, row);
      const { north_m, east_m } = grid.metresPerPx(middle.lat_deg);
      const south_m = distance_m(grid.pxToLonLat(col, row - 50), grid.pxToLonLat(col, row + 50)) / 100;
      const west_m = distance_m(grid.pxToLonLat(col - 50, row), grid.pxToLonLat(col + 50, row)) / 100;
      assert.ok(Math.abs(south_m / north_m - 1) < 1e-5, `${south_m} ${north_m}`);
      assert.ok(Math.abs(west_m / east_m - 1) < 1e-5, `${west_m} ${east_m}`);
      assert.ok(Math.abs(north_m / gsd_m - 1) < 0.01 && Math.abs(east_m / gsd_m - 1) < 0.01);
    }),
  );
});

test("counts of features and blocks include what is partly covered", () => {
  const grid = new LevelGrid({
    level: 0,
    gsd_m: 1,
    lat0_deg: 0,
    x0_merc_m: 0,
    y0_merc_m: 0,
    pixel_merc_m: 1,
    width_px: 513,
    height_px: 512,
    cell_px: 224,
    stride_px: 56,
  });
  assert.deepEqual([grid.feature_cols, grid.feature_rows], [65, 64]);
  assert.deepEqual([grid.block_cols, grid.block_rows], [2, 1]);
  assert.equal(grid.cell_side_m, 224);
});
