/**
 * Rotations between the frames in use, as 3 x 3 row-major matrices that turn column vectors.
 *
 * - NED: x north, y east, z down, metres.
 * - body: FRD, x forward (nose), y right, z down.
 * - camera: OpenCV, x right in the image, y down in the image, z forward along the optical axis.
 */

/** A 3 x 3 matrix, row-major. */
export type Matrix3 = readonly [number, number, number, number, number, number, number, number, number];
/** A vector of three components. */
export type Vector3 = readonly [number, number, number];

/** Tait-Bryan angles in the aerospace order yaw, pitch, roll (Z-Y-X), degrees. */
export interface EulerAngles {
  readonly roll_deg: number;
  readonly pitch_deg: number;
  readonly yaw_deg: number;
}

const DEG = Math.PI / 180;

/** Rz(yaw) Ry(pitch) Rx(roll): turns a vector of the rotated frame into the parent frame. */
export function eulerToMatrix(angles: EulerAngles): Matrix3 {
  const cr = Math.cos(angles.roll_deg * DEG);
  const sr = Math.sin(angles.roll_deg * DEG);
  const cp = Math.cos(angles.pitch_deg * DEG);
  const sp = Math.sin(angles.pitch_deg * DEG);
  const cy = Math.cos(angles.yaw_deg * DEG);
  const sy = Math.sin(angles.yaw_deg * DEG);
  return [
    cy * cp,
    cy * sp * sr - sy * cr,
    cy * sp * cr + sy * sr,
    sy * cp,
    sy * sp * sr + cy * cr,
    sy * sp * cr - cy * sr,
    -sp,
    cp * sr,
    cp * cr,
  ];
}

/** The angles of a rotation matrix, degrees; pitch in [-90, 90]. In gimbal lock roll is reported as 0. */
export function matrixToEuler(m: Matrix3): EulerAngles {
  const pitch_deg = Math.asin(Math.max(-1, Math.min(1, -m[6]))) / DEG;
  if (Math.abs(m[6]) > 1 - 1e-12) {
    return { roll_deg: 0, pitch_deg, yaw_deg: Math.atan2(-m[1], m[4]) / DEG };
  }
  return { roll_deg: Math.atan2(m[7], m[8]) / DEG, pitch_deg, yaw_deg: Math.atan2(m[3], m[0]) / DEG };
}

/** Turns body (FRD) vectors into NED for the attitude of the body. */
export function bodyToNed(attitude: EulerAngles): Matrix3 {
  return eulerToMatrix(attitude);
}

/** Camera axes in the body when all mount angles are zero: optical axis down, image top (-y) towards the nose. */
const DOWN_LOOKING: Matrix3 = [0, -1, 0, 1, 0, 0, 0, 0, 1];

/**
 * Turns camera (OpenCV) vectors into body vectors. All mount angles zero: looking straight down, image top towards the
 * nose. Positive mount pitch tilts the optical axis forward, positive roll tilts it to the left, yaw turns the image
 * clockwise seen from above.
 */
export function cameraToBody(mount: EulerAngles): Matrix3 {
  return multiply(eulerToMatrix(mount), DOWN_LOOKING);
}

/** Turns camera vectors into NED vectors. */
export function cameraToNed(attitude: EulerAngles, mount: EulerAngles): Matrix3 {
  return multiply(bodyToNed(attitude), cameraToBody(mount));
}

/** Matrix product a b. */
export function multiply(a: Matrix3, b: Matrix3): Matrix3 {
  return [
    a[0] * b[0] + a[1] * b[3] + a[2] * b[6],
    a[0] * b[1] + a[1] * b[4] + a[2] * b[7],
    a[0] * b[2] + a[1] * b[5] + a[2] * b[8],
    a[3] * b[0] + a[4] * b[3] + a[5] * b[6],
    a[3] * b[1] + a[4] * b[4] + a[5] * b[7],
    a[3] * b[2] + a[4] * b[5] + a[5] * b[8],
    a[6] * b[0] + a[7] * b[3] + a[8] * b[6],
    a[6] * b[1] + a[7] * b[4] + a[8] * b[7],
    a[6] * b[2] + a[7] * b[5] + a[8] * b[8],
  ];
}

/** The transpose, which is the inverse of a rotation. */
export function transpose(m: Matrix3): Matrix3 {
  return [m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]];
}

/** Matrix times column vector. */
export function apply(m: Matrix3, v: Vector3): Vector3 {
  return [
    m[0] * v[0] + m[1] * v[1] + m[2] * v[2],
    m[3] * v[0] + m[4] * v[1] + m[5] * v[2],
    m[6] * v[0] + m[7] * v[1] + m[8] * v[2],
  ];
}

/** An angle in degrees brought into [-180, 180). */
export function wrapDegrees(angle_deg: number): number {
  const turned = (angle_deg + 180) % 360;
  return (turned < 0 ? turned + 360 : turned) - 180;
}
