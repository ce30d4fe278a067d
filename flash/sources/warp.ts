import type { MercatorWindow, Raster } from "./source.js";

/**
 * One resolution of an image, cut into blocks of RGBA bytes (A = 255 where there is imagery, 0 elsewhere).
 * Blocks at the right and bottom edge are cropped to the image.
 */
export interface BlockView {
  readonly width: number;
  readonly height: number;
  readonly blockWidth: number;
  readonly blockHeight: number;
  block(bx: number, by: number): Promise<Uint8Array>;
}

/**
 * Maps a point of the mercator plane to the view's pixel plane, where pixel i covers [i, i + 1).
 * Writes u and v to out[0], out[1]; NaN where the projection is not defined.
 */
export type PixelMapper = (x_merc_m: number, y_merc_m: number, out: Float64Array) => void;

/** Positions interpolated between grid nodes may be this far off, in pixels of the view. */
const MAX_MAPPING_ERROR_PX = 0.02;
const COARSEST_STEP_PX = 32;

interface MappingGrid {
  readonly step: number;
  readonly columns: number;
  readonly rows: number;
  /** (u, v) of each node, row-major. Nodes lie at window pixel coordinates (i * step, j * step). */
  readonly uv: Float64Array;
}

/**
 * Reads a mercator window from a view through a mapping, bilinear when enlarging; when reducing, the bilinear
 * interpolant is averaged over a box, which keeps every position exact. A pixel is valid when imagery makes up at least half its weight.
 * Returns null when the window shows nothing of the view.
 */
export async function warp(view: BlockView, mapper: PixelMapper, window: MercatorWindow): Promise<Raster | null> {
  const grid = mappingGrid(mapper, window);
  if (grid === null) return null;
  const { u: spanU, v: spanV } = spans(grid);
  const alongU = new AxisFilter(spanU);
  const alongV = new AxisFilter(spanV);
  const bounds = uvBounds(grid);
  const u0 = Math.max(0, Math.floor(bounds.minU - alongU.radius - 1));
  const v0 = Math.max(0, Math.floor(bounds.minV - alongV.radius - 1));
  const u1 = Math.min(view.width, Math.ceil(bounds.maxU + alongU.radius + 1));
  const v1 = Math.min(view.height, Math.ceil(bounds.maxV + alongV.radius + 1));
  if (!(u1 > u0 && v1 > v0)) return null;
  const patch = await gather(view, u0, v0, u1 - u0, v1 - v0);
  return sample({ pixels: patch, u0, v0, width: u1 - u0, height: v1 - v0 }, view, grid, window, alongU, alongV);
}

/** How many pixels of the view one window pixel spans, along u and v (of the image that mapper addresses). */
export function reduction(mapper: PixelMapper, window: MercatorWindow): { u: number; v: number } | null {
  const grid = mappingGrid(mapper, window);
  return grid === null ? null : spans(grid);
}

function mappingGrid(mapper: PixelMapper, window: MercatorWindow): MappingGrid | null {
  for (let step = COARSEST_STEP_PX; ; step /= 2) {
    const grid = gridOfStep(mapper, window, step);
    if (step <= 1 || grid === null || worstMidpointError(mapper, window, grid) <= MAX_MAPPING_ERROR_PX) return grid;
  }
}

function gridOfStep(mapper: PixelMapper, window: MercatorWindow, step: number): MappingGrid | null {
  const columns = Math.ceil(window.width / step) + 1;
  const rows = Math.ceil(window.height / step) + 1;
  const uv = new Float64Array(columns * rows * 2);
  const out = new Float64Array(2);
  let finite = false;
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      mapper(window.x0_merc_m + i * step * window.pixel_merc_m, window.y0_merc_m - j * step * window.pixel_merc_m, out);
      uv.set(out, (j * columns + i) * 2);
      finite ||= Number.isFinite(out[0]) && Number.isFinite(out[1]);
    }
  }
  return finite ? { step, columns, rows, uv } : null;
}

