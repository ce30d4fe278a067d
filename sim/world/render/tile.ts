import type { Noise } from "../noise.js";
import type { Point } from "../plane.js";

/** The colour a shader has just computed: linear light reflected, 1 = a white sheet in full sun on flat ground. */
export const ink = { r: 0, g: 0, b: 0 };

interface Octave {
  readonly plane: "big" | "mid" | "small" | "fine";
  readonly wavelength_m: number;
  readonly amplitude: number;
  readonly shearX: number;
  readonly shearY: number;
  readonly offset: number;
}

const OCTAVES: readonly Octave[] = [
  { plane: "big", wavelength_m: 97.3, amplitude: 0.62, shearX: 0, shearY: 0, offset: 0 },
  { plane: "big", wavelength_m: 36.7, amplitude: 0.45, shearX: 0.1, shearY: 0, offset: 11.3 },
  { plane: "mid", wavelength_m: 13.1, amplitude: 0.62, shearX: 0.37, shearY: 0, offset: 31 },
  { plane: "mid", wavelength_m: 5.3, amplitude: 0.5, shearX: -0.22, shearY: 0, offset: 8.7 },
  { plane: "small", wavelength_m: 2.1, amplitude: 0.62, shearX: 0, shearY: 0.31, offset: 0.4 },
  { plane: "small", wavelength_m: 0.93, amplitude: 0.55, shearX: 0, shearY: -0.4, offset: 3.3 },
  { plane: "fine", wavelength_m: 0.41, amplitude: 0.7, shearX: 0.2, shearY: 0, offset: 17.9 },
  { plane: "fine", wavelength_m: 0.19, amplitude: 0.6, shearX: 0, shearY: 0.13, offset: 5.1 },
];

/**
 * Working raster of one window: linear colour, height of the visible surface, and the upper limit of the shadow above
 * every pixel. Row 0 is the north edge. Four shared noise planes give every material its texture without new samples;
 * octaves finer than two pixels are faded out, so that coarse images do not alias.
 */
export class Tile {
  readonly r: Float32Array;
  readonly g: Float32Array;
  readonly b: Float32Array;
  /** height of what is seen, metres above ground */
  readonly z: Float32Array;
  /** 1 where what is seen is a crown, which light and sight pass below */
  readonly crown: Uint8Array;
  /** top of the shadow volume, metres above ground; 0 = none */
  readonly shadow: Float32Array;
  /** how much of the sun that volume takes, 0..1 */
  readonly shade: Float32Array;
  readonly big: Float32Array;
  readonly mid: Float32Array;
  readonly small: Float32Array;
  readonly fine: Float32Array;
  private area: Float32Array;
  /** easting of the west edge and northing of the north edge */
  east_m = 0;
  north_m = 0;

  /** columns and rows in use: planes are row-major with this width */
  width = 0;
  height = 0;

  /** @param side the largest width and height, pixels */
  constructor(
    side: number,
    readonly gsd_m: number,
  ) {
    const count = side * side;
    const plane = (): Float32Array => new Float32Array(count);
    this.r = plane();
    this.g = plane();
    this.b = plane();
    this.z = plane();
    this.crown = new Uint8Array(count);
    this.shadow = plane();
    this.shade = plane();
    this.big = plane();
    this.mid = plane();
    this.small = plane();
    this.fine = plane();
    this.area = new Float32Array(4096);
  }

  /** Moves the tile to a place, gives it its size (at most that of its construction) and clears it. */
  place(east_m: number, north_m: number, width: number, height: number, noise: Noise): void {
    this.east_m = east_m;
    this.north_m = north_m;
    this.width = width;
    this.height = height;
    const { gsd_m } = this;
    const count = width * height;
    for (const plane of [this.z, this.shadow, this.shade, this.big, this.mid, this.small, this.fine]) {
      plane.fill(0, 0, count);
    }
    this.crown.fill(0, 0, count);
    const fade = (wavelength: number): number => Math.min(1, Math.max(0, (wavelength / gsd_m - 1.6) / 2));
    for (let row = 0; row < height; row++) {
      const y = north_m - (row + 0.5) * gsd_m;
      for (const o of OCTAVES) {
        const k = 1 / o.wavelength_m;
        const x = (east_m + 0.5 * gsd_m) * k;
        // Sheared lattices: the grids of the octaves do not line up.
        noise.addRow(
          this[o.plane],
          row * width,
          width,
          x + o.shearX * y * k + o.offset,
          y * k + o.shearY * x - o.offset * 2.3,
          gsd_m * k,
          o.shearY * gsd_m * k,
          o.amplitude * fade(o.wavelength_m),
        );
      }
    }
  }

