/**
 * Heights of a window with a coarse upper bound, for finding where a line of sight first meets a roof or a crown.
 */
export class HeightField {
  private readonly coarse: Float32Array;
  private readonly coarseWidth: number;
  private readonly block: number;

  /**
   * @param reach_px how far, in pixels, a line of sight can be displaced by the tallest thing
   */
  constructor(
    private readonly height_m: Float32Array,
    readonly width: number,
    readonly height: number,
    reach_px: number,
  ) {
    this.block = 16;
    this.coarseWidth = Math.ceil(width / this.block);
    const coarseHeight = Math.ceil(height / this.block);
    const blocks = new Float32Array(this.coarseWidth * coarseHeight);
    for (let row = 0; row < height; row++) {
      const at = Math.floor(row / this.block) * this.coarseWidth;
      for (let col = 0; col < width; col++) {
        const h = height_m[row * width + col] as number;
        const k = at + Math.floor(col / this.block);
        if (h > (blocks[k] as number)) blocks[k] = h;
      }
    }
    this.coarse = dilate(blocks, this.coarseWidth, coarseHeight, Math.ceil(reach_px / this.block));
  }

  /** An upper bound of everything that can hide the ground at this pixel. */
  bound(x: number, y: number): number {
    const col = Math.floor(x / this.block);
    const row = Math.floor(y / this.block);
    return this.coarse[row * this.coarseWidth + col] ?? 0;
  }

  /** Height at the nearest pixel; 0 outside. */
  at(x: number, y: number): number {
    const col = Math.round(x);
    const row = Math.round(y);
    if (col < 0 || row < 0 || col >= this.width || row >= this.height) return 0;
    return this.height_m[row * this.width + col] as number;
  }
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
