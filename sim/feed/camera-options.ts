import { intrinsicsFromHfov } from "../../tiles/geometry/intrinsics.js";
import { ORDINARY_SENSOR } from "../camera/photometry.js";
import type { CameraModel } from "../camera/render-frame.js";
import type { Options } from "../options.js";

/** The options that describe a camera, with their defaults: an ordinary one that looks straight down. */
export const CAMERA_OPTIONS = {
  width: "640",
  height: "480",
  hfov: "66",
  fx: undefined,
  fy: undefined,
  cx: undefined,
  cy: undefined,
  k1: "0",
  k2: "0",
  p1: "0",
  p2: "0",
  k3: "0",
  "mount-roll": "0",
  "mount-pitch": "0",
  "mount-yaw": "0",
  gain: "1",
  "blur-px": String(ORDINARY_SENSOR.blur_px),
  noise: String(ORDINARY_SENSOR.noise_levels),
  vignetting: String(ORDINARY_SENSOR.vignetting),
} as const;

/** The camera of these options: fx fy cx cy where they are given, else an ideal lens of the field of view. */
export function cameraOf(options: Options): CameraModel {
  const width_px = options.whole("width", 16, 8192);
  const height_px = options.whole("height", 16, 8192);
  const ideal = intrinsicsFromHfov(width_px, height_px, options.number("hfov", 5, 150));
  const own = (name: "fx" | "fy" | "cx" | "cy"): number =>
    options.optional(name) === undefined ? ideal[name] : options.number(name, -16384, 65536);
  return {
    intrinsics: {
      width_px,
      height_px,
      fx: own("fx"),
      fy: own("fy"),
      cx: own("cx"),
      cy: own("cy"),
      k1: options.number("k1", -10, 10),
      k2: options.number("k2", -10, 10),
      p1: options.number("p1", -1, 1),
      p2: options.number("p2", -1, 1),
      k3: options.number("k3", -10, 10),
    },
    mount: {
      roll_deg: options.number("mount-roll", -180, 180),
      pitch_deg: options.number("mount-pitch", -180, 180),
      yaw_deg: options.number("mount-yaw", -360, 360),
    },
    sensor: {
      exposure: options.number("gain", 0.01, 100),
      blur_px: options.number("blur-px", 0, 5),
      noise_levels: options.number("noise", 0, 50),
      vignetting: options.number("vignetting", 0, 1),
    },
  };
}
