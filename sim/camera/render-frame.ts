import { GroundView } from "../../tiles/geometry/ground.js";
import type { Intrinsics } from "../../tiles/geometry/intrinsics.js";
import type { EulerAngles } from "../../tiles/geometry/rotation.js";
import { HeightField } from "./height-field.js";
import type { GroundImage, GroundWindow, ImagerySource } from "./imagery.js";
import { rayTable } from "./lens.js";
import { applySensor, type CameraSensor } from "./photometry.js";

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
}

const HAZE: readonly [number, number, number] = [196, 203, 210];
const WALL: readonly [number, number, number] = [168, 160, 149];
const UNKNOWN: readonly [number, number, number] = [0, 0, 0];
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
  const view = new GroundView(lens, { attitude: pose.attitude, mount: camera.mount, agl_m: pose.agl_m });
  const limit = pose.agl_m * (options.farthest_agl ?? 6);
  const window = windowOf(view, pose, imagery, limit, options.finest_gsd_m ?? 0.1);
  const rgb = new Uint8Array(width * height * 3);
  if (window === undefined) {
    for (let i = 0; i < rgb.length; i++) rgb[i] = HAZE[i % 3] ?? 0;
  } else {
    const ground = await imagery.window(window);
    new Tracer(ground, window, view, pose, imagery.tallest_m, limit).trace(rayTable(lens), width, height, rgb);
  }
  applySensor(rgb, lens, camera.sensor ?? {}, options.seed ?? 0);
  return { width, height, rgb };
}

