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

const MOST_LEVELS = 5;
/** Lines of sight that meet things displaced by nearly the same, ground pixels. */
const SAME_PX = 1;

/** How far from their ground points every second pixel of every second row sees, ground pixels: x, y pairs. */
interface Knots {
  readonly cols: number;
  readonly rows: number;
  readonly shift: Float32Array;
}

/** Follows the lines of sight of one frame to the ground of a window. */
export class Tracer {
  private readonly levels: Level[];
  private readonly levelCount: number;
  private readonly relief: HeightField | undefined;
  /** The point below the camera in window pixels (pixel centres at integers). */
  private readonly nx: number;
  private readonly ny: number;
  /** The line of sight that is being followed: its ground point from nadir, the size of its pixel, and what it meets. */
  private dx = 0;
  private dy = 0;
  private footprint = 1;
  private x = 0;
  private y = 0;
  private side = false;

  constructor(
    private readonly ground: GroundImage,
    private readonly window: GroundWindow,
    private readonly view: GroundView,
    private readonly pose: CameraPose,
    tallest_m: number,
    private readonly limit: number,
  ) {
    this.nx = (pose.east_m - window.east_m) / window.gsd_m - 0.5;
    this.ny = (window.north_m - pose.north_m) / window.gsd_m - 0.5;
    this.levels = [{ rgb: ground.rgb, width: window.width_px, height: window.height_px }];
    // Each level is half the last; they are made when the first pixel asks for them, which in most frames none does.
    const smaller = Math.floor(Math.log2(Math.min(window.width_px, window.height_px) / 8)) + 1;
    this.levelCount = Math.max(1, Math.min(MOST_LEVELS, smaller + 1));
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

  /**
   * Paints every pixel.
   *
   * @param every 1: the line of sight of each pixel is followed. 2: of every second one in every second row, and of those
   *   between only where their neighbours meet different things; what is seen then lies half a ground pixel off at most
   */
  trace(rays: Float32Array, width: number, height: number, out: Uint8Array, every: 1 | 2 = 1): void {
    const known = every === 1 || this.relief === undefined ? undefined : this.knots(rays, width, height);
    for (let row = 0; row < height; row++) {
      for (let col = 0; col < width; col++) {
        const i = row * width + col;
        if (!this.aim(rays, i)) {
          put(out, i, HAZE);
          continue;
        }
        if (known === undefined || !this.between(known, row, col)) this.follow();
        this.paint(out, i);
      }
    }
  }

  /** Finds the point of the flat ground that a pixel looks at; false when it looks into the haze. */
  private aim(rays: Float32Array, i: number): boolean {
    const m = this.view.cameraToNed;
    const { agl_m } = this.pose;
    const { gsd_m } = this.window;
    const rx = rays[2 * i] as number;
    const ry = rays[2 * i + 1] as number;
    const down = m[6] * rx + m[7] * ry + m[8];
    if (!(down > 1e-6)) return false;
    const s = agl_m / down;
    const north = (m[0] * rx + m[1] * ry + m[2]) * s;
    const east = (m[3] * rx + m[4] * ry + m[5]) * s;
    const d2 = north * north + east * east;
    if (d2 > this.limit * this.limit) return false;
    this.dx = east / gsd_m;
    this.dy = -north / gsd_m;
    this.footprint = Math.sqrt(d2 + agl_m * agl_m) * (1 / this.view.intrinsics.fx / gsd_m);
    this.x = this.nx + this.dx;
    this.y = this.ny + this.dy;
    this.side = false;
    return true;
  }

  /** Follows the line of sight from above the tallest thing down to the ground point nadir + (dx, dy). */
  private follow(): void {
    const { relief, nx, ny, dx, dy } = this;
    if (relief === undefined) return;
    const top = Math.min(relief.bound(this.x, this.y), this.pose.agl_m * 0.9);
    if (!(top > 0.3)) return;
    const length = (Math.hypot(dx, dy) * top) / this.pose.agl_m;
    const steps = Math.ceil(length / Math.max(1, this.footprint)) + 1;
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
        this.side = stands > h + drop + 1;
        const exact = this.side ? t : 1 - stands / this.pose.agl_m;
        this.x = nx + dx * exact;
        this.y = ny + dy * exact;
        return;
      }
    }
  }

  /** What every second pixel of every second row meets: how far before its ground point; NaN for walls and haze. */
  private knots(rays: Float32Array, width: number, height: number): Knots {
    const cols = (width + 1) >> 1;
    const rows = (height + 1) >> 1;
    const shift = new Float32Array(cols * rows * 2);
    for (let row = 0; row < rows; row++) {
      for (let col = 0; col < cols; col++) {
        const k = (row * cols + col) * 2;
        const seen = this.aim(rays, 2 * row * width + 2 * col);
        if (seen) this.follow();
        shift[k] = seen && !this.side ? this.x - this.nx - this.dx : Number.NaN;
        shift[k + 1] = this.y - this.ny - this.dy;
      }
    }
    return { cols, rows, shift };
  }

  /** Takes what a pixel meets from its neighbours, when they meet the same thing; false when they do not. */
  private between({ cols, rows, shift }: Knots, row: number, col: number): boolean {
    const r0 = row >> 1;
    const c0 = col >> 1;
    const right = (col & 1) === 1 && c0 + 1 < cols ? 2 : 0;
    const below = (row & 1) === 1 && r0 + 1 < rows ? cols * 2 : 0;
    const k = (r0 * cols + c0) * 2;
    const ax = shift[k] as number;
    const bx = shift[k + right] as number;
    const cx = shift[k + below] as number;
    const dx = shift[k + right + below] as number;
    // One comparison with a NaN is false: so is the answer.
    if (!(Math.max(ax, bx, cx, dx) - Math.min(ax, bx, cx, dx) <= SAME_PX)) return false;
    const ay = shift[k + 1] as number;
    const by = shift[k + right + 1] as number;
    const cy = shift[k + below + 1] as number;
    const dy = shift[k + right + below + 1] as number;
    if (!(Math.max(ay, by, cy, dy) - Math.min(ay, by, cy, dy) <= SAME_PX)) return false;
    this.x += (ax + bx + cx + dx) / 4;
    this.y += (ay + by + cy + dy) / 4;
    return true;
  }

  /** Gives a pixel the colour of the place that its line of sight meets. */
  private paint(out: Uint8Array, i: number): void {
    const { x, y, footprint } = this;
    if (this.ground.valid !== undefined && !this.known(x, y)) {
      put(out, i, UNKNOWN);
      return;
    }
    const octave = footprint <= 1.4 ? 0 : Math.min(this.levelCount - 1, Math.round(Math.log2(footprint)));
    const level = this.levels[octave] ?? this.levelAt(octave);
    const k = 1 / 2 ** octave;
    sample(level, (x + 0.5) * k - 0.5, (y + 0.5) * k - 0.5, out, i);
    if (this.side) asWall(out, i);
  }

  private levelAt(octave: number): Level {
    const level = this.levels[octave] ?? halve(this.levelAt(octave - 1));
    this.levels[octave] = level;
    return level;
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
