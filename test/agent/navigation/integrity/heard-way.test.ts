import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HeardWay } from "../../../../agent/navigation/integrity/heard-way.js";

test("the way is the velocity's integral, whatever part of it is asked for, and parts add up", () => {
  const way = new HeardWay();
  // Accelerates evenly to the north, flies evenly to the east.
  for (let k = 0; k <= 20; k++) way.heard(k * 250_000, { north: 0.5 * k, east: -3 });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5_000_000 }), { minLength: 3, maxLength: 3 }), (times) => {
      const [a = 0, b = 0, c = 0] = times.sort((x, y) => x - y);
      const whole = way.between(a, c);
      const first = way.between(a, b);
      const second = way.between(b, c);
      assert.ok(whole !== null && first !== null && second !== null);
      assert.ok(Math.abs(whole.north_m - (c ** 2 - a ** 2) / 1e12) < 1e-6);
      assert.ok(Math.abs(whole.east_m + (3 * (c - a)) / 1e6) < 1e-6);
      assert.ok(Math.abs(whole.north_m - first.north_m - second.north_m) < 1e-6);
    }),
  );
});

test("the newest velocity holds for a moment; before the first, after a gap and long after the last nothing is known", () => {
  const way = new HeardWay();
  assert.equal(way.between(0, 1), null);
  for (const t_s of [1, 2]) way.heard(t_s * 1e6, { north: 4, east: 0 });
  assert.deepEqual(way.between(1e6, 3e6), { north_m: 8, east_m: 0 });
  assert.equal(way.between(0.9e6, 2e6), null);
  assert.equal(way.between(1e6, 3.6e6), null);
  way.heard(1.5e6, { north: 100, east: 100 });
  assert.deepEqual(way.between(1e6, 2e6), { north_m: 4, east_m: 0 }, "one that comes late is left out");
  way.heard(8e6, { north: 4, east: 0 });
  assert.equal(way.between(1e6, 8e6), null);
  assert.deepEqual(way.between(8e6, 9e6), { north_m: 4, east_m: 0 });
});
