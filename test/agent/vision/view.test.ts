import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_VISION_CONFIG } from "../../../agent/vision/config.js";
import type { Frame } from "../../../agent/vision/frame.js";
import { planQuery, rectifiedSide } from "../../../agent/vision/view.js";
import { intrinsicsFromHfov } from "../../../tiles/geometry/intrinsics.js";

const level = { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 };
const rig = { intrinsics: intrinsicsFromHfov(1920, 1080, 66), mount: level };
const LEVELS = [
  { level: 0, gsd_m: 0.15, cell_px: 224 },
  { level: 1, gsd_m: 0.3, cell_px: 224 },
  { level: 2, gsd_m: 0.6, cell_px: 224 },
];
const config = DEFAULT_VISION_CONFIG.view;

function frameAt(agl_m: number, pitch_deg = 0): Frame {
  return {
    t_us: 0,
    image: { kind: "raw", width_px: 1, height_px: 1, channels: 1, data: new Uint8Array(1) },
    attitude: { ...level, pitch_deg },
    agl_m,
    yaw_sigma_deg: 5,
    agl_sigma_m: 5,
  };
}

const plan = (agl_m: number, pitch_deg = 0, levels = LEVELS) =>
  planQuery(frameAt(agl_m, pitch_deg), rig, levels, config);

test("the largest patch that is seen wholly is chosen", () => {
  // The image's height sees 0.73 agl: 33.6 m patches from 46 m, 67.2 m from 92 m, 134.4 m from 184 m.
  for (const [agl_m, expected] of [
    [50, 0],
    [100, 1],
    [250, 2],
    [600, 2],
  ] as const) {
    const chosen = plan(agl_m);
    assert.ok(typeof chosen !== "string", String(chosen));
    assert.equal(chosen.level, expected, `at ${agl_m} m`);
    assert.ok(chosen.visible > 0.85);
  }
});

test("between levels the patch that is seen best is chosen", () => {
  const chosen = plan(36, 0);
  assert.ok(typeof chosen !== "string");
  assert.equal(chosen.level, 0);
  assert.ok(chosen.visible < 0.85 && chosen.visible > 0.5);
});

test("heights that the pack cannot serve are named", () => {
  assert.equal(plan(10), "agl-too-low");
  // A sensor pixel is 0.676 mm per metre of height: at 2000 m it is 1.35 m, more than twice 0.6 m.
  assert.equal(plan(2000), "agl-too-high");
  assert.notEqual(plan(1700), "agl-too-high");
  assert.equal(plan(500, 0, LEVELS.slice(0, 1)), "agl-too-high");
});

test("too much tilt is named, and moves the patch where the camera looks", () => {
  assert.equal(plan(100, 65), "tilt-too-high");
  assert.equal(plan(100, 120), "tilt-too-high");
  const chosen = plan(100, 30);
  assert.ok(typeof chosen !== "string");
  assert.ok(Math.abs(chosen.centre.north_m - 100 * Math.tan(Math.PI / 6)) < 1e-6);
});

test("what the camera sees around the patch is rectified too, where the network and the map's cells allow it", () => {
  const grid = { multiple_px: 16, grid: 4 };
  const side = (agl_m: number, one: { gsd_m: number; cell_px: number }, stride_px: number, encoder = grid) => {
    const chosen = plan(agl_m);
    assert.ok(typeof chosen !== "string");
    return rectifiedSide(chosen, { ...one, stride_px }, encoder, 0.6);
  };
  const [fine = { gsd_m: 0, cell_px: 0 }] = LEVELS;
  // 33.6 m patches; at 50 m the camera sees 65 x 36 m, at 25 m 32 x 18 m.
  assert.equal(side(50, fine, 56), 336);
  assert.equal(side(25, fine, 56), 224);
  assert.equal(side(50, fine, 56, { multiple_px: 32, grid: 4 }), 224);
  assert.equal(side(50, fine, 40), 224);
  assert.equal(side(50, fine, 112), 448);
});
