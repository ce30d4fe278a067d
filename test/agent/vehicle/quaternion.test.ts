import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  normalised,
  type Quaternion,
  quaternionFromEuler,
  quaternionProduct,
  quaternionToEuler,
  slerp,
  turned,
} from "../../../agent/vehicle/quaternion.js";
import { eulerToMatrix, wrapDegrees } from "../../../tiles/geometry/rotation.js";

const RAD = Math.PI / 180;
const degrees = (most: number) => fc.double({ min: -most, max: most, noNaN: true });
const attitudes = fc.record({ roll_deg: degrees(179.9), pitch_deg: degrees(89), yaw_deg: degrees(179.9) });

function of({ roll_deg, pitch_deg, yaw_deg }: { roll_deg: number; pitch_deg: number; yaw_deg: number }): Quaternion {
  return quaternionFromEuler(roll_deg * RAD, pitch_deg * RAD, yaw_deg * RAD);
}

/** The angle between two attitudes, degrees. */
function angleBetween(a: Quaternion, b: Quaternion): number {
  const between = quaternionProduct([a[0], -a[1], -a[2], -a[3]], b);
  return (2 * Math.atan2(Math.hypot(between[1], between[2], between[3]), Math.abs(between[0]))) / RAD;
}

describe("quaternions", () => {
  it("mean the same rotation as the Euler angles that they come from and give back", () => {
    fc.assert(
      fc.property(attitudes, (angles) => {
        const back = quaternionToEuler(of(angles));
        const [a, b] = [eulerToMatrix(angles), eulerToMatrix(back)];
        a.forEach((value, i) => {
          assert.ok(Math.abs(value - (b[i] ?? Number.NaN)) < 1e-9);
        });
      }),
    );
  });

  it("slerp turns at a constant rate, the short way, through every wrap", () => {
    fc.assert(
      fc.property(attitudes, attitudes, fc.double({ min: 0, max: 1, noNaN: true }), (from, to, fraction) => {
        const [a, b] = [of(from), of(to)];
        const whole = angleBetween(a, b);
        fc.pre(whole < 179);
        const middle = slerp(a, b, fraction);
        assert.ok(Math.abs(Math.hypot(...middle) - 1) < 1e-12);
        assert.ok(Math.abs(angleBetween(a, middle) - fraction * whole) < 1e-4);
        assert.ok(Math.abs(angleBetween(middle, b) - (1 - fraction) * whole) < 1e-4);
      }),
    );
    const across = quaternionToEuler(
      slerp(of({ roll_deg: 0, pitch_deg: 0, yaw_deg: 170 }), of({ roll_deg: 0, pitch_deg: 0, yaw_deg: -170 }), 0.75),
    );
    assert.ok(Math.abs(wrapDegrees(across.yaw_deg - -175)) < 1e-9);
  });

  it("turning at constant rates is what slerp goes through", () => {
    const rates = fc.tuple(degrees(3), degrees(3), degrees(3));
    fc.assert(
      fc.property(attitudes, rates, (angles, [x, y, z]) => {
        const start = of(angles);
        const end = turned(start, [x, y, z], 0.2);
        assert.ok(angleBetween(turned(start, [x, y, z], 0.1), slerp(start, end, 0.5)) < 1e-5);
        assert.ok(Math.abs(angleBetween(start, end) - (Math.hypot(x, y, z) * 0.2) / RAD) < 1e-5);
      }),
    );
  });

  it("a yaw rate turns the nose to the right", () => {
    const { yaw_deg } = quaternionToEuler(turned(of({ roll_deg: 0, pitch_deg: 0, yaw_deg: 350 }), [0, 0, 1], 0.5));
    assert.ok(Math.abs(wrapDegrees(yaw_deg - (350 + 0.5 / RAD))) < 1e-9);
  });

  it("what is far from length 1 is no attitude", () => {
    assert.equal(normalised([0, 0, 0, 0]), null);
    assert.equal(normalised([Number.NaN, 0, 0, 1]), null);
    assert.equal(normalised([2, 0, 0, 0]), null);
    assert.deepEqual(normalised([0.99, 0, 0, 0]), [1, 0, 0, 0]);
  });
});
