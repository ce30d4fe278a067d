import { z } from "zod";
import { type Intrinsics, pixelToRay } from "../../tiles/geometry/intrinsics.js";
import type { EulerAngles } from "../../tiles/geometry/rotation.js";
import { errorAt, type Place } from "../text/place.js";
import { readToml } from "../text/toml.js";
import type { CameraRig } from "../vision/frame.js";

const finite = z.number();
/** Size of the image and intrinsic parameters, as OpenCV's calibration gives them. */
export const LENS_KEYS = {
  width_px: z.int().min(16).max(65535),
  height_px: z.int().min(16).max(65535),
  fx: finite.positive(),
  fy: finite.positive(),
  cx: finite,
  cy: finite,
  k1: finite.default(0),
  k2: finite.default(0),
  p1: finite.default(0),
  p2: finite.default(0),
  k3: finite.default(0),
};
/** How the camera sits in the body: all zero = looking straight down, image top towards the nose. */
export const MOUNT_SCHEMA = z.strictObject({
  roll_deg: finite.min(-180).max(180).default(0),
  pitch_deg: finite.min(-180).max(180).default(0),
  yaw_deg: finite.min(-360).max(360).default(0),
});
const FlightToml = z.strictObject({
  camera: z.strictObject(LENS_KEYS),
  mount: MOUNT_SCHEMA.default({ roll_deg: 0, pitch_deg: 0, yaw_deg: 0 }),
});

/**
 * Reads flight.toml: `[camera]` width_px height_px fx fy cx cy, and k1 k2 p1 p2 k3 (default 0) of OpenCV's model;
 * `[mount]` roll_deg pitch_deg yaw_deg of the camera in the body (default 0).
 *
 * @throws UserError naming file, line, column; an unknown key comes with the nearest valid one
 */
export function parseFlightToml(text: string, name: string): CameraRig {
  const toml = readToml(text, name, FlightToml);
  const { camera, mount } = toml.data;
  checkLens(camera, toml.place(["camera", "k1"]));
  return { intrinsics: camera, mount: mount satisfies EulerAngles };
}

/**
 * Every corner and edge of the image must have a ray, else nothing there could be rectified.
 *
 * @throws UserError at `place` otherwise
 */
export function checkLens(lens: Intrinsics, place: Place): void {
  const right = lens.width_px - 0.5;
  const bottom = lens.height_px - 0.5;
  const middleX = (lens.width_px - 1) / 2;
  const middleY = (lens.height_px - 1) / 2;
  for (const x of [-0.5, middleX, right]) {
    for (const y of [-0.5, middleY, bottom]) {
      if (pixelToRay(lens, x, y) === null) {
        throw errorAt(
          place,
          `the distortion k1 k2 p1 p2 k3 cannot be inverted at pixel (${x}, ${y}); check the calibration`,
        );
      }
    }
  }
}
