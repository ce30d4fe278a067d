import assert from "node:assert/strict";
import { test } from "node:test";
import {
  footprint,
  footprintSides_m,
  galleryLevels,
  type MapImage,
  tileCentre,
  trueTiles,
} from "../../../../agent/eval/datasets/visloc-geometry.js";

/** One degree of a sphere of 6378137 m, metres. */
const DEG_M = (6378137 * Math.PI) / 180;

/** A map at the equator, half a metre a pixel. */
function mapOf(width_px: number, height_px: number): MapImage {
  const east_deg = (width_px * 0.5) / DEG_M;
  return { width_px, height_px, north_deg: 0, west_deg: 0, south_deg: (-height_px * 0.5) / DEG_M, east_deg };
}

test("the gallery is a half and a quarter of the map, in tiles of 256", () => {
  // ceil(log2(26762 / 256)) = 7: levels 5 and 6.
  assert.deepEqual(galleryLevels(mapOf(9774, 26762)), [
    { zoom: 5, width_px: 2444, height_px: 6691, columns: 10, rows: 27 },
    { zoom: 6, width_px: 4887, height_px: 13381, columns: 20, rows: 53 },
  ]);
  assert.deepEqual(
    galleryLevels(mapOf(512, 300)).map(({ zoom, width_px }) => [zoom, width_px]),
    [[0, 256]],
  );
  assert.deepEqual(galleryLevels(mapOf(256, 256)), []);
});

test("centres of tiles are linear between the corners", () => {
  const map = { width_px: 2048, height_px: 1024, north_deg: 40, west_deg: 100, south_deg: 39, east_deg: 102 };
  const [quarter, half] = galleryLevels(map);
  assert.ok(quarter !== undefined && half !== undefined);
  assert.deepEqual(tileCentre(map, quarter, 0, 0), { lat_deg: 39.5, lon_deg: 100.5 });
  assert.deepEqual(tileCentre(map, half, 3, 1), { lat_deg: 39.25, lon_deg: 101.75 });
});

test("the footprint lies around the frame's place, wide side across the heading", () => {
  const map = mapOf(2048, 2048);
  const level = galleryLevels(map)[1];
  assert.ok(level !== undefined);
  const pose = { lat_deg: -512 / DEG_M, lon_deg: 512 / DEG_M, height_m: 400 };
  const { along_m, across_m } = footprintSides_m(400);
  assert.ok(Math.abs(along_m - 259.93) < 0.01 && Math.abs(across_m - 390.19) < 0.01);
  const extent = (heading_deg: number): [number, number] => {
    const corners = footprint(map, level, { ...pose, heading_deg });
    const spread = (values: number[]): number => Math.max(...values) - Math.min(...values);
    return [spread(corners.map(({ x }) => x)), spread(corners.map(({ y }) => y))];
  };
  // The level has one metre a pixel.
  for (const heading of [0, 180]) {
    const [x, y] = extent(heading);
    assert.ok(Math.abs(x - across_m) < 0.1 && Math.abs(y - along_m) < 0.1);
  }
  const [x, y] = extent(90);
  assert.ok(Math.abs(x - along_m) < 0.1 && Math.abs(y - across_m) < 0.1);
  const corners = footprint(map, level, { ...pose, heading_deg: 30 });
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / 4;
  assert.ok(
    Math.abs(mean(corners.map((c) => c.x)) - 512) < 1e-6 && Math.abs(mean(corners.map((c) => c.y)) - 512) < 1e-6,
  );
  // Heading 30: the foremost corner to the right of the nose lies east of the place.
  const right = corners[1];
  assert.ok(right !== undefined && right.x > 512);
});

test("a tile is true above an intersection over union of 0.39", () => {
  const level = { zoom: 1, width_px: 1024, height_px: 512, columns: 4, rows: 2 };
  const box = (left: number, top: number, side: number) => [
    { x: left, y: top },
    { x: left + side, y: top },
    { x: left + side, y: top + side },
    { x: left, y: top + side },
  ];
  assert.deepEqual(trueTiles(box(256, 0, 256), level), [{ column: 1, row: 0 }]);
  // Shifted by a part s of a side: IoU = (1 - s) / (1 + s), 0.39 at s = 0.4388.
  assert.deepEqual(trueTiles(box(256 + 112, 0, 256), level), [{ column: 1, row: 0 }]);
  assert.deepEqual(trueTiles(box(256 + 113, 0, 256), level), []);
  // Off the map.
  assert.deepEqual(trueTiles(box(-300, 0, 256), level), []);
  assert.deepEqual(trueTiles(box(2000, 900, 256), level), []);
});
