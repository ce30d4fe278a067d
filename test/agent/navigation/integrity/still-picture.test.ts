import assert from "node:assert/strict";
import { test } from "node:test";
import { StillPicture } from "../../../../agent/navigation/integrity/still-picture.js";
import { Random } from "../../helpers/random.js";

/** Attitude moves the middle of the picture by some metres; the vehicle moves by `speed_mps`. */
function seen(speed_mps: number, still: boolean, lever_m: number): boolean[] {
  const random = new Random(4);
  const picture = new StillPicture();
  return Array.from({ length: 40 }, (_, k) => {
    const lever = { north_m: random.normal() * lever_m, east_m: random.normal() * lever_m };
    const noise = { north_m: random.normal() * 0.2, east_m: random.normal() * 0.2 };
    const ground = still
      ? noise
      : { north_m: 0.5 * k * speed_mps + lever.north_m + noise.north_m, east_m: lever.east_m + noise.east_m };
    return picture.observe(k * 500_000, ground, lever);
  });
}

test("a picture that shows the same ground under any attitude stands still, noise or not", () => {
  assert.ok(seen(0, true, 2).slice(6).every(Boolean));
});

test("a hovering vehicle's picture wanders with its attitude, a flying one's moves on", () => {
  assert.ok(seen(0, false, 2).every((still) => !still));
  assert.ok(seen(13, false, 2).every((still) => !still));
});

test("where the attitude hardly moves nothing is said, nor before four frames, nor over a long gap", () => {
  assert.ok(seen(0, true, 0.1).every((still) => !still));
  const picture = new StillPicture();
  for (const t_s of [0, 2, 10, 12, 20]) {
    assert.equal(picture.observe(t_s * 1e6, { north_m: 0, east_m: 0 }, { north_m: t_s, east_m: 0 }), false);
  }
});

test("a copter that accelerates is no still picture, though the middle comes back to where it was", () => {
  const height_m = 80;
  const acceleration_mps2 = 2;
  const picture = new StillPicture();
  for (const moving_s of [0, 3.5, 3.75, 3.95]) {
    // It leans forward to accelerate: the camera, fixed to it, looks backwards.
    const lever = { north_m: moving_s > 0 ? (-height_m * acceleration_mps2) / 9.81 : 0, east_m: 0 };
    const ground = { north_m: 0.5 * acceleration_mps2 * moving_s ** 2 + lever.north_m, east_m: 0 };
    assert.equal(picture.observe(moving_s * 1e6, ground, lever), false, `after ${moving_s} s`);
  }
});