/** The window of ground that the frame needs, on a pixel grid that does not move with the camera. */
function windowOf(
  view: GroundView,
  pose: CameraPose,
  imagery: ImagerySource,
  limit: number,
  finest_gsd_m: number,
): GroundWindow | undefined {
  const { width_px, height_px, fx } = view.intrinsics;
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
  const wanted = Math.max(finest_gsd_m, (nearest / fx) * 0.95);
  // Steps of a quarter octave: a small change of height does not ask for new pixels everywhere.
  let gsd_m = 0.1 * 2 ** (Math.floor(Math.log2(wanted / 0.1) * 4) / 4);
  while (Math.max(n1 - n0, e1 - e0) / gsd_m > LARGEST_WINDOW_PX) gsd_m *= 2 ** 0.25;
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

interface Level {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}

class Tracer {
  private readonly levels: Level[];
  private readonly relief: HeightField | undefined;

  constructor(
    private readonly ground: GroundImage,
    private readonly window: GroundWindow,
    private readonly view: GroundView,
    private readonly pose: CameraPose,
    tallest_m: number,
    private readonly limit: number,
  ) {
    this.levels = [{ rgb: ground.rgb, width: window.width_px, height: window.height_px }];
    for (let last = this.levels[0]; last !== undefined && this.levels.length < 5; last = this.levels.at(-1)) {
      if (last.width < 8 || last.height < 8) break;
      this.levels.push(halve(last));
    }
    if (ground.height_m !== undefined && tallest_m > 0) {
      const radius = Math.hypot(window.width_px, window.height_px);
      const reach = (radius * Math.min(tallest_m, pose.agl_m * 0.9)) / pose.agl_m;
      this.relief = new HeightField(
        ground.height_m,
        ground.crown,
        window.width_px,
        window.height_px,
        Math.min(reach, radius),
      );
    }
  }

  trace(rays: Float32Array, width: number, height: number, out: Uint8Array): void {
    const m = this.view.cameraToNed;
    const { agl_m } = this.pose;
    const { gsd_m } = this.window;
    const limit2 = this.limit * this.limit;
    const footprint = 1 / this.view.intrinsics.fx / gsd_m;
    // Nadir point in window pixels (pixel centres at integers).
    const nx = (this.pose.east_m - this.window.east_m) / gsd_m - 0.5;
    const ny = (this.window.north_m - this.pose.north_m) / gsd_m - 0.5;
    for (let i = 0; i < width * height; i++) {
      const rx = rays[2 * i] as number;
      const ry = rays[2 * i + 1] as number;
      const down = m[6] * rx + m[7] * ry + m[8];
      if (!(down > 1e-6)) {
        put(out, i, HAZE);
        continue;
      }
      const s = agl_m / down;
      const north = (m[0] * rx + m[1] * ry + m[2]) * s;
      const east = (m[3] * rx + m[4] * ry + m[5]) * s;
      const d2 = north * north + east * east;
      if (d2 > limit2) {
        put(out, i, HAZE);
        continue;
      }
      const dx = east / gsd_m;
      const dy = -north / gsd_m;
      const range = Math.sqrt(d2 + agl_m * agl_m);
      this.shade(nx, ny, dx, dy, range * footprint, out, i);
    }
  }

  /** Follows one line of sight from above the tallest thing down to the ground point nadir + (dx, dy). */
  private shade(nx: number, ny: number, dx: number, dy: number, footprint: number, out: Uint8Array, i: number): void {
    const { relief } = this;
    let x = nx + dx;
    let y = ny + dy;
    let side = false;
    if (relief !== undefined) {
      const top = Math.min(relief.bound(x, y), this.pose.agl_m * 0.9);
      if (top > 0.3) {
        const length = (Math.hypot(dx, dy) * top) / this.pose.agl_m;
        const steps = Math.ceil(length / Math.max(1, footprint)) + 1;
        const stepX = (dx * top) / this.pose.agl_m / steps;
        const stepY = (dy * top) / this.pose.agl_m / steps;
        const drop = top / steps;
        for (let k = 0; k <= steps; ) {
          const h = top * (1 - k / steps);
          const t = 1 - h / this.pose.agl_m;
          const px = nx + dx * t;
          const py = ny + dy * t;
          const around = relief.blockTop(px, py);
          if (around > h) {
            const stands = relief.at(px, py);
            if (stands > h && stands > 0.3 && (h > 0.45 * stands || !relief.isCrown(px, py))) {
              // Hit well below its top: from the side. A roof is met where the line comes down to its height.
              side = stands > h + drop + 1;
              const exact = side ? t : 1 - stands / this.pose.agl_m;
              x = nx + dx * exact;
              y = ny + dy * exact;
              break;
            }
            k++;
          } else {
            // Nothing in this block reaches up here: go to where the line leaves the block or sinks to its top.
            k += Math.max(
              1,
              Math.min(relief.stepsInBlock(px, py, stepX, stepY), Math.floor(((h - around) / top) * steps)),
            );
          }
        }
      }
    }
    if (this.ground.valid !== undefined && !this.known(x, y)) {
      put(out, i, UNKNOWN);
      return;
    }
    const octave = footprint <= 1.4 ? 0 : Math.min(this.levels.length - 1, Math.round(Math.log2(footprint)));
    const level = this.levels[octave];
    if (level === undefined) return;
    const k = 1 / 2 ** octave;
    sample(level, (x + 0.5) * k - 0.5, (y + 0.5) * k - 0.5, out, i);
    if (side) asWall(out, i);
  }

  private known(x: number, y: number): boolean {
    const col = Math.round(x);
    const row = Math.round(y);
    const { width_px, height_px } = this.window;
    if (col < 0 || row < 0 || col >= width_px || row >= height_px) return false;
    return this.ground.valid?.[row * width_px + col] === 1;
  }
}

function put(out: Uint8Array, i: number, colour: readonly [number, number, number]): void {
  out[3 * i] = colour[0];
  out[3 * i + 1] = colour[1];
  out[3 * i + 2] = colour[2];
}

/** Turns the colour of a roof's edge into that of the wall below it; leaves keep their green. */
function asWall(out: Uint8Array, i: number): void {
  const r = out[3 * i] as number;
  const g = out[3 * i + 1] as number;
  const b = out[3 * i + 2] as number;
  const plaster = g > r && g > b ? 0 : 0.6;
  for (let c = 0; c < 3; c++) {
    out[3 * i + c] = 0.68 * ((out[3 * i + c] as number) * (1 - plaster) + (WALL[c] ?? 0) * plaster);
  }
}

function sample(level: Level, x: number, y: number, out: Uint8Array, i: number): void {
  const { rgb, width, height } = level;
  const cx = Math.min(width - 1.001, Math.max(0, x));
  const cy = Math.min(height - 1.001, Math.max(0, y));
  const x0 = Math.floor(cx);
  const y0 = Math.floor(cy);
  const fx = cx - x0;
  const fy = cy - y0;
  const a = (y0 * width + x0) * 3;
  const b = a + width * 3;
  for (let c = 0; c < 3; c++) {
    const top = (rgb[a + c] as number) * (1 - fx) + (rgb[a + 3 + c] as number) * fx;
    const bottom = (rgb[b + c] as number) * (1 - fx) + (rgb[b + 3 + c] as number) * fx;
    out[3 * i + c] = top + (bottom - top) * fy + 0.5;
  }
}

/** The same picture at half the size: every pixel the mean of four. */
function halve(level: Level): Level {
  const width = level.width >> 1;
  const height = level.height >> 1;
  const rgb = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    for (let col = 0; col < width; col++) {
      const a = (2 * row * level.width + 2 * col) * 3;
      const b = a + level.width * 3;
      const o = (row * width + col) * 3;
      for (let c = 0; c < 3; c++) {
        rgb[o + c] =
          ((level.rgb[a + c] as number) +
            (level.rgb[a + 3 + c] as number) +
            (level.rgb[b + c] as number) +
            (level.rgb[b + 3 + c] as number) +
            2) >>
          2;
      }
    }
  }
  return { rgb, width, height };
}
