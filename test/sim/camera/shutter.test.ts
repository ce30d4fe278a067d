import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { applyShutter, type Shutter, type ShutterPose } from "../../../sim/camera/shutter.js";
import { GroundView } from "../../../tiles/geometry/ground.js";
import { intrinsicsFromHfov } from "../../../tiles/geometry/intrinsics.js";

const lens = intrinsicsFromHfov(160, 120, 66);
const LEVEL = { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 };

/** Poses 20 ms apart of a camera at 100 m that flies north (up in the picture) or turns. */
function poses(speed_mps: number, yaw_rate_dps = 0): [ShutterPose, ShutterPose] {
  const at = (t_s: number): ShutterPose => ({
    view: new GroundView(lens, { attitude: { ...LEVEL, yaw_deg: yaw_rate_dps * t_s }, mount: LEVEL, agl_m: 100 }),
    north_m: speed_mps * t_s,
    east_m: 0,
  });
  return [at(-0.01), at(0.01)];
}

function shoot(picture: Uint8Array, movement: [ShutterPose, ShutterPose], shutter: Shutter): Uint8Array {
  return applyShutter(picture, lens, ...movement, 20, shutter);
}

function bar(horizontal: boolean): Uint8Array {
  const rgb = new Uint8Array(160 * 120 * 3);
  for (let row = 0; row < 120; row++) {
    for (let col = 0; col < 160; col++) {
      if (Math.abs((horizontal ? row : col) - (horizontal ? 60 : 80)) <= 2)
        rgb.fill(200, (row * 160 + col) * 3, (row * 160 + col) * 3 + 3);
    }
  }
  return rgb;
}

/** Middle and width of what is bright along a column (or, for `row`, along a row). */
function profile(rgb: Uint8Array, at: number, alongRow = false): { middle: number; width: number; sum: number } {
  let sum = 0;
  let moment = 0;
  let width = 0;
  for (let i = 0; i < (alongRow ? 160 : 120); i++) {
    const v = rgb[(alongRow ? at * 160 + i : i * 160 + at) * 3] ?? 0;
    sum += v;
    moment += v * i;
    if (v > 8) width++;
  }
  return { middle: moment / sum, width, sum };
}

describe("applyShutter", () => {
  it("returns the picture itself where nothing takes time", () => {
    const picture = bar(true);
    assert.equal(shoot(picture, poses(50), { exposure_ms: 0, readout_ms: 0 }), picture);
  });

  it("changes nothing while the camera stands still", () => {
    assert.deepEqual(shoot(bar(true), poses(0), { exposure_ms: 20, readout_ms: 30 }), bar(true));
  });

  it("smears along the motion by speed x exposure, about the same middle, and keeps the light", () => {
    // 40 m/s at 100 m: the ground moves fx * 0.4 pixels a second.
    const smeared = profile(shoot(bar(true), poses(40), { exposure_ms: 100, readout_ms: 0 }), 80);
    const sharp = profile(bar(true), 80);
    const length_px = lens.fx * 0.4 * 0.1;
    assert.ok(Math.abs(smeared.middle - sharp.middle) < 0.3);
    assert.ok(Math.abs(smeared.sum / sharp.sum - 1) < 0.02);
    assert.ok(
      Math.abs(smeared.width - sharp.width - length_px) < 2,
      `${smeared.width} of ${sharp.width} + ${length_px}`,
    );
  });

  it("shears by the readout: a bar is seen where its row's moment shows it", () => {
    // Turning right, the ground turns left about the middle; the rows below the middle are later.
    const rolling = shoot(bar(false), poses(0, 90), { exposure_ms: 0, readout_ms: 100 });
    for (const row of [10, 60, 110]) {
      const t_s = ((row + 0.5) / 120 - 0.5) * 0.1;
      const angle = (-90 * t_s * Math.PI) / 180;
      const expected = lens.cx - (row - lens.cy) * Math.sin(angle);
      const { middle } = profile(rolling, row, true);
      assert.ok(Math.abs(middle - expected) < 0.6, `row ${row}: ${middle} instead of ${expected}`);
    }
  });
});
