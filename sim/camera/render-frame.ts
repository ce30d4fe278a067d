import { GroundView } from "../../tiles/geometry/ground.js";
import type { Intrinsics } from "../../tiles/geometry/intrinsics.js";
import type { EulerAngles } from "../../tiles/geometry/rotation.js";
import type { GroundWindow, ImagerySource } from "./imagery.js";
import { rayTable } from "./lens.js";
import { applySensor, type CameraSensor } from "./photometry.js";
import { HAZE, Tracer } from "./tracer.js";

/** A simulated camera: lens, how it is mounted in the body, and what its sensor does to the light. */
export interface CameraModel {
  readonly intrinsics: Intrinsics;
  readonly mount: EulerAngles;
  readonly sensor?: Partial<CameraSensor>;
}

/** Where the camera is: metres from the imagery's reference, height above the flat ground, attitude of the body. */
export interface CameraPose {
  readonly north_m: number;
  readonly east_m: number;
  readonly agl_m: number;
  readonly attitude: EulerAngles;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** three bytes a pixel */
  readonly rgb: Uint8Array;
}

export interface RenderOptions {
  /** decides the noise; the same seed gives the same frame */
  readonly seed?: number;
  /** ground finer than this is not asked for, metres per pixel. Default 0.1 */
  readonly finest_gsd_m?: number;
  /** lines of sight longer than this many heights above ground end in haze. Default 6 */
  readonly farthest_agl?: number;
  /** windows of ground are read in coarser pixels rather than with a longer side than this, pixels. Default 9000 */
  readonly largest_window_px?: number;
  /** 2: lines of sight are followed for every second pixel only, where that hardly changes the frame. Default 1 */
  readonly sights?: 1 | 2;
  /** when the picture is taken, seconds from the start of the flight, for imagery in which something moves. Default 0 */
  readonly t_s?: number;
}

const LARGEST_WINDOW_PX = 9000;

/**
 * Renders what a camera sees.
 *
 * The ground is flat at agl_m below the camera. Where the imagery knows heights, every line of sight is followed to the
 * first roof or crown it meets (relief displacement, so that buildings lean away from the centre); walls take the colour
 * of the roof's edge, darkened, with storeys hinted. Ground farther than a pixel's footprint is read from averaged
 * levels, so that oblique views do not alias.
 */
export async function renderFrame(
  imagery: ImagerySource,
  camera: CameraModel,
  pose: CameraPose,
  options: RenderOptions = {},
): Promise<Frame> {
  const lens = camera.intrinsics;
  const { width_px: width, height_px: height } = lens;
  const view = viewOf(camera, pose);
  const limit = farthest_m(pose, options);
  const window = windowOf(view, pose, imagery, options);
  const rgb = new Uint8Array(width * height * 3);
  if (window === undefined) {
    for (let i = 0; i < rgb.length; i++) rgb[i] = HAZE[i % 3] ?? 0;
  } else {
    const ground = await imagery.window(window, options.t_s ?? 0);
    new Tracer(ground, window, view, pose, imagery.tallest_m, limit).trace(
      rayTable(lens),
      width,
      height,
      rgb,
      options.sights,
    );
  }
  applySensor(rgb, lens, camera.sensor ?? {}, options.seed ?? 0);
  return { width, height, rgb };
}

/** The window of ground that a frame needs: whoever asks the imagery for it beforehand makes the frame quick. */
export function frameWindow(
  camera: CameraModel,
  pose: CameraPose,
  imagery: ImagerySource,
  options: RenderOptions = {},
): GroundWindow | undefined {
  return windowOf(viewOf(camera, pose), pose, imagery, options);
}

function viewOf(camera: CameraModel, pose: CameraPose): GroundView {
  return new GroundView(camera.intrinsics, { attitude: pose.attitude, mount: camera.mount, agl_m: pose.agl_m });
}

function farthest_m(pose: CameraPose, options: RenderOptions): number {
  return pose.agl_m * (options.farthest_agl ?? 6);
}

/** The window of ground that the frame needs, on a pixel grid that does not move with the camera. */
function windowOf(
  view: GroundView,
  pose: CameraPose,
  imagery: ImagerySource,
  options: RenderOptions,
): GroundWindow | undefined {
  const { width_px, height_px, fx } = view.intrinsics;
  const limit = farthest_m(pose, options);
  const largest_px = options.largest_window_px ?? LARGEST_WINDOW_PX;
  let n0 = Infinity;
  let n1 = -Infinity;
  let e0 = Infinity;
  let e1 = -Infinity;
  let nearest = Infinity;
  const steps = 24;
  for (let i = 0; i <= steps; i++) {
    for (let j = 0; j <= steps; j++) {
      const p = view.pixelToGround((i / steps) * (width_px - 1), (j / steps) * (height_px - 1));
      if (p === null) {
        nearest = Math.min(nearest, limit);
        continue;
      }
      const d = Math.hypot(p.north_m, p.east_m);
      const k = d > limit ? limit / d : 1;
      n0 = Math.min(n0, p.north_m * k);
      n1 = Math.max(n1, p.north_m * k);
      e0 = Math.min(e0, p.east_m * k);
      e1 = Math.max(e1, p.east_m * k);
      nearest = Math.min(nearest, Math.hypot(d, pose.agl_m));
    }
  }
  if (!(n1 >= n0)) return undefined;
  // Lines of sight to the ground pass over what stands nearer to the camera, but never beyond the footprint plus nadir.
  if (imagery.tallest_m > 0) {
    const reach = Math.min(1, imagery.tallest_m / pose.agl_m);
    n0 -= Math.max(0, n0) * reach;
    e0 -= Math.max(0, e0) * reach;
    n1 -= Math.min(0, n1) * reach;
    e1 -= Math.min(0, e1) * reach;
  }
  const wanted = Math.max(options.finest_gsd_m ?? 0.1, (nearest / fx) * 0.95);
  // Steps of a quarter octave: a small change of height does not ask for new pixels everywhere.
  let gsd_m = 0.1 * 2 ** (Math.floor(Math.log2(wanted / 0.1) * 4) / 4);
  // Whole octaves: in a turn the size of the window changes from frame to frame, and every level is painted anew.
  while (Math.max(n1 - n0, e1 - e0) / gsd_m > largest_px) gsd_m *= 2;
  const margin = 4;
  const row0 = Math.floor(-(pose.north_m + n1) / gsd_m) - margin;
  const col0 = Math.floor((pose.east_m + e0) / gsd_m) - margin;
  return {
    north_m: -row0 * gsd_m,
    east_m: col0 * gsd_m,
    gsd_m,
    width_px: Math.ceil((e1 - e0) / gsd_m) + 2 * margin + 1,
    height_px: Math.ceil((n1 - n0) / gsd_m) + 2 * margin + 1,
  };
}
