import type { RgbImage } from "./image.js";

/** A resampling kernel: zero beyond `support` input pixels (output pixels when shrinking). */
interface Kernel {
  readonly support: number;
  at(x: number): number;
}

const bilinear: Kernel = { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) };

/** Keys' cubic with a = -1/2. */
const bicubic: Kernel = {
  support: 2,
  at(x) {
    const a = Math.abs(x);
    if (a < 1) return (1.5 * a - 2.5) * a * a + 1;
    return a < 2 ? ((-0.5 * a + 2.5) * a - 4) * a + 2 : 0;
  },
};

const lanczos: Kernel = { support: 3, at: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) };

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Kernels by the numbers that preprocessor_config.json has from Pillow. */
const KERNELS: ReadonlyMap<number, Kernel> = new Map([
  [1, lanczos],
  [2, bilinear],
  [3, bicubic],
]);
export const RESAMPLE_NUMBERS: readonly number[] = [...KERNELS.keys()];

export const LANCZOS = 1;
export const BICUBIC = 3;

/** Weights are whole multiples of 2^-22, so that sums are exact and the result is the same to the last bit everywhere. */
const WEIGHT_ONE = 2 ** 22;

interface Taps {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * Resizes an image: separable convolution with a kernel that widens when shrinking, first across and then down, rounded
 * to 8 bits after each. Gives the bytes of Pillow's `Image.resize`, with which these models were trained.
 *
 * @param resample Pillow's number of the kernel: 1 Lanczos, 2 bilinear, 3 bicubic
 */
export function resample(image: RgbImage, width: number, height: number, resample: number): RgbImage {
  const kernel = KERNELS.get(resample);
  if (kernel === undefined) throw new RangeError(`resample: no kernel has the number ${resample}`);
  const wide = width === image.width ? image : across(image, width, kernel);
  return height === wide.height ? wide : down(wide, height, kernel);
}

function across({ rgb, width: from, height }: RgbImage, width: number, kernel: Kernel): RgbImage {
  const out = new Uint8Array(width * height * 3);
  tapsOf(from, width, kernel).forEach(({ first, weights }, x) => {
    for (let y = 0; y < height; y++) blend(rgb, (y * from + first) * 3, 3, weights, out, (y * width + x) * 3);
  });
  return { width, height, rgb: out };
}

function down({ rgb, width }: RgbImage, height: number, kernel: Kernel): RgbImage {
  const out = new Uint8Array(width * height * 3);
  const from = rgb.length / width / 3;
  tapsOf(from, height, kernel).forEach(({ first, weights }, y) => {
    for (let x = 0; x < width; x++) blend(rgb, (first * width + x) * 3, width * 3, weights, out, (y * width + x) * 3);
  });
  return { width, height, rgb: out };
}

/** Weighted sums of pixels `step` bytes apart. */
function blend(from: Uint8Array, at: number, step: number, weights: Float64Array, to: Uint8Array, base: number): void {
  let [red, green, blue] = [0.5 * WEIGHT_ONE, 0.5 * WEIGHT_ONE, 0.5 * WEIGHT_ONE];
  for (let k = 0, i = at; k < weights.length; k++, i += step) {
    const weight = weights[k] as number;
    red += weight * (from[i] as number);
    green += weight * (from[i + 1] as number);
    blue += weight * (from[i + 2] as number);
  }
  to[base] = byte(red);
  to[base + 1] = byte(green);
  to[base + 2] = byte(blue);
}

function byte(sum: number): number {
  return Math.max(0, Math.min(255, Math.floor(sum / WEIGHT_ONE)));
}

function tapsOf(from: number, to: number, kernel: Kernel): Taps[] {
  const ratio = from / to;
  const stretch = Math.max(1, ratio);
  const reach = kernel.support * stretch;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * ratio;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach + 0.5));
    const raw = Array.from({ length: end - first }, (_, k) => kernel.at((first + k - centre + 0.5) / stretch));
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, weights: Float64Array.from(raw, (weight) => whole((weight / sum) * WEIGHT_ONE)) };
  });
}

/** Nearest whole number, halves away from zero. */
function whole(value: number): number {
  return Math.trunc(value < 0 ? value - 0.5 : value + 0.5);
}
