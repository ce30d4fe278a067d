/** A complex square image, row-major. */
export interface Spectrum {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** Forward and inverse two-dimensional Fourier transforms of square images whose side is a power of two. */
export class Fourier2d {
  private readonly cos: Float64Array;
  private readonly sin: Float64Array;
  private readonly reversed: Uint32Array;

  constructor(readonly side: number) {
    if (!Number.isInteger(Math.log2(side))) throw new RangeError(`side ${side} is not a power of two`);
    this.cos = Float64Array.from({ length: side / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / side));
    this.sin = Float64Array.from({ length: side / 2 }, (_, k) => Math.sin((2 * Math.PI * k) / side));
    this.reversed = new Uint32Array(side);
    for (let i = 1; i < side; i++) {
      this.reversed[i] = ((this.reversed[i >> 1] as number) >> 1) | ((i & 1) * (side >> 1));
    }
  }

  /** Spectrum of a real image, transposed: entry (column frequency, row frequency). */
  forward(image: Float32Array | Float64Array): Spectrum {
    const spectrum = { re: Float64Array.from(image), im: new Float64Array(image.length) };
    this.rows(spectrum, -1);
    this.transpose(spectrum);
    this.rows(spectrum, -1);
    return spectrum;
  }

  /** Real part of the image of a (transposed) spectrum, without the factor 1/side²; the spectrum is overwritten. */
  inverse(spectrum: Spectrum): Float64Array {
    this.rows(spectrum, 1);
    this.transpose(spectrum);
    this.rows(spectrum, 1);
    return spectrum.re;
  }

  private transpose({ re, im }: Spectrum): void {
    const n = this.side;
    for (let y = 0; y < n; y++) {
      for (let x = y + 1; x < n; x++) {
        const a = y * n + x;
        const b = x * n + y;
        const r = re[a] as number;
        const i = im[a] as number;
        re[a] = re[b] as number;
        im[a] = im[b] as number;
        re[b] = r;
        im[b] = i;
      }
    }
  }

  /** Radix-2 transform of every row in place (Cooley-Tukey, decimation in time). */
  private rows({ re, im }: Spectrum, sign: 1 | -1): void {
    const { side: n, cos, sin, reversed } = this;
    for (let row = 0; row < n * n; row += n) {
      for (let i = 0; i < n; i++) {
        const j = reversed[i] as number;
        if (j <= i) continue;
        const r = re[row + i] as number;
        const m = im[row + i] as number;
        re[row + i] = re[row + j] as number;
        im[row + i] = im[row + j] as number;
        re[row + j] = r;
        im[row + j] = m;
      }
      for (let half = 1, stride = n >> 1; half < n; half <<= 1, stride >>= 1) {
        for (let k = 0; k < half; k++) {
          const wr = cos[k * stride] as number;
          const wi = sign * (sin[k * stride] as number);
          for (let a = row + k; a < row + n; a += 2 * half) {
            const b = a + half;
            const br = re[b] as number;
            const bi = im[b] as number;
            const tr = br * wr - bi * wi;
            const ti = br * wi + bi * wr;
            const ar = re[a] as number;
            const ai = im[a] as number;
            re[b] = ar - tr;
            im[b] = ai - ti;
            re[a] = ar + tr;
            im[a] = ai + ti;
          }
        }
      }
    }
  }
}
