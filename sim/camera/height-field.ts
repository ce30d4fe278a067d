const BLOCK = 16;
/** Most of a line of sight is above everything for a long way; inside of a block that reaches up to it, parts tell where. */
const WIDE = 64;
const PART = 4;

/**
 * Heights of a window with coarse upper bounds, for finding where a line of sight first meets a roof or a crown.
 */
export class HeightField {
  private readonly coarse: Float32Array;
  private readonly blocks: Float32Array;
  private readonly wides: Float32Array;
  private readonly parts: Float32Array;
  private readonly coarseWidth: number;
  private readonly wideWidth: number;
  private readonly partsWidth: number;

  /**
   * @param reach_px how far, in pixels, a line of sight can be displaced by the tallest thing
   */
  constructor(
    private readonly height_m: Float32Array,
    private readonly crown: Uint8Array | undefined,
    readonly width: number,
    readonly height: number,
    reach_px: number,
  ) {
    this.coarseWidth = Math.ceil(width / BLOCK);
    const coarseHeight = Math.ceil(height / BLOCK);
    this.partsWidth = Math.ceil(width / PART);
    this.parts = highest(height_m, width, height, PART);
    const blocks = highest(this.parts, this.partsWidth, Math.ceil(height / PART), BLOCK / PART);
    this.wideWidth = Math.ceil(width / WIDE);
    this.wides = highest(blocks, this.coarseWidth, coarseHeight, WIDE / BLOCK);
    this.blocks = blocks;
    this.coarse = dilate(blocks, this.coarseWidth, coarseHeight, Math.ceil(reach_px / BLOCK));
  }

  /** An upper bound of everything that can hide the ground at this pixel. */
  bound(x: number, y: number): number {
    const col = Math.floor(x / BLOCK);
    const row = Math.floor(y / BLOCK);
    return this.coarse[row * this.coarseWidth + col] ?? 0;
  }

  /**
   * Follows a line of sight from step k on over all that cannot reach up to it.
   *
   * The line begins at (x, y) at the height h above ground; each step moves it by (stepX, stepY) and down by drop.
   * @returns the first step, k itself included, at which the pixel has to be looked at; more than `steps` when none has
   */
  nextNear(
    k: number,
    steps: number,
    x: number,
    y: number,
    h: number,
    stepX: number,
    stepY: number,
    drop: number,
  ): number {
    const { wides, blocks, parts, wideWidth, coarseWidth, partsWidth, width, height } = this;
    const perX = stepX === 0 ? 0 : 1 / stepX;
    const perY = stepY === 0 ? 0 : 1 / stepY;
    const perDrop = 1 / drop;
    let step = k;
    while (step <= steps) {
      const px = x + step * stepX + 0.5;
      const py = y + step * stepY + 0.5;
      const at = h - step * drop;
      const col = Math.floor(px);
      const row = Math.floor(py);
      let top = 0;
      let side = WIDE;
      if (col >= 0 && row >= 0 && col < width && row < height) {
        top = wides[(row >> 6) * wideWidth + (col >> 6)] as number;
        if (top > at) {
          top = blocks[(row >> 4) * coarseWidth + (col >> 4)] as number;
          side = BLOCK;
          if (top > at) {
            top = parts[(row >> 2) * partsWidth + (col >> 2)] as number;
            side = PART;
            if (top > at) return step;
          }
        }
      }
      // As far as the line stays in this square and above what is in it.
      let clear = (at - top) * perDrop;
      if (perX !== 0) clear = Math.min(clear, toEdge(px, side, perX));
      if (perY !== 0) clear = Math.min(clear, toEdge(py, side, perY));
      step += clear > 1 ? Math.floor(clear) : 1;
    }
    return step;
  }

  /** Whether the nearest pixel shows a crown: a line of sight can pass below it. */
  isCrown(x: number, y: number): boolean {
    return this.crown?.[Math.round(y) * this.width + Math.round(x)] === 1;
  }

  /** Height at the nearest pixel; 0 outside. */
  at(x: number, y: number): number {
    const col = Math.round(x);
    const row = Math.round(y);
    if (col < 0 || row < 0 || col >= this.width || row >= this.height) return 0;
    return this.height_m[row * this.width + col] as number;
  }
}

/** How many steps stay inside the square of the given side around a position; perStep = 1 / step. */
function toEdge(position: number, side: number, perStep: number): number {
  const inside = position - Math.floor(position / side) * side;
  return (perStep > 0 ? side - inside : -inside) * perStep;
}

/** The greatest value in each square of the given side. */
function highest(values: Float32Array, width: number, height: number, side: number): Float32Array {
  const cols = Math.ceil(width / side);
  const out = new Float32Array(cols * Math.ceil(height / side));
  for (let row = 0; row < height; row++) {
    const at = Math.floor(row / side) * cols;
    for (let col = 0; col < width; col++) {
      const value = values[row * width + col] as number;
      const k = at + Math.floor(col / side);
      if (value > (out[k] as number)) out[k] = value;
    }
  }
  return out;
}

/** Maximum over a square of the given radius, one axis after the other. */
function dilate(values: Float32Array, width: number, height: number, radius: number): Float32Array {
  const rows = new Float32Array(values.length);
  for (let row = 0; row < height; row++) {
    for (let col = 0; col < width; col++) {
      let best = 0;
      for (let k = Math.max(0, col - radius); k <= Math.min(width - 1, col + radius); k++) {
        best = Math.max(best, values[row * width + k] as number);
      }
      rows[row * width + col] = best;
    }
  }
  const out = new Float32Array(values.length);
  for (let row = 0; row < height; row++) {
    for (let col = 0; col < width; col++) {
      let best = 0;
      for (let k = Math.max(0, row - radius); k <= Math.min(height - 1, row + radius); k++) {
        best = Math.max(best, rows[k * width + col] as number);
      }
      out[row * width + col] = best;
    }
  }
  return out;
}
