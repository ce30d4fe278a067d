import { Fourier2d, type Spectrum } from "./fourier.js";
import type { GroundPatch } from "./patch.js";

/** A shift of one patch against another, pixels. */
export interface Shift {
  readonly east_px: number;
  readonly south_px: number;
}

/** The peaks of a phase correlation, best first, and how near the second comes to the first (0..1). */
export interface ShiftPeaks {
  readonly peaks: readonly Shift[];
  readonly ratio: number;
}

/** Peaks nearer than this to a higher one belong to it, pixels. */
const PEAK_RADIUS = 4;
/** Frequencies are weighted by a Gaussian of this width, cycles a pixel: above it there is more noise than ground. */
const BAND = 0.16;
/** Shifts beyond this part of the side share too little ground. */
const REACH = 0.46;

/**
 * Phase correlation (Kuglin and Hines 1975): the shift between two pictures of the same ground is the place of the peak
 * of the inverse transform of their cross-power spectrum with all magnitudes made equal. It finds any shift in constant
 * time and needs no first guess; pixels that only the alignment refines (align.ts).
 */
export class PhaseCorrelator {
  private readonly fourier: Fourier2d;
  private readonly window: Float32Array;
  private readonly weight: Float64Array;

  constructor(readonly side: number) {
    this.fourier = new Fourier2d(side);
    this.window = roundWindow(side);
    this.weight = bandWeight(side);
  }

  /** The spectrum of a patch, to be kept for the next frames. */
  spectrum(patch: GroundPatch): Spectrum {
    const windowed = new Float32Array(patch.value.length);
    for (let i = 0; i < windowed.length; i++) windowed[i] = (patch.value[i] as number) * (this.window[i] as number);
    return this.fourier.forward(windowed);
  }

  /** Where the content of `b` stands in `a`: content at pixel x of b is at about x + shift in a. */
  correlate(a: Spectrum, b: Spectrum, wanted: number): ShiftPeaks {
    const n = this.side * this.side;
    const cross = { re: new Float64Array(n), im: new Float64Array(n) };
    for (let i = 0; i < n; i++) {
      const ar = a.re[i] as number;
      const ai = a.im[i] as number;
      const br = b.re[i] as number;
      const bi = b.im[i] as number;
      const re = ar * br + ai * bi;
      const im = ai * br - ar * bi;
      const scale = (this.weight[i] as number) / (Math.sqrt(re * re + im * im) + 1e-9);
      cross.re[i] = re * scale;
      cross.im[i] = im * scale;
    }
    return this.peaks(this.fourier.inverse(cross), wanted);
  }

  private peaks(surface: Float64Array, wanted: number): ShiftPeaks {
    const { side } = this;
    const reach = Math.floor(side * REACH);
    const found: { x: number; y: number; height: number }[] = [];
    for (let k = 0; k < Math.max(2, wanted); k++) {
      let best = { x: 0, y: 0, height: Number.NEGATIVE_INFINITY };
      for (let y = -reach; y <= reach; y++) {
        const row = ((y + side) % side) * side;
        for (let x = -reach; x <= reach; x++) {
          const height = surface[row + ((x + side) % side)] as number;
          if (height <= best.height) continue;
          if (found.some((p) => Math.abs(p.x - x) <= PEAK_RADIUS && Math.abs(p.y - y) <= PEAK_RADIUS)) continue;
          best = { x, y, height };
        }
      }
      found.push(best);
    }
    const first = found[0]?.height ?? 0;
    const second = found[1]?.height ?? 0;
    return {
      peaks: found.slice(0, wanted).map(({ x, y }) => ({ east_px: x, south_px: y })),
      ratio: first > 0 ? Math.max(0, Math.min(1, second / first)) : 1,
    };
  }
}

/** 1 in the middle, falling as a cosine to 0 at the inscribed circle: the corners are seldom seen at every heading. */
function roundWindow(side: number): Float32Array {
  const window = new Float32Array(side * side);
  const half = side / 2;
  for (let row = 0; row < side; row++) {
    for (let col = 0; col < side; col++) {
      const r = Math.hypot(row + 0.5 - half, col + 0.5 - half) / half;
      window[row * side + col] = r >= 1 ? 0 : 0.5 * (1 + Math.cos(Math.PI * Math.max(0, 2 * r - 1)));
    }
  }
  return window;
}

function bandWeight(side: number): Float64Array {
  const weight = new Float64Array(side * side);
  const frequency = (k: number): number => (k <= side / 2 ? k : k - side) / side;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const f2 = frequency(x) ** 2 + frequency(y) ** 2;
      weight[y * side + x] = Math.exp(-f2 / (2 * BAND * BAND));
    }
  }
  return weight;
}
