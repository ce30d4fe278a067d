import type { Frame } from "../../../../agent/vision/frame.js";
import { GroundView } from "../../../../tiles/geometry/ground.js";
import { type Intrinsics, intrinsicsFromHfov, pixelToRay } from "../../../../tiles/geometry/intrinsics.js";
import { groundColour } from "../../helpers/ground.js";

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
  const data = look(view, (north, east) => groundColour(pose.north_m + north, pose.east_m + east));
  addNoise(data, Math.round(pose.t_s * 1000));
  return frameOf(pose.t_s, data, { ...pose, ...reported });
}

/** Rays of all pixels: the lens is inverted once and not once a frame. */
const RAYS = Array.from({ length: LENS.width_px * LENS.height_px }, (_, i) =>
  pixelToRay(LENS, i % LENS.width_px, Math.floor(i / LENS.width_px)),
);

/** The picture of flat ground, coloured by metres from below the camera. */
function look(
  view: GroundView,
  colour: (north_m: number, east_m: number) => readonly [number, number, number],
): Uint8Array {
  const data = new Uint8Array(RAYS.length * 3);
  const m = view.cameraToNed;
  RAYS.forEach((ray, i) => {
    if (ray === null) return;
    const scale = view.agl_m / (m[6] * ray.x + m[7] * ray.y + m[8]);
    const north = (m[0] * ray.x + m[1] * ray.y + m[2]) * scale;
    const east = (m[3] * ray.x + m[4] * ray.y + m[5]) * scale;
    data.set(colour(north, east), i * 3);
  });
  return data;
}

/** Roofs, 12 m a side and `ROOF_M` high, on two squares of five of a chequered plan. */
export const ROOF_M = 8;
const PLOT_M = 12;

/** The frame of a level camera over a town of flat roofs: what stands high outruns the ground. */
export function photographTown(pose: Pose): Frame {
  const agl_m = pose.agl_m ?? 100;
  const attitude = { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 };
  const view = new GroundView(LENS, { attitude, mount: MOUNT, agl_m });
  const part = (agl_m - ROOF_M) / agl_m;
  const data = look(view, (onGroundNorth, onGroundEast) => {
    const north = pose.north_m + onGroundNorth * part;
    const east = pose.east_m + onGroundEast * part;
    const plot = 2 * Math.floor(north / PLOT_M) + Math.floor(east / PLOT_M);
    const roof = ((plot % 5) + 5) % 5 < 2;
    // Roofs are made of the same stuff as the ground, from elsewhere.
    if (roof) return groundColour(north * 2 + 900, east * 2);
    return groundColour(pose.north_m + onGroundNorth, pose.east_m + onGroundEast);
  });
  addNoise(data, Math.round(pose.t_s * 1000));
  return frameOf(pose.t_s, data, pose);
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
