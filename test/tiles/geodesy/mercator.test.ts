import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  flipTileRow,
  lonLatToMercator,
  MERCATOR_HALF_WORLD_M,
  MERCATOR_MAX_LAT_DEG,
  mercatorToLonLat,
  tileAtLonLat,
  tileAtMercator,
  tileBounds,
  tileRange,
  zoomForPixel,
} from "../../../tiles/geodesy/index.js";

test("web mercator's published example: 24°22'54.433\"N 100°20'00\"W (IOGP 7-2)", () => {
  const { x, y } = lonLatToMercator(-100 - 20 / 60, 24 + 22 / 60 + 54.433 / 3600);
  assert.ok(Math.abs(x - -11169055.58) < 0.01);
  assert.ok(Math.abs(y - 2800000.0) < 0.01);
});

test("mercator goes there and back", () => {
  const lon = fc.double({ min: -180, max: 180, noNaN: true });
  const lat = fc.double({ min: -85, max: 85, noNaN: true });
  fc.assert(
    fc.property(lon, lat, (lon_deg, lat_deg) => {
      const { x, y } = lonLatToMercator(lon_deg, lat_deg);
      const back = mercatorToLonLat(x, y);
      assert.ok(Math.abs(back.lon_deg - lon_deg) < 1e-12 * 180 && Math.abs(back.lat_deg - lat_deg) < 1e-10);
    }),
  );
});

test("the mercator world is square", () => {
  const { y } = lonLatToMercator(0, MERCATOR_MAX_LAT_DEG);
  assert.ok(Math.abs(y - MERCATOR_HALF_WORLD_M) < 1e-6);
  assert.ok(Math.abs(MERCATOR_MAX_LAT_DEG - 85.0511287798) < 1e-9);
});

test("known tiles", () => {
  // From the documentation of mercantile: the north-west corner of tile 10/486/332.
  const { west, north } = tileBounds({ z: 10, x: 486, y: 332 });
  const corner = mercatorToLonLat(west, north);
  assert.ok(Math.abs(corner.lon_deg - -9.140625) < 1e-9 && Math.abs(corner.lat_deg - 53.33087298301705) < 1e-9);
  assert.deepEqual(tileAtLonLat(10, -9.14, 53.33), { z: 10, x: 486, y: 332 });
  assert.deepEqual(tileAtLonLat(0, 10, 10), { z: 0, x: 0, y: 0 });
  assert.deepEqual(tileAtMercator(1, 1e9, -1e9), { z: 1, x: 1, y: 1 });
  assert.equal(flipTileRow(3, flipTileRow(3, 5)), 5);
  assert.equal(flipTileRow(1, 0), 1);
});

test("a tile's bounds hold exactly its tile", () => {
  const id = fc.integer({ min: 0, max: 20 }).chain((z) => {
    const number = fc.integer({ min: 0, max: 2 ** z - 1 });
    return fc.record({ z: fc.constant(z), x: number, y: number });
  });
  fc.assert(
    fc.property(id, ({ z, x, y }) => {
      const bounds = tileBounds({ z, x, y });
      const middle = tileAtMercator(z, (bounds.west + bounds.east) / 2, (bounds.south + bounds.north) / 2);
      assert.deepEqual(middle, { z, x, y });
      const inset = (bounds.east - bounds.west) * 1e-3;
      const inner = {
        west: bounds.west + inset,
        east: bounds.east - inset,
        south: bounds.south + inset,
        north: bounds.north - inset,
      };
      assert.deepEqual(tileRange(z, inner), { x_min: x, x_max: x, y_min: y, y_max: y });
    }),
  );
});

test("zooms by pixel size", () => {
  assert.equal(zoomForPixel(0.2985821), 19);
  assert.equal(zoomForPixel(156543), 0);
  assert.equal(zoomForPixel(1e-9), 24);
});
