import assert from "node:assert/strict";
import { it } from "node:test";
import { HomographyRectifier } from "../../../agent/vision/rectify/homography-rectifier.js";
import { worldImagery } from "../../../sim/camera/imagery.js";
import { renderFrame } from "../../../sim/camera/render-frame.js";
import { makeEpoch, NEUTRAL_SENSOR } from "../../../sim/world/epoch.js";
import { World } from "../../../sim/world/world.js";
import { GroundView } from "../../../tiles/geometry/ground.js";
import { intrinsicsFromHfov } from "../../../tiles/geometry/intrinsics.js";

function correlation(a: number[], b: number[]): number {
  const mean = (v: number[]): number => v.reduce((sum, x) => sum + x, 0) / v.length;
  const ma = mean(a);
  const mb = mean(b);
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    const u = (a[i] ?? 0) - ma;
    const v = (b[i] ?? 0) - mb;
    ab += u * v;
    aa += u * u;
    bb += v * v;
  }
  return ab / Math.sqrt(aa * bb);
}

it("a simulated frame, rectified by the agent with the true pose, is the map again", async () => {
  const world = new World({ seed: 8, size_m: 300, style: { landUse: "suburban" } });
  const epoch = { ...makeEpoch(8, 0), lean_east: 0, lean_north: 0, sensor: NEUTRAL_SENSOR };
  const intrinsics = { ...intrinsicsFromHfov(400, 300, 66), k1: -0.15, k2: 0.04, p1: 0.001 };
  const attitude = { roll_deg: 6, pitch_deg: -4, yaw_deg: 145 };
  const mount = { roll_deg: 0, pitch_deg: 15, yaw_deg: 5 };
  const pose = { north_m: 12.3, east_m: -31.7, agl_m: 90, attitude };
  const frame = await renderFrame(worldImagery(world, epoch, false), { intrinsics, mount }, pose);
  const view = new GroundView(intrinsics, { attitude, mount, agl_m: pose.agl_m });
  const centre = view.pixelToGround(intrinsics.cx, intrinsics.cy);
  assert.ok(centre !== null);
  const gsd_m = 0.4;
  const side_px = 128;
  const query = await new HomographyRectifier().rectify({
    image: { kind: "raw", width_px: frame.width, height_px: frame.height, channels: 3, data: frame.rgb },
    view,
    centre,
    gsd_m,
    side_px,
    hypotheses: [{ heading_deg: 0, scale: 1 }],
    fill: [0, 0, 0],
  });
  const compare = (shiftNorth_m: number, shiftEast_m: number): number => {
    const map = world.render({
      epoch,
      north_m: pose.north_m + centre.north_m + shiftNorth_m + (side_px / 2) * gsd_m,
      east_m: pose.east_m + centre.east_m + shiftEast_m - (side_px / 2) * gsd_m,
      width_px: side_px,
      height_px: side_px,
      gsd_m,
    });
    const a: number[] = [];
    const b: number[] = [];
    for (let i = 0; i < side_px * side_px; i++) {
      if (query.valid[i] !== 1) continue;
      a.push(query.rgb[3 * i + 1] ?? 0);
      b.push(map[3 * i + 1] ?? 0);
    }
    assert.ok(a.length > 0.6 * side_px * side_px);
    return correlation(a, b);
  };
  const here = compare(0, 0);
  assert.ok(here > 0.9, `correlation ${here}`);
  for (const [north, east] of [
    [0.4, 0],
    [-0.4, 0],
    [0, 0.4],
    [0, -0.4],
  ] as const) {
    assert.ok(compare(north, east) < here, `shifted by ${north}, ${east} m it fits better`);
  }
});