  /**
   * Calls `each` for every pixel that the polygon touches, with the exact share of the pixel that it covers.
   * The rule is accumulated signed area (as in modern font rasterisers), so that edges are smooth at any scale.
   */
  cover(ring: readonly Point[], each: (index: number, x: number, y: number, coverage: number) => void): void {
    const { gsd_m, width, height } = this;
    let minX = Infinity;
    let maxX = -Infinity;
    let minY = Infinity;
    let maxY = -Infinity;
    for (const p of ring) {
      const x = (p.x - this.east_m) / gsd_m;
      const y = (this.north_m - p.y) / gsd_m;
      if (x < minX) minX = x;
      if (x > maxX) maxX = x;
      if (y < minY) minY = y;
      if (y > maxY) maxY = y;
    }
    const col0 = Math.max(0, Math.floor(minX));
    const col1 = Math.min(width - 1, Math.floor(maxX));
    const row0 = Math.max(0, Math.floor(minY));
    const row1 = Math.min(height - 1, Math.floor(maxY));
    if (col0 > col1 || row0 > row1) return;
    const w = col1 - col0 + 1;
    const h = row1 - row0 + 1;
    const stride = w + 2;
    if (this.area.length < stride * h) this.area = new Float32Array(stride * h * 2);
    const area = this.area;
    area.fill(0, 0, stride * h);
    const count = ring.length;
    let prev = ring[count - 1];
    for (let k = 0; k < count; k++) {
      const next = ring[k];
      if (prev !== undefined && next !== undefined) {
        accumulate(
          area,
          stride,
          w,
          h,
          (prev.x - this.east_m) / gsd_m - col0,
          (this.north_m - prev.y) / gsd_m - row0,
          (next.x - this.east_m) / gsd_m - col0,
          (this.north_m - next.y) / gsd_m - row0,
        );
      }
      prev = next;
    }
    for (let row = 0; row < h; row++) {
      let sum = 0;
      let at = row * stride;
      let index = (row0 + row) * width + col0;
      const y = this.north_m - (row0 + row + 0.5) * gsd_m;
      for (let col = 0; col < w; col++, at++, index++) {
        sum += area[at] as number;
        const coverage = sum < 0 ? -sum : sum;
        if (coverage > 0.004) each(index, this.east_m + (col0 + col + 0.5) * gsd_m, y, Math.min(coverage, 1));
      }
    }
  }

  /** Blends the ink over a pixel. */
  blend(index: number, alpha: number): void {
    const { r, g, b } = this;
    r[index] = (r[index] as number) + (ink.r - (r[index] as number)) * alpha;
    g[index] = (g[index] as number) + (ink.g - (g[index] as number)) * alpha;
    b[index] = (b[index] as number) + (ink.b - (b[index] as number)) * alpha;
  }
}

/** Adds one edge to the accumulation buffer; x is clamped so that everything left of the window counts fully. */
function accumulate(
  area: Float32Array,
  stride: number,
  w: number,
  h: number,
  xa: number,
  ya: number,
  xb: number,
  yb: number,
): void {
  if (ya === yb) return;
  const dir = ya < yb ? 1 : -1;
  let x0 = xa;
  let y0 = ya;
  let x1 = xb;
  let y1 = yb;
  if (dir < 0) {
    x0 = xb;
    y0 = yb;
    x1 = xa;
    y1 = ya;
  }
  if (y1 <= 0 || y0 >= h) return;
  const dxdy = (x1 - x0) / (y1 - y0);
  let x = x0;
  if (y0 < 0) {
    x -= y0 * dxdy;
    y0 = 0;
  }
  const end = Math.min(y1, h);
  for (let row = Math.floor(y0); row < end; row++) {
    const base = row * stride;
    const top = Math.max(row, y0);
    const bottom = Math.min(row + 1, end);
    const dy = bottom - top;
    const xNext = x + dxdy * dy;
    const d = dy * dir;
    let left = Math.min(x, xNext);
    let right = Math.max(x, xNext);
    x = xNext;
    if (right <= 0) {
      area[base] = (area[base] as number) + d;
      continue;
    }
    if (left >= w) continue;
    if (left < 0 || right > w) {
      const span = right - left;
      if (left < 0) {
        const share = (-left / span) * d;
        area[base] = (area[base] as number) + share;
      }
      const inside0 = Math.max(left, 0);
      const inside1 = Math.min(right, w);
      const rest = ((inside1 - inside0) / span) * d;
      left = inside0;
      right = inside1;
      spread(area, base, left, right, rest);
      continue;
    }
    spread(area, base, left, right, d);
  }
}

/** Distributes an edge's signed height over the columns between left and right of one row. */
function spread(area: Float32Array, base: number, left: number, right: number, d: number): void {
  const first = Math.floor(left);
  const last = Math.ceil(right);
  if (last <= first + 1) {
    const middle = 0.5 * (left + right) - first;
    area[base + first] = (area[base + first] as number) + d * (1 - middle);
    area[base + first + 1] = (area[base + first + 1] as number) + d * middle;
    return;
  }
  const s = 1 / (right - left);
  const f0 = left - first;
  const a0 = 0.5 * s * (1 - f0) * (1 - f0);
  const f1 = right - last + 1;
  const am = 0.5 * s * f1 * f1;
  area[base + first] = (area[base + first] as number) + d * a0;
  if (last === first + 2) {
    area[base + first + 1] = (area[base + first + 1] as number) + d * (1 - a0 - am);
  } else {
    const a1 = s * (1.5 - f0);
    area[base + first + 1] = (area[base + first + 1] as number) + d * (a1 - a0);
    for (let k = first + 2; k < last - 1; k++) area[base + k] = (area[base + k] as number) + d * s;
    const a2 = a1 + (last - first - 3) * s;
    area[base + last - 1] = (area[base + last - 1] as number) + d * (1 - a2 - am);
  }
  area[base + last] = (area[base + last] as number) + d * am;
}
