import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_NAVIGATION_CONFIG } from "../../../agent/navigation/config.js";
import { Estimator } from "../../../agent/navigation/estimator/estimator.js";
import { Movement } from "../../../agent/navigation/movement.js";

const QUARTER = Math.PI / 2;

/** An estimator that knows of a reported heading 90 degrees too small: reported north is true east. */
function turnedByQuarter(): { estimator: Estimator; movement: Movement } {
  const estimator = new Estimator(DEFAULT_NAVIGATION_CONFIG.estimator);
  const cov = { nn: 1, ne: 0, ee: 1 };
  const heading = { offset_deg: 90, sigma_deg: 1 };
  const fix = { t_us: 0, north_m: 0, east_m: 0, white_cov_m2: cov, shared_variance_m2: 1, heading, scale: null };
  estimator.start(fix, 30, heading);
  for (let t = 0; t < 10; t++) {
    const step = { north_m: 10, east_m: 0, cov_ne_m2: { nn: 0.01, ne: 0, ee: 0.01 } };
    estimator.addMotion({ from_t_us: t * 1e6, to_t_us: (t + 1) * 1e6, ...step });
  }
  return { estimator, movement: new Movement(estimator, DEFAULT_NAVIGATION_CONFIG) };
}

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 0.5, `${actual}, expected ${expected}`);
}

test("odometry moves by the offset that is asked for", () => {
  const { movement } = turnedByQuarter();
  const reported = movement.between(2e6, 4e6, 0);
  near(reported.north_m, 20);
  near(reported.east_m, 0);
  near(movement.between(2e6, 4e6, QUARTER).east_m, 20);
  assert.ok(reported.by_heading);
});

test("where odometry is missing the estimator's velocity says the same, for every offset", () => {
  const { movement } = turnedByQuarter();
  const known = movement.between(10e6, 11e6, QUARTER);
  near(known.east_m, 10);
  near(known.north_m, 0);
  const reported = movement.between(10e6, 11e6, 0);
  near(reported.north_m, 10);
  near(reported.east_m, 0);
  assert.ok(reported.by_heading);
});

test("the autopilot's velocity is over ground: no offset turns it", () => {
  const { movement } = turnedByQuarter();
  movement.heard(10.8e6, { north: 3, east: -4 });
  for (const offset_rad of [0, QUARTER]) {
    const moved = movement.between(10e6, 11e6, offset_rad);
    assert.deepEqual([moved.north_m, moved.east_m, moved.by_heading], [3, -4, false]);
  }
});

test("nothing known: the vehicle may be wherever its speed allows", () => {
  const navigation = DEFAULT_NAVIGATION_CONFIG;
  const movement = new Movement(new Estimator(navigation.estimator), navigation);
  const moved = movement.between(0, 2e6, 0);
  assert.deepEqual([moved.north_m, moved.east_m], [0, 0]);
  assert.equal(moved.variance_m2, navigation.integrity.max_speed_mps ** 2);
});
