import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ODOMETRY_CONFIG } from "../../../../agent/navigation/odometry/config.js";
import { alongAcross, attitudeCovariance, reliefCovariance } from "../../../../agent/navigation/odometry/covariance.js";

const { noise } = ODOMETRY_CONFIG;
const level = { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 };
const below = { north_m: 0, east_m: 0 };
const offset = fc.record({
  north_m: fc.double({ min: -80, max: 80, noNaN: true }),
  east_m: fc.double({ min: -80, max: 80, noNaN: true }),
});

describe("the covariance of a step", () => {
  test("has the variances along and across that it was made of", () => {
    const variance = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(offset, variance, variance, (direction, along, across) => {
        const { nn, ne, ee } = alongAcross(direction, along, across);
        const length = Math.hypot(direction.north_m, direction.east_m);
        if (length < 1e-6) return;
        const n = direction.north_m / length;
        const e = direction.east_m / length;
        assert.ok(Math.abs(n * n * nn + 2 * n * e * ne + e * e * ee - along) < 1e-9);
        assert.ok(Math.abs(e * e * nn - 2 * n * e * ne + n * n * ee - across) < 1e-9);
      }),
    );
  });

  test("from attitude: right for white errors, less for errors that keep, never too small for a sum of steps", () => {
    const pose = { agl_m: 100, centre: below, attitude_before: level, attitude_now: level };
    const both = 2 * (100 * noise.attitude_sigma_deg * (Math.PI / 180)) ** 2;
    const white = attitudeCovariance({ ...pose, dt_s: 0.1 }, { ...noise, attitude_time_s: 0 });
    assert.ok(Math.abs(white.nn - both) < 1e-9);
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 30, noNaN: true }), fc.integer({ min: 1, max: 50 }), (span_s, steps) => {
        const once = attitudeCovariance({ ...pose, dt_s: span_s }, noise).nn;
        const each = attitudeCovariance({ ...pose, dt_s: span_s / steps }, noise).nn;
        assert.ok(once <= both);
        assert.ok(steps * each >= once - 1e-12);
        if (span_s < 0.2 * noise.attitude_time_s) assert.ok(steps * each < 1.15 * once);
      }),
    );
  });

  test("from attitude grows with tilt, most along it, and in a turn", () => {
    const pose = { dt_s: 0.1, agl_m: 100, attitude_before: level, attitude_now: level };
    const straight = attitudeCovariance({ ...pose, centre: below }, noise);
    const tilted = attitudeCovariance({ ...pose, centre: { north_m: 100, east_m: 0 } }, noise);
    assert.ok(Math.abs(tilted.nn - 4 * straight.nn) < 1e-9);
    assert.ok(Math.abs(tilted.ee - straight.ee) < 1e-9);
    const rolling = attitudeCovariance({ ...pose, centre: below, attitude_now: { ...level, roll_deg: 6 } }, noise);
    assert.ok(rolling.nn > straight.nn);
    const turning = { ...pose, centre: { north_m: 50, east_m: 0 }, attitude_now: { ...level, yaw_deg: 9 } };
    const steady = { ...turning, attitude_now: level };
    assert.ok(attitudeCovariance(turning, noise).ee > attitudeCovariance(steady, noise).ee);
  });

  test("from relief sums, over a straight way from the keyframe, to one scale error", () => {
    fc.assert(
      fc.property(offset, fc.integer({ min: 1, max: 40 }), (end, steps) => {
        const at = (i: number) => ({ north_m: (end.north_m * i) / steps, east_m: (end.east_m * i) / steps });
        let sum = 0;
        for (let i = 0; i < steps; i++) {
          const { nn, ee } = reliefCovariance(at(i), at(i + 1), 100, noise);
          sum += nn + ee;
        }
        const whole = (noise.relief_sigma_m / 100) ** 2 * (end.north_m ** 2 + end.east_m ** 2);
        assert.ok(Math.abs(sum - whole) < 1e-6 * (1 + whole));
      }),
    );
  });
});