function worstMidpointError(mapper: PixelMapper, window: MercatorWindow, grid: MappingGrid): number {
  const { step, columns, rows, uv } = grid;
  const out = new Float64Array(2);
  let worst = 0;
  for (let j = 0; j + 1 < rows; j++) {
    for (let i = 0; i + 1 < columns; i++) {
      mapper(
        window.x0_merc_m + (i + 0.5) * step * window.pixel_merc_m,
        window.y0_merc_m - (j + 0.5) * step * window.pixel_merc_m,
        out,
      );
      for (let axis = 0; axis < 2; axis++) {
        const node = (j * columns + i) * 2 + axis;
        const mean =
          ((uv[node] ?? 0) + (uv[node + 2] ?? 0) + (uv[node + columns * 2] ?? 0) + (uv[node + columns * 2 + 2] ?? 0)) /
          4;
        const error = Math.abs(mean - (out[axis] ?? 0));
        if (error > worst) worst = error;
      }
    }
  }
  return worst;
}

/** Lengths of the window pixel's axes seen along u and along v, at the middle of the grid. */
function spans(grid: MappingGrid): { u: number; v: number } {
  const { columns, rows, step, uv } = grid;
  const i = Math.max(0, (columns >> 1) - 1);
  const j = Math.max(0, (rows >> 1) - 1);
  const node = (j * columns + i) * 2;
  const right = node + 2;
  const below = node + columns * 2;
  const at = (k: number) => uv[k] ?? Number.NaN;
  return {
    u: Math.hypot(at(right) - at(node), at(below) - at(node)) / step,
    v: Math.hypot(at(right + 1) - at(node + 1), at(below + 1) - at(node + 1)) / step,
  };
}

function uvBounds(grid: MappingGrid): { minU: number; maxU: number; minV: number; maxV: number } {
  const bounds = { minU: Infinity, maxU: -Infinity, minV: Infinity, maxV: -Infinity };
  for (let k = 0; k < grid.uv.length; k += 2) {
    const u = grid.uv[k] ?? Number.NaN;
    const v = grid.uv[k + 1] ?? Number.NaN;
    if (u < bounds.minU) bounds.minU = u;
    if (u > bounds.maxU) bounds.maxU = u;
    if (v < bounds.minV) bounds.minV = v;
    if (v > bounds.maxV) bounds.maxV = v;
  }
  return bounds;
}

/** Copies a rectangle of the view, which must lie inside it, out of its blocks: RGBA, row-major. */
async function gather(view: BlockView, u0: number, v0: number, width: number, height: number): Promise<Uint8Array> {
  const patch = new Uint8Array(width * height * 4);
  const { blockWidth, blockHeight } = view;
  for (let by = Math.floor(v0 / blockHeight); by * blockHeight < v0 + height; by++) {
    const pending: Promise<void>[] = [];
    for (let bx = Math.floor(u0 / blockWidth); bx * blockWidth < u0 + width; bx++) {
      pending.push(
        view.block(bx, by).then((block) => {
          const stride = Math.min(blockWidth, view.width - bx * blockWidth);
          const left = Math.max(u0, bx * blockWidth);
          const right = Math.min(u0 + width, bx * blockWidth + stride);
          const top = Math.max(v0, by * blockHeight);
          const bottom = Math.min(v0 + height, (by + 1) * blockHeight, view.height);
          for (let v = top; v < bottom; v++) {
            const from = ((v - by * blockHeight) * stride + left - bx * blockWidth) * 4;
            patch.set(block.subarray(from, from + (right - left) * 4), ((v - v0) * width + left - u0) * 4);
          }
        }),
      );
    }
    await Promise.all(pending);
  }
  return patch;
}

interface Patch {
  readonly pixels: Uint8Array;
  readonly u0: number;
  readonly v0: number;
  readonly width: number;
  readonly height: number;
}

