import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { slope } from "../../../bench/endurance/slope.js";

test("points on a line give its slope", () => {
  fc.assert(
    fc.property(fc.integer({ min: -100, max: 100 }), fc.integer({ min: -1000, max: 1000 }), (rise, at) => {
      const points = [0, 1, 2, 5, 9, 10].map((x) => ({ x, y: at + rise * x }));
      assert.ok(Math.abs((slope(points) ?? Number.NaN) - rise) < 1e-9);
    }),
  );
});

test("few points, or points at one time, say nothing", () => {
  assert.equal(slope([1, 2, 3, 4].map((x) => ({ x, y: x }))), null);
  assert.equal(slope([1, 2, 3, 4, 5].map((y) => ({ x: 7, y }))), null);
});
