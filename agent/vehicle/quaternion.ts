import { type EulerAngles, type Matrix3, matrixToEuler } from "../../tiles/geometry/rotation.js";

/** A unit quaternion, scalar first, that turns body (FRD) vectors into NED: Hamilton's, as in MAVLink. */
export type Quaternion = readonly [w: number, x: number, y: number, z: number];

/** The quaternion of roll, pitch and yaw in radians (aerospace order Z-Y-X). */
export function quaternionFromEuler(roll: number, pitch: number, yaw: number): Quaternion {
  const [cr, sr] = [Math.cos(roll / 2), Math.sin(roll / 2)];
  const [cp, sp] = [Math.cos(pitch / 2), Math.sin(pitch / 2)];
  const [cy, sy] = [Math.cos(yaw / 2), Math.sin(yaw / 2)];
  return [
    cr * cp * cy + sr * sp * sy,
    sr * cp * cy - cr * sp * sy,
    cr * sp * cy + sr * cp * sy,
    cr * cp * sy - sr * sp * cy,
  ];
}

/** The product a b: first b, then a. */
export function quaternionProduct(a: Quaternion, b: Quaternion): Quaternion {
  return [
    a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
    a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
    a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
    a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
  ];
}

/** The same rotation with length 1; null for what is too far from length 1 to be an attitude. */
export function normalised(q: Quaternion): Quaternion | null {
  const length = Math.hypot(...q);
  if (!(length > 0.9 && length < 1.1)) return null;
  return [q[0] / length, q[1] / length, q[2] / length, q[3] / length];
}

/** The attitude at a share of the way from a to b, along the shortest turn and at a constant rate (slerp). */
export function slerp(a: Quaternion, b: Quaternion, fraction: number): Quaternion {
  let cosine = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
  // q and -q are one attitude: take the one on our side, so that the turn goes the short way round.
  const side = cosine < 0 ? -1 : 1;
  cosine = Math.min(1, Math.abs(cosine));
  const angle = Math.acos(cosine);
  const sine = Math.sin(angle);
  const straight = sine < 1e-6;
  const wa = straight ? 1 - fraction : Math.sin((1 - fraction) * angle) / sine;
  const wb = side * (straight ? fraction : Math.sin(fraction * angle) / sine);
  const mixed: Quaternion = [
    wa * a[0] + wb * b[0],
    wa * a[1] + wb * b[1],
    wa * a[2] + wb * b[2],
    wa * a[3] + wb * b[3],
  ];
  return normalised(mixed) ?? a;
}

/** The attitude after turning at constant body rates (rad/s about x, y, z) for a time. */
export function turned(q: Quaternion, rates: readonly [number, number, number], seconds: number): Quaternion {
  const rate = Math.hypot(...rates);
  const half = (rate * seconds) / 2;
  if (half === 0) return q;
  const s = Math.sin(half) / rate;
  const turn: Quaternion = [Math.cos(half), rates[0] * s, rates[1] * s, rates[2] * s];
  return normalised(quaternionProduct(q, turn)) ?? q;
}

/** Roll, pitch and yaw of an attitude, degrees. */
export function quaternionToEuler([w, x, y, z]: Quaternion): EulerAngles {
  const matrix: Matrix3 = [
    1 - 2 * (y * y + z * z),
    2 * (x * y - w * z),
    2 * (x * z + w * y),
    2 * (x * y + w * z),
    1 - 2 * (x * x + z * z),
    2 * (y * z - w * x),
    2 * (x * z - w * y),
    2 * (y * z + w * x),
    1 - 2 * (x * x + y * y),
  ];
  return matrixToEuler(matrix);
}
