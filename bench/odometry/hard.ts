import { ODOMETRY_CONFIG } from "../../agent/navigation/odometry/config.js";
import { VisualOdometry } from "../../agent/navigation/odometry/odometry.js";
import type { Frame } from "../../agent/vision/frame.js";
import { type ImagerySource, worldImagery } from "../../sim/camera/imagery.js";
import { renderFrame } from "../../sim/camera/render-frame.js";
import { makeEpoch } from "../../sim/world/epoch.js";
import { World } from "../../sim/world/world.js";
import { intrinsicsFromHfov } from "../../tiles/geometry/intrinsics.js";

/** What became of the frames of one hard scene. */
export interface HardFigures {
  readonly frames: number;
  readonly steps: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Over the steps there were: length of the summed error over the way, percent, and the worst step, metres. */
  readonly drift_percent: number | null;
  readonly worst_step_m: number | null;
}

interface Scene {
  readonly imagery: ImagerySource;
  /** Degrees a second, and the bank that goes with it. */
  readonly turn_dps?: number;
  readonly roll_deg?: number;
  /** Length of a horizontal smear, sensor pixels. */
  readonly smear_px?: number;
  /** Radius of a blur in all directions, sensor pixels. */
  readonly blur_px?: number;
  readonly frozen?: boolean;
}

const LENS = intrinsicsFromHfov(640, 360, 66);
const MOUNT = { roll_deg: 0, pitch_deg: 0, yaw_deg: 0 };
const FRAMES = 25;
const RATE_HZ = 10;
const SPEED_MPS = 15;
const AGL_M = 100;

/** Flies every scene with true poses, 25 frames at 10 Hz and 15 m/s. */
export async function hardScenes(seed: number): Promise<Record<string, HardFigures>> {
  const world = new World({ seed, size_m: 600, style: {} });
  const summer = worldImagery(world, makeEpoch(seed, 0, 48, { snow: 0 }));
  const fields = new World({ seed: seed + 1, size_m: 600, style: { landUse: "rural" } });
  const scenes: Record<string, Scene> = {
    "turn at 60°/s, bank 30°": { imagery: summer, turn_dps: 60, roll_deg: 30 },
    "fields under snow": { imagery: worldImagery(fields, makeEpoch(seed + 1, 3, 48, { snow: 1, cloud: 1 })) },
    "still water": { imagery: plain(summer, [52, 74, 88]) },
    "smear of 8 px": { imagery: summer, smear_px: 8 },
    "smear of 40 px": { imagery: summer, smear_px: 40 },
    "out of focus, 12 px": { imagery: summer, blur_px: 12 },
    "frozen camera": { imagery: summer, frozen: true },
  };
  const results: Record<string, HardFigures> = {};
  for (const [name, scene] of Object.entries(scenes)) results[name] = await flyScene(scene, seed);
  return results;
}

async function flyScene(scene: Scene, seed: number): Promise<HardFigures> {
  const config = { ...ODOMETRY_CONFIG, noise: { ...ODOMETRY_CONFIG.noise, attitude_sigma_deg: 0 } };
  const odometry = new VisualOdometry({ intrinsics: LENS, mount: MOUNT }, config);
  const places = new Map<number, { north_m: number; east_m: number }>();
  const refused: Record<string, number> = {};
  const error = { north_m: 0, east_m: 0 };
  let [steps, way_m, worst] = [0, 0, 0];
  let place = { north_m: 0, east_m: -60 };
  let first: Uint8Array | null = null;
  for (let i = 0; i < FRAMES; i++) {
    const t_us = 1_000_000 + (i * 1_000_000) / RATE_HZ;
    const yaw_deg = 30 + ((scene.turn_dps ?? 0) * i) / RATE_HZ;
    const attitude = { roll_deg: scene.roll_deg ?? 2 * Math.sin(i), pitch_deg: 2 * Math.cos(i), yaw_deg };
    const camera = { intrinsics: LENS, mount: MOUNT };
    const picture = await renderFrame(scene.imagery, camera, { ...place, agl_m: AGL_M, attitude }, { seed: seed + i });
    smear(picture.rgb, scene.smear_px ?? 1, 1);
    for (let pass = 0; pass < 3; pass++) {
      smear(picture.rgb, scene.blur_px ?? 1, 1);
      smear(picture.rgb, scene.blur_px ?? 1, LENS.width_px);
    }
    first ??= picture.rgb;
    const data = scene.frozen === true ? first : picture.rgb;
    const image = { kind: "raw", width_px: LENS.width_px, height_px: LENS.height_px, channels: 3, data } as const;
    const frame: Frame = { t_us, image, attitude, agl_m: AGL_M, yaw_sigma_deg: 1, agl_sigma_m: 1 };
    places.set(t_us, place);
    const step = await odometry.observe(frame);
    if (step.refused !== null) refused[step.refused] = (refused[step.refused] ?? 0) + 1;
    else {
      const from = places.get(step.from_t_us) ?? place;
      const off = {
        north: step.north_m - place.north_m + from.north_m,
        east: step.east_m - place.east_m + from.east_m,
      };
      error.north_m += off.north;
      error.east_m += off.east;
      worst = Math.max(worst, Math.hypot(off.north, off.east));
      way_m += Math.hypot(place.north_m - from.north_m, place.east_m - from.east_m);
      steps++;
    }
    const course = (yaw_deg * Math.PI) / 180;
    place = {
      north_m: place.north_m + (Math.cos(course) * SPEED_MPS) / RATE_HZ,
      east_m: place.east_m + (Math.sin(course) * SPEED_MPS) / RATE_HZ,
    };
  }
  const drift_percent = steps === 0 ? null : (100 * Math.hypot(error.north_m, error.east_m)) / way_m;
  return { frames: FRAMES, steps, refused, drift_percent, worst_step_m: steps === 0 ? null : worst };
}

/** One colour everywhere; the sensor's noise is all there is. */
function plain(like: ImagerySource, colour: readonly [number, number, number]): ImagerySource {
  return {
    reference: like.reference,
    tallest_m: 0,
    window: ({ width_px, height_px }) => {
      const rgb = new Uint8Array(width_px * height_px * 3);
      for (let i = 0; i < rgb.length; i++) rgb[i] = colour[i % 3] ?? 0;
      return Promise.resolve({ rgb });
    },
  };
}

/** Mean over `length` pixels that lie `stride` pixels apart, in place; ends see fewer. */
function smear(rgb: Uint8Array, length: number, stride: number): void {
  if (length <= 1) return;
  const source = rgb.slice();
  const before = Math.floor(length / 2);
  for (let i = 0; i < rgb.length; i++) {
    let sum = 0;
    let count = 0;
    for (let k = -before; k < length - before; k++) {
      const value = source[i + k * stride * 3];
      if (value === undefined) continue;
      sum += value;
      count++;
    }
    rgb[i] = sum / count;
  }
}
