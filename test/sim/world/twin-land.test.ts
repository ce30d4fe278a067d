import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { makeEpoch } from "../../../sim/world/epoch.js";
import { TwinLand } from "../../../sim/world/twin-land.js";
import { World } from "../../../sim/world/world.js";

const world = new World({ seed: 5, size_m: 400, style: { landUse: "suburban" } });
const epoch = makeEpoch(5, 0, 48, { lean_east: 0, lean_north: 0 });
const original = { north_m: 0, east_m: -100 };
const copy = { north_m: 0, east_m: 100 };
const twin = new TwinLand(world, { original, copy, side_m: 80 });
const square = (centre: { north_m: number; east_m: number }, side_m: number, gsd_m = 0.5) => ({
  epoch,
  gsd_m,
  north_m: centre.north_m + side_m / 2,
  east_m: centre.east_m - side_m / 2,
  width_px: side_m / gsd_m,
  height_px: side_m / gsd_m,
});

/** Mean difference of two rasters, levels: the sensor's noise alone gives about two. */
function difference(a: Uint8Array, b: Uint8Array): number {
  assert.equal(a.length, b.length);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs((a[i] ?? 0) - (b[i] ?? 0));
  return sum / a.length;
}

describe("TwinLand", () => {
  it("shows the original's ground where the copy stands, with its heights", () => {
    const there = world.renderWithHeights(square(original, 60));
    const here = twin.renderWithHeights(square(copy, 60));
    assert.ok(difference(there.rgb, here.rgb) < 4);
    assert.deepEqual(here.height_m, there.height_m);
    assert.deepEqual(here.crown, there.crown);
    assert.ok(difference(world.render(square(copy, 60)), here.rgb) > 10, "the place was another before");
  });

  it("leaves the land around the copy, and the original itself, as they were", () => {
    assert.deepEqual(twin.render(square(original, 60)), world.render(square(original, 60)));
    const wide = square(copy, 160);
    const [before, after] = [world.render(wide), twin.render(wide)];
    const at = (raster: Uint8Array, row: number, col: number): number => raster[(row * wide.width_px + col) * 3] ?? 0;
    for (const [row, col] of [
      [10, 10],
      [79, 160],
      [240, 160],
      [160, 79],
      [160, 240],
    ] as const) {
      assert.equal(at(after, row, col), at(before, row, col), `row ${row} col ${col}`);
    }
  });

  it("gives the same pixels whether a window lies on the copy's edge or not", () => {
    const whole = square(copy, 160);
    const half = { ...whole, width_px: whole.width_px / 2 };
    const a = twin.render(whole);
    const b = twin.render(half);
    for (let row = 0; row < half.height_px; row += 13) {
      for (let col = 4; col < half.width_px - 4; col += 7) {
        assert.equal(b[(row * half.width_px + col) * 3], a[(row * whole.width_px + col) * 3], `row ${row} col ${col}`);
      }
    }
  });

  it("paints a near-copy with the epoch it is given", () => {
    const changed = { ...epoch, seed: epoch.seed + 1, change: 0.9 };
    const near = new TwinLand(world, { original, copy, side_m: 80, epochOfCopy: () => changed });
    assert.deepEqual(
      near.renderWithHeights(square(copy, 60)).height_m,
      world.renderWithHeights({ ...square(original, 60), epoch: changed }).height_m,
    );
  });
});
