import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type GroundPatch, makePatch } from "../../../../agent/navigation/odometry/patch.js";
import { PhaseCorrelator } from "../../../../agent/navigation/odometry/phase-correlation.js";
import { GroundView } from "../../../../tiles/geometry/ground.js";
import type { EulerAngles } from "../../../../tiles/geometry/rotation.js";
import { photographGround } from "../../helpers/ground.js";
import { LENS, MOUNT } from "./scene.js";

const SIDE = 64;
const GSD_M = 1;

/** The patch around a fixed place of the ground, or as far from it as `off` says. */
function patchFrom(
  attitude: EulerAngles,
  north_m: number,
  east_m: number,
  off = { north_m: 0, east_m: 0 },
): GroundPatch {
  const view = new GroundView(LENS, { attitude, mount: MOUNT, agl_m: 100 });
  const raster = { width: LENS.width_px, height: LENS.height_px, data: photographGround(view, north_m, east_m) };
  return makePatch(raster, view, { north_m: off.north_m - north_m, east_m: off.east_m - east_m }, GSD_M, SIDE);
}

const level = { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 };

describe("a ground patch", () => {
  test("shows the same ground alike from another place and attitude", () => {
    const a = patchFrom(level, 0, 0);
    const b = patchFrom({ roll_deg: 6, pitch_deg: -7, yaw_deg: 70 }, 9, -6);
    let n = 0;
    let same = 0;
    for (let i = 0; i < a.value.length; i++) {
      if (a.valid[i] === 0 || b.valid[i] === 0) continue;
      n++;
      same += Math.abs((a.value[i] as number) - (b.value[i] as number)) < 0.35 ? 1 : 0;
    }
    assert.ok(n > 0.5 * SIDE * SIDE, `${n} pixels are seen by both`);
    assert.ok(same > 0.95 * n, `${same} of ${n} pixels are alike`);
  });

  test("has no contrast where there is nothing to see, and knows what it does not see", () => {
    const view = new GroundView(LENS, { attitude: level, mount: MOUNT, agl_m: 100 });
    const data = new Uint8Array(LENS.width_px * LENS.height_px * 3).fill(90);
    const raster = { width: LENS.width_px, height: LENS.height_px, data };
    const patch = makePatch(raster, view, { north_m: 70, east_m: 0 }, GSD_M, SIDE);
    assert.equal(patch.contrast, 0);
    assert.ok(patch.count > 0 && patch.count < 0.8 * SIDE * SIDE, `${patch.count} pixels`);
    for (let i = 0; i < patch.value.length; i++) if (patch.valid[i] === 0) assert.equal(patch.value[i], 0);
  });

  test("is found again by phase correlation wherever it went", () => {
    const correlator = new PhaseCorrelator(SIDE);
    const a = patchFrom(level, 0, 0);
    for (const [north_m, east_m] of [
      [0, 0],
      [5, -3],
      [-14, 9],
      [20, 12],
    ] as const) {
      const b = patchFrom(level, 0, 0, { north_m, east_m });
      const { peaks, ratio } = correlator.correlate(correlator.spectrum(a), correlator.spectrum(b), 1);
      // What stands in the middle of b stands that far to the north and east in a; rows count to the south.
      assert.deepEqual(peaks, [{ east_px: east_m, south_px: 0 - north_m }]);
      assert.ok(ratio < 0.7, `second peak at ${ratio}`);
    }
  });
});
