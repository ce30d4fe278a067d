import { Rng } from "./random.js";

const SIZE = 256;
const MASK = SIZE - 1;

/**
 * Smooth value noise from a table of 256 x 256 random values: a few nanoseconds a sample, periodic over 256 cells.
 * Sums of octaves with unrelated wavelengths do not show the period.
 */
export class Noise {
  private readonly table = new Float32Array(SIZE * SIZE);

  constructor(seed: number) {
    const rng = new Rng(seed);
    for (let i = 0; i < this.table.length; i++) this.table[i] = rng.next() * 2 - 1;
  }

  /** Noise in [-1, 1] at (x, y) in cells. */
  at(x: number, y: number): number {
    const xi = Math.floor(x);
    const yi = Math.floor(y);
    let fx = x - xi;
    let fy = y - yi;
    fx = fx * fx * (3 - 2 * fx);
    fy = fy * fy * (3 - 2 * fy);
    const row0 = (yi & MASK) << 8;
    const row1 = ((yi + 1) & MASK) << 8;
    const col0 = xi & MASK;
    const col1 = (xi + 1) & MASK;
    const table = this.table;
    const a = table[row0 | col0] as number;
    const b = table[row0 | col1] as number;
    const c = table[row1 | col0] as number;
    const d = table[row1 | col1] as number;
    const top = a + (b - a) * fx;
    return top + (c + (d - c) * fx - top) * fy;
  }

  /**
   * Adds amplitude x noise along a line of samples: out[from + i] += amplitude * at(x + i dx, y + i dy). Samples of one
   * cell share its corners, which makes long rows several times faster than single samples.
   */
  addRow(
    out: Float32Array,
    from: number,
    count: number,
    x: number,
    y: number,
    dx: number,
    dy: number,
    amplitude: number,
  ): void {
    if (amplitude === 0) return;
    const table = this.table;
    let cellX = Number.NaN;
    let cellY = Number.NaN;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = 0; i < count; i++) {
      const px = x + i * dx;
      const py = y + i * dy;
      const xi = Math.floor(px);
      const yi = Math.floor(py);
      if (xi !== cellX || yi !== cellY) {
        cellX = xi;
        cellY = yi;
        const row0 = (yi & MASK) << 8;
        const row1 = ((yi + 1) & MASK) << 8;
        const col0 = xi & MASK;
        const col1 = (xi + 1) & MASK;
        a = (table[row0 | col0] as number) * amplitude;
        b = (table[row0 | col1] as number) * amplitude;
        c = (table[row1 | col0] as number) * amplitude;
        d = (table[row1 | col1] as number) * amplitude;
      }
      let fx = px - xi;
      let fy = py - yi;
      fx = fx * fx * (3 - 2 * fx);
      fy = fy * fy * (3 - 2 * fy);
      const top = a + (b - a) * fx;
      out[from + i] = (out[from + i] as number) + top + (c + (d - c) * fx - top) * fy;
    }
  }

  /** Fractal sum of `octaves` octaves, the first with the given wavelength, each half the wavelength and amplitude. */
  fbm(x: number, y: number, wavelength: number, octaves: number): number {
    let sum = 0;
    let amplitude = 0.6;
    let k = 1 / wavelength;
    for (let i = 0; i < octaves; i++) {
      sum += amplitude * this.at(x * k + i * 37.7, y * k - i * 91.3);
      amplitude *= 0.5;
      k *= 2.07;
    }
    return sum;
  }
}
