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