function sample(
  patch: Patch,
  view: BlockView,
  grid: MappingGrid,
  window: MercatorWindow,
  alongU: AxisFilter,
  alongV: AxisFilter,
): Raster {
  const { width, height } = window;
  const rgb = new Uint8Array(width * height * 3);
  const valid = new Uint8Array(width * height);
  const { step, columns, uv } = grid;
  for (let row = 0; row < height; row++) {
    const gy = (row + 0.5) / step;
    const j = Math.floor(gy);
    const fy = gy - j;
    for (let i = 0; i * step < width; i++) {
      const node = (j * columns + i) * 2;
      const below = node + columns * 2;
      const leftU = (uv[node] ?? 0) * (1 - fy) + (uv[below] ?? 0) * fy;
      const leftV = (uv[node + 1] ?? 0) * (1 - fy) + (uv[below + 1] ?? 0) * fy;
      const stepU = ((uv[node + 2] ?? 0) * (1 - fy) + (uv[below + 2] ?? 0) * fy - leftU) / step;
      const stepV = ((uv[node + 3] ?? 0) * (1 - fy) + (uv[below + 3] ?? 0) * fy - leftV) / step;
      const end = Math.min(step, width - i * step);
      for (let k = 0; k < end; k++) {
        const u = leftU + stepU * (k + 0.5);
        const v = leftV + stepV * (k + 0.5);
        // Written so that NaN, outside the projection, fails it.
        if (!(u >= 0 && v >= 0 && u < view.width && v < view.height)) continue;
        alongU.aim(u - patch.u0, patch.width);
        alongV.aim(v - patch.v0, patch.height);
        filterAt(patch, alongU, alongV, rgb, valid, row * width + i * step + k);
      }
    }
  }
  return { width, height, rgb, valid };
}

function filterAt(
  patch: Patch,
  alongU: AxisFilter,
  alongV: AxisFilter,
  rgb: Uint8Array,
  valid: Uint8Array,
  pixel: number,
): void {
  const { pixels, width } = patch;
  const { first: left, taps: across, weights: weightsU } = alongU;
  const { first: top, taps: down, weights: weightsV } = alongV;
  let total = 0;
  let seen = 0;
  let red = 0;
  let green = 0;
  let blue = 0;
  for (let j = 0; j < down; j++) {
    const weightV = weightsV[j] as number;
    let k = ((top + j) * width + left) * 4;
    for (let i = 0; i < across; i++, k += 4) {
      const weight = weightV * (weightsU[i] as number);
      total += weight;
      if (pixels[k + 3] === 0) continue;
      seen += weight;
      red += weight * (pixels[k] as number);
      green += weight * (pixels[k + 1] as number);
      blue += weight * (pixels[k + 2] as number);
    }
  }
  if (seen <= 0 || seen < 0.5 * total) return;
  const scale = 1 / seen;
  rgb[pixel * 3] = red * scale + 0.5;
  rgb[pixel * 3 + 1] = green * scale + 0.5;
  rgb[pixel * 3 + 2] = blue * scale + 0.5;
  valid[pixel] = 1;
}

/**
 * The weights along one axis: linear interpolation, averaged over a box when a window pixel spans more than one pixel
 * of the view. Unlike a plain wide tent this leaves a linear ramp exactly where it is, at any position and span. The
 * box is sqrt(span² - 1) wide, so that together with the tent it has the spread of an average over the span.
 */
class AxisFilter {
  readonly radius: number;
  readonly weights: Float64Array;
  /** First pixel with a weight, and how many there are, after aim(). */
  first = 0;
  taps = 0;
  readonly #box: number;

  constructor(span: number) {
    this.#box = span > 1.0001 ? Math.sqrt(span * span - 1) : 0;
    this.radius = 1 + this.#box / 2;
    this.weights = new Float64Array(Math.ceil(2 * this.radius) + 2);
  }

  /** Computes the weights around a position; pixel i, of `size`, is centred at i + 0.5. */
  aim(position: number, size: number): void {
    const { radius, weights } = this;
    const centre = position - 0.5;
    const first = Math.max(0, Math.ceil(centre - radius));
    const last = Math.min(size - 1, Math.floor(centre + radius));
    this.first = first;
    this.taps = last - first + 1;
    const half = this.#box / 2;
    for (let i = 0; i < this.taps; i++) {
      const distance = first + i - centre;
      weights[i] = half === 0 ? 1 - Math.abs(distance) : tentBelow(distance + half) - tentBelow(distance - half);
    }
  }
}

/** Integral of the unit tent from minus infinity to t. */
function tentBelow(t: number): number {
  if (t <= -1) return 0;
  if (t >= 1) return 1;
  return t < 0 ? 0.5 * (1 + t) * (1 + t) : 1 - 0.5 * (1 - t) * (1 - t);
}
