const BLOCK = 16;

/**
 * Heights of a window with a coarse upper bound, for finding where a line of sight first meets a roof or a crown.
 */
export class HeightField {
  private readonly coarse: Float32Array;
  private readonly blocks: Float32Array;
  private readonly coarseWidth: number;

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
    const blocks = new Float32Array(this.coarseWidth * coarseHeight);
    for (let row = 0; row < height; row++) {
      const at = Math.floor(row / BLOCK) * this.coarseWidth;
      for (let col = 0; col < width; col++) {
        const h = height_m[row * width + col] as number;
        const k = at + Math.floor(col / BLOCK);
        if (h > (blocks[k] as number)) blocks[k] = h;
      }
    }
    this.blocks = blocks;
    this.coarse = dilate(blocks, this.coarseWidth, coarseHeight, Math.ceil(reach_px / BLOCK));
  }

  /** An upper bound of everything that can hide the ground at this pixel. */
  bound(x: number, y: number): number {
    const col = Math.floor(x / BLOCK);
    const row = Math.floor(y / BLOCK);
    return this.coarse[row * this.coarseWidth + col] ?? 0;
  }

  /** An upper bound of the heights in the block of 16 x 16 pixels around this pixel; 0 outside. */
  blockTop(x: number, y: number): number {
    const col = Math.round(x);
    const row = Math.round(y);
    if (col < 0 || row < 0 || col >= this.width || row >= this.height) return 0;
    return this.blocks[(row >> 4) * this.coarseWidth + (col >> 4)] as number;
  }

  /** How many steps of (stepX, stepY) stay inside the block around (x, y). */
  stepsInBlock(x: number, y: number, stepX: number, stepY: number): number {
    return Math.min(stepsToEdge(x, stepX), stepsToEdge(y, stepY));
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

function stepsToEdge(position: number, step: number): number {
  if (step === 0) return BLOCK;
  const inside = position + 0.5 - Math.floor((position + 0.5) / BLOCK) * BLOCK;
  return Math.floor((step > 0 ? BLOCK - inside : inside) / Math.abs(step));
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
