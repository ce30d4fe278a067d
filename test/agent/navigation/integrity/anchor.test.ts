import assert from "node:assert/strict";
import { test } from "node:test";
import { Anchor } from "../../../../agent/navigation/integrity/anchor.js";

test("it moves with odometry, turned by the heading offset, and its reach grows with the way flown", () => {
  const anchor = new Anchor({ north_m: 0, east_m: 0 }, 20, 0, Math.PI / 2, 0.1, 30);
  anchor.move({ north_m: 100, east_m: 0 }, 10e6);
  assert.ok(Math.abs(anchor.centre.east_m - 100) < 1e-9);
  assert.ok(Math.abs(anchor.reach_m(10e6) - 30) < 1e-9);
  assert.equal(anchor.reaches({ north_m: 25, east_m: 100 }, 10e6, 0), true);
  assert.equal(anchor.reaches({ north_m: 35, east_m: 100 }, 10e6, 0), false);
  assert.equal(anchor.reaches({ north_m: 35, east_m: 100 }, 10e6, 6), true);
});

test("time without odometry lets it be anywhere that the speed allows", () => {
  const anchor = new Anchor({ north_m: 0, east_m: 0 }, 20, 0, 0, 0.1, 30);
  assert.equal(anchor.reach_m(2e6), 80);
  anchor.wait(2e6);
  anchor.wait(1e6);
  assert.equal(anchor.reach_m(2e6), 80);
});
