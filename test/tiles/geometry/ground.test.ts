import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { GroundView } from "../../../tiles/geometry/ground.js";
import { intrinsicsFromHfov } from "../../../tiles/geometry/intrinsics.js";

const ideal = intrinsicsFromHfov(1920, 1080, 66);
const barrel = { ...ideal, k1: -0.12, k2: 0.02, p1: 0.0008, p2: -0.0005, k3: 0.001 };
const level = { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 };
const num = (min: number, max: number) => fc.double({ min, max, noNaN: true });

test("straight down and heading north, the image top is north and the scale is agl / f", () => {
  const view = new GroundView(ideal, { attitude: level, mount: level, agl_m: 100 });
  const top = view.pixelToGround(ideal.cx, ideal.cy - 100);
  assert.ok(top !== null);
  assert.ok(Math.abs(top.north_m - (100 * 100) / ideal.fy) < 1e-9);
  assert.ok(Math.abs(top.east_m) < 1e-9);
  assert.equal(view.offNadirDeg(), 0);
});

test("heading east, the image top is east and its right edge south", () => {
  const view = new GroundView(ideal, { attitude: { ...level, yaw_deg: 90 }, mount: level, agl_m: 100 });
  const top = view.pixelToGround(ideal.cx, ideal.cy - 100);
  const right = view.pixelToGround(ideal.cx + 100, ideal.cy);
  assert.ok(top !== null && right !== null);
  assert.ok(top.east_m > 6 && Math.abs(top.north_m) < 1e-9);
  assert.ok(right.north_m < -6 && Math.abs(right.east_m) < 1e-9);
});

test("nose up and mount pitched forward both move the image centre forward by agl tan(pitch)", () => {
  for (const pose of [
    { attitude: { ...level, pitch_deg: 20 }, mount: level },
    { attitude: level, mount: { ...level, pitch_deg: 20 } },
  ]) {
    const view = new GroundView(ideal, { ...pose, agl_m: 120 });
    const centre = view.pixelToGround(ideal.cx, ideal.cy);
    assert.ok(centre !== null);
    assert.ok(Math.abs(centre.north_m - 120 * Math.tan((20 * Math.PI) / 180)) < 1e-9);
    assert.ok(Math.abs(view.offNadirDeg() - 20) < 1e-9);
  }
});

test("right wing down moves the image centre to the left", () => {
  const view = new GroundView(ideal, { attitude: { ...level, roll_deg: 20 }, mount: level, agl_m: 120 });
  const centre = view.pixelToGround(ideal.cx, ideal.cy);
  assert.ok(centre !== null && centre.east_m < -40);
});

test("a pixel and its point on the ground are each other's inverse", () => {
  fc.assert(
    fc.property(
      num(-25, 25),
      num(-25, 25),
      num(-180, 180),
      num(-20, 40),
      num(10, 3000),
      num(0, 1919),
      num(0, 1079),
      (roll_deg, pitch_deg, yaw_deg, mountPitch, agl_m, px, py) => {
        const view = new GroundView(barrel, {
          attitude: { roll_deg, pitch_deg, yaw_deg },
          mount: { roll_deg: 1, pitch_deg: mountPitch, yaw_deg: -3 },
          agl_m,
        });
        const ground = view.pixelToGround(px, py);
        if (ground === null || Math.hypot(ground.north_m, ground.east_m) > 50 * agl_m) return;
        const back = view.groundToPixel(ground.north_m, ground.east_m);
        assert.ok(back !== null);
        assert.ok(Math.hypot(back.x - px, back.y - py) < 1e-3, `${px},${py} came back as ${back.x},${back.y}`);
      },
    ),
  );
});

test("the ground homography agrees with the projection of an ideal camera", () => {
  const view = new GroundView(ideal, {
    attitude: { roll_deg: 5, pitch_deg: -7, yaw_deg: 40 },
    mount: { roll_deg: 0, pitch_deg: 15, yaw_deg: 0 },
    agl_m: 150,
  });
  const h = view.groundHomography();
  for (const [n, e] of [
    [0, 0],
    [30, -20],
    [-12, 44],
  ] as const) {
    const z = h[6] * n + h[7] * e + h[8];
    const pixel = view.groundToPixel(n, e);
    assert.ok(pixel !== null);
    assert.ok(Math.abs((ideal.fx * (h[0] * n + h[1] * e + h[2])) / z + ideal.cx - pixel.x) < 1e-9);
    assert.ok(Math.abs((ideal.fy * (h[3] * n + h[4] * e + h[5])) / z + ideal.cy - pixel.y) < 1e-9);
  }
});

test("above the horizon there is no ground", () => {
  const view = new GroundView(ideal, { attitude: level, mount: { ...level, pitch_deg: 80 }, agl_m: 100 });
  assert.equal(view.pixelToGround(ideal.cx, 0), null);
  assert.equal(view.sees(-500, 0), false);
  assert.equal(view.sees(100 * Math.tan((80 * Math.PI) / 180), 0), true);
});
