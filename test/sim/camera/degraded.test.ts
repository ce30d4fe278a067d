import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { coverLens, type LensCover } from "../../../sim/camera/cover.js";
import { TOWN_NIGHT, toNight } from "../../../sim/camera/night.js";
import { GroundView } from "../../../tiles/geometry/ground.js";
import { intrinsicsFromHfov } from "../../../tiles/geometry/intrinsics.js";

const lens = intrinsicsFromHfov(96, 72, 66);
const count = lens.width_px * lens.height_px;
const level = { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 };
const view = new GroundView(lens, { attitude: level, mount: level, agl_m: 100 });

/** A chequered picture with bright and dark squares of 8 px. */
function chequered(): Uint8Array {
  const rgb = new Uint8Array(count * 3);
  for (let i = 0; i < count; i++) {
    const odd = ((Math.floor(i / lens.width_px) >> 3) + ((i % lens.width_px) >> 3)) & 1;
    rgb.fill(odd === 1 ? 190 : 60, i * 3, i * 3 + 3);
  }
  return rgb;
}

function mean(values: Uint8Array): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

function deviation(values: Uint8Array): number {
  const m = mean(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - m) ** 2, 0) / values.length);
}

describe("toNight", () => {
  const at = (north_m: number, east_m: number, seed = 1): Uint8Array => {
    const rgb = chequered();
    toNight(rgb, lens, view, { north_m, east_m }, TOWN_NIGHT, seed);
    return rgb;
  };

  it("is dark, noisy, and the same for the same seed", () => {
    assert.ok(mean(at(0, 0)) < 0.6 * mean(chequered()));
    assert.deepEqual(at(0, 0), at(0, 0));
    assert.notDeepEqual(at(0, 0, 1), at(0, 0, 2));
  });

  it("has lamps that stand still on the ground: the same light 42 px on is found where the camera went", () => {
    const quiet = { ...TOWN_NIGHT, full_electrons: 1e9, read_electrons: 0 };
    const flat = (north_m: number): Uint8Array => {
      const rgb = new Uint8Array(count * 3).fill(150);
      toNight(rgb, lens, view, { north_m, east_m: 0 }, quiet, 1);
      return rgb;
    };
    const footprint_m = (100 / lens.fx) * 16;
    const here = flat(0);
    const ahead = flat(footprint_m);
    // Flying north by 16 px moves what is seen 16 px down the picture.
    for (let row = 0; row < lens.height_px - 24; row++) {
      const a = here[(row * lens.width_px + 40) * 3] ?? 0;
      const b = ahead[((row + 16) * lens.width_px + 40) * 3] ?? 0;
      assert.ok(Math.abs(a - b) <= 3, `row ${row}: ${a} and ${b}`);
    }
  });
});

describe("coverLens", () => {
  const through = (cover: LensCover, frame: number): Uint8Array => {
    const rgb = chequered();
    coverLens(rgb, lens.width_px, lens.height_px, cover, frame, 9);
    return rgb;
  };

  it("leaves nothing but a dark level and noise under a cap", () => {
    assert.ok(mean(through("cap", 0)) < 12 && deviation(through("cap", 0)) < 4);
  });

  it("leaves blotches that do not move between frames under mud", () => {
    const [a, b] = [through("mud", 1), through("mud", 2)];
    assert.notDeepEqual(a, b);
    const apart = a.reduce((sum, v, i) => sum + Math.abs(v - (b[i] ?? 0)), 0) / a.length;
    assert.ok(apart < 4 && deviation(a) < 0.6 * deviation(chequered()), `${apart}, ${deviation(a)}`);
  });
});
