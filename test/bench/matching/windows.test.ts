import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../../../bench/datasets/raster.js";
import { placeInWindow, SHIFT_PX, windowNear } from "../../../bench/matching/windows.js";
import { LevelGrid, levelForBbox } from "../../../tiles/pack/level-grid.js";

const geometry = levelForBbox(
  { west: 21, south: 47.6, east: 21.05, north: 47.63 },
  { level: 0, gsd_m: 1.5, cell_px: 224, stride_px: 56 },
);
const level = new LevelGrid(geometry);

test("the true place lies within the shift of the window's centre, and its pixel leads back to it", () => {
  const random = seeded(3);
  const place = { lat_deg: 47.615, lon_deg: 21.025 };
  const truth = level.lonLatToPx(place.lon_deg, place.lat_deg);
  for (let k = 0; k < 50; k++) {
    const window = windowNear(level, place, random);
    assert.equal(window.side_px, 288);
    assert.equal(window.col_px % 8, 0);
    const dx = truth.col_px - window.col_px;
    const dy = truth.row_px - window.row_px;
    assert.ok(Math.abs(dx) <= SHIFT_PX + 4 && Math.abs(dy) <= SHIFT_PX + 4);
    // Pixel centres are whole numbers: the middle of the window is at 143.5.
    const back = placeInWindow(level, window, 143.5 + dx, 143.5 + dy);
    assert.ok(Math.abs(back.lat_deg - place.lat_deg) < 1e-9 && Math.abs(back.lon_deg - place.lon_deg) < 1e-9);
  }
});
