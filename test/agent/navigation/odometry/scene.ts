import type { Frame } from "../../../../agent/vision/frame.js";
import { GroundView } from "../../../../tiles/geometry/ground.js";
import { type Intrinsics, intrinsicsFromHfov } from "../../../../tiles/geometry/intrinsics.js";
import { photographGround } from "../../helpers/ground.js";

/** A small camera with some barrel distortion, tilted a little. */
export const LENS: Intrinsics = { ...intrinsicsFromHfov(320, 240, 60), k1: -0.08, k2: 0.01 };
export const MOUNT = { roll_deg: 0, pitch_deg: 5, yaw_deg: 0 };
export const RIG = { intrinsics: LENS, mount: MOUNT };

/** Where the vehicle is and how it flies; what is not given is level flight at 100 m to the north. */
export interface Pose {
  readonly t_s: number;
  readonly north_m: number;
  readonly east_m: number;
  readonly roll_deg?: number;
  readonly pitch_deg?: number;
  readonly yaw_deg?: number;
  readonly agl_m?: number;
}

/** The frame that the camera takes of the invented ground there, noise and all. */
export function photograph(pose: Pose, reported: Partial<Pose> = {}): Frame {
  const attitudeOf = (p: Partial<Pose>) => ({
    roll_deg: p.roll_deg ?? 0,
    pitch_deg: p.pitch_deg ?? 0,
    yaw_deg: p.yaw_deg ?? 0,
  });
  const view = new GroundView(LENS, { attitude: attitudeOf(pose), mount: MOUNT, agl_m: pose.agl_m ?? 100 });
  const data = photographGround(view, pose.north_m, pose.east_m);
  addNoise(data, Math.round(pose.t_s * 1000));
  return frameOf(pose.t_s, data, { ...pose, ...reported });
}

/** A frame of any picture. */
export function frameOf(t_s: number, data: Uint8Array, pose: Partial<Pose> = {}): Frame {
  return {
    t_us: Math.round(t_s * 1e6),
    image: { kind: "raw", width_px: LENS.width_px, height_px: LENS.height_px, channels: 3, data },
    attitude: { roll_deg: pose.roll_deg ?? 0, pitch_deg: pose.pitch_deg ?? 0, yaw_deg: pose.yaw_deg ?? 0 },
    agl_m: pose.agl_m ?? 100,
    yaw_sigma_deg: 2,
    agl_sigma_m: 3,
  };
}

/** The picture of a frame. */
export function pixelsOf(frame: Frame): Uint8Array {
  if (frame.image.kind !== "raw") throw new Error("not a raw frame");
  return frame.image.data;
}

/** Two levels of noise, in place, the same for the same seed. */
export function addNoise(data: Uint8Array, seed: number): void {
  let state = (seed * 2654435761 + 12345) >>> 0;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = Math.max(0, Math.min(255, (data[i] as number) + (state >>> 29) - 3));
  }
}
