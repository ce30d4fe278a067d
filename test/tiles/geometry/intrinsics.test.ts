import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  distort,
  type Intrinsics,
  insideImage,
  intrinsicsFromHfov,
  maxRadiusSquared,
  pixelToRay,
  rayToPixel,
  undistort,
} from "../../../tiles/geometry/intrinsics.js";

const ideal = intrinsicsFromHfov(1920, 1080, 66);
const lensOf = (k1: number, k2: number, p1: number, p2: number, k3: number): Intrinsics => ({
  ...ideal,
  k1,
  k2,
  p1,
  p2,
  k3,
});
const num = (min: number, max: number) => fc.double({ min, max, noNaN: true });

test("the field of view gives the focal length", () => {
  const left = pixelToRay(ideal, -0.5, ideal.cy);
  assert.ok(left !== null);
  assert.ok(Math.abs((Math.atan(-left.x) * 180) / Math.PI - 33) < 1e-9);
});

test("distortion agrees with OpenCV's formula worked by hand", () => {
  // x = 0.5, y = -0.2: r2 = 0.29; radial = 1 - 0.1*0.29 + 0.02*0.0841 + 0.001*0.024389 = 0.972706389
  const d = distort(lensOf(-0.1, 0.02, 0.003, -0.002, 0.001), 0.5, -0.2);
  // x: 0.4863531945 + 2*0.003*(-0.1) + (-0.002)*(0.29 + 0.5) = 0.4863531945 - 0.0006 - 0.00158
  assert.ok(Math.abs(d.x - 0.4841731945) < 1e-12);
  // y: -0.1945412778 + 0.003*(0.29 + 0.08) + 2*(-0.002)*(-0.1) = -0.1945412778 + 0.00111 + 0.0004
  assert.ok(Math.abs(d.y - -0.1930312778) < 1e-12);
});

test("undistortion undoes distortion inside the one-to-one part of the lens", () => {
  fc.assert(
    fc.property(
      num(-0.35, 0.2),
      num(-0.05, 0.1),
      num(-0.003, 0.003),
      num(-0.003, 0.003),
      num(-0.01, 0.03),
      num(0, 0.8),
      num(-Math.PI, Math.PI),
      (k1, k2, p1, p2, k3, radius, direction) => {
        const lens = lensOf(k1, k2, p1, p2, k3);
        const r = Math.min(radius, 0.85 * Math.sqrt(maxRadiusSquared(lens)));
        const x = r * Math.cos(direction);
        const y = r * Math.sin(direction);
        const d = distort(lens, x, y);
        const back = undistort(lens, d.x, d.y);
        assert.ok(back !== null);
        assert.ok(Math.hypot(back.x - x, back.y - y) < 1e-7, `${x},${y} came back as ${back.x},${back.y}`);
      },
    ),
  );
});

test("a barrel lens folds back: beyond its largest radius nothing is seen", () => {
  const lens = lensOf(-0.3, 0, 0, 0, 0);
  // d/dr (r - 0.3 r^3) = 0 at r^2 = 1/0.9
  assert.ok(Math.abs(maxRadiusSquared(lens) - 1 / 0.9) < 1e-9);
  assert.equal(rayToPixel(lens, 1.2, 0, 1), null);
  assert.notEqual(rayToPixel(lens, 1.0, 0, 1), null);
  assert.equal(undistort(lens, 5, 0), null);
});

test("a lens without distortion never folds", () => {
  assert.equal(maxRadiusSquared(ideal), Number.POSITIVE_INFINITY);
});

test("points behind the camera have no pixel", () => {
  assert.equal(rayToPixel(ideal, 0.1, 0.1, -1), null);
  assert.equal(rayToPixel(ideal, 0.1, 0.1, 0), null);
});

test("the image's area reaches half a pixel beyond the outer pixel centres", () => {
  assert.equal(insideImage(ideal, -0.5, 1079.5), true);
  assert.equal(insideImage(ideal, -0.51, 0), false);
  assert.equal(insideImage(ideal, 0, 1079.51), false);
});
