import type { GroundView } from "../../tiles/geometry/ground.js";
import { HeightField } from "./height-field.js";
import type { GroundImage, GroundWindow } from "./imagery.js";
import type { CameraPose } from "./render-frame.js";

/** What is seen above the horizon and beyond the farthest ground. */
export const HAZE: readonly [number, number, number] = [196, 203, 210];
const WALL: readonly [number, number, number] = [168, 160, 149];
const UNKNOWN: readonly [number, number, number] = [0, 0, 0];

interface Level {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Follows the lines of sight of one frame to the ground of a window. */
export class Tracer {
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
        const startX = nx + dx * (1 - top / this.pose.agl_m);
        const startY = ny + dy * (1 - top / this.pose.agl_m);
        const next = (k: number): number => relief.nextNear(k, steps, startX, startY, top, stepX, stepY, drop);
        for (let k = next(0); k <= steps; k = next(k + 1)) {
          const h = top * (1 - k / steps);
          const t = 1 - h / this.pose.agl_m;
          const px = nx + dx * t;
          const py = ny + dy * t;
          const stands = relief.at(px, py);
          if (stands > h && stands > 0.3 && (h > 0.45 * stands || !relief.isCrown(px, py))) {
            // Hit well below its top: from the side. A roof is met where the line comes down to its height.
            side = stands > h + drop + 1;
            const exact = side ? t : 1 - stands / this.pose.agl_m;
            x = nx + dx * exact;
            y = ny + dy * exact;
            break;
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
