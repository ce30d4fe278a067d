import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  apply,
  bodyToNed,
  cameraToBody,
  cameraToNed,
  eulerToMatrix,
  matrixToEuler,
  multiply,
  transpose,
  type Vector3,
  wrapDegrees,
} from "../../../tiles/geometry/rotation.js";

const level = { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 };
const near = (actual: readonly number[], expected: readonly number[]): void => {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    assert.ok(Math.abs(value - (expected[i] ?? Number.NaN)) < 1e-9, `${actual.join(",")} is not ${expected.join(",")}`);
  });
};
const angle = (limit: number) => fc.double({ min: -limit, max: limit, noNaN: true });

test("a body that yaws 90 degrees right has its nose to the east", () => {
  near(apply(bodyToNed({ ...level, yaw_deg: 90 }), [1, 0, 0]), [0, 1, 0]);
});

test("positive pitch lifts the nose, positive roll lowers the right wing", () => {
  const nose = apply(bodyToNed({ ...level, pitch_deg: 30 }), [1, 0, 0]);
  near(nose, [Math.cos(Math.PI / 6), 0, -0.5]);
  const wing = apply(bodyToNed({ ...level, roll_deg: 30 }), [0, 1, 0]);
  near(wing, [0, Math.cos(Math.PI / 6), 0.5]);
});

test("an unrotated mount looks down with the image top towards the nose", () => {
  const m = cameraToBody(level);
  near(apply(m, [0, 0, 1]), [0, 0, 1]);
  near(apply(m, [0, -1, 0]), [1, 0, 0]);
  near(apply(m, [1, 0, 0]), [0, 1, 0]);
});

test("positive mount pitch tilts the optical axis forward", () => {
  near(apply(cameraToBody({ ...level, pitch_deg: 30 }), [0, 0, 1]), [0.5, 0, Math.cos(Math.PI / 6)]);
});

test("a camera turned 90 degrees on an aircraft flying north has its image top to the east", () => {
  near(apply(cameraToNed(level, { ...level, yaw_deg: 90 }), [0, -1, 0]), [0, 1, 0]);
});

test("rotations keep length, and their transpose undoes them", () => {
  fc.assert(
    fc.property(angle(720), angle(720), angle(720), fc.tuple(angle(10), angle(10), angle(10)), (r, p, y, v) => {
      const m = eulerToMatrix({ roll_deg: r, pitch_deg: p, yaw_deg: y });
      const back = apply(transpose(m), apply(m, v as Vector3));
      near(back, v);
    }),
  );
});

test("angles survive the way through the matrix", () => {
  fc.assert(
    fc.property(angle(179.9), angle(89), angle(179.9), (roll_deg, pitch_deg, yaw_deg) => {
      const back = matrixToEuler(eulerToMatrix({ roll_deg, pitch_deg, yaw_deg }));
      assert.ok(Math.abs(back.roll_deg - roll_deg) < 1e-6);
      assert.ok(Math.abs(back.pitch_deg - pitch_deg) < 1e-6);
      assert.ok(Math.abs(back.yaw_deg - yaw_deg) < 1e-6);
    }),
  );
});

test("gimbal lock still gives angles of the same rotation", () => {
  for (const pitch_deg of [90, -90]) {
    const m = eulerToMatrix({ roll_deg: 20, pitch_deg, yaw_deg: 50 });
    near(eulerToMatrix(matrixToEuler(m)), m);
  }
});

test("the matrix product composes rotations", () => {
  const a = eulerToMatrix({ roll_deg: 10, pitch_deg: 20, yaw_deg: 30 });
  const b = eulerToMatrix({ roll_deg: -5, pitch_deg: 7, yaw_deg: 100 });
  near(apply(multiply(a, b), [1, 2, 3]), apply(a, apply(b, [1, 2, 3])));
});

test("angles wrap into [-180, 180)", () => {
  assert.equal(wrapDegrees(180), -180);
  assert.equal(wrapDegrees(-180), -180);
  assert.equal(wrapDegrees(541), -179);
  assert.equal(wrapDegrees(-541), 179);
  assert.equal(wrapDegrees(10), 10);
});
