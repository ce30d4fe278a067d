/** For each output pixel: the first input pixel it is made of, and the weights of that one and those after it. */
interface Taps {
  readonly first: number;
  readonly weights: Float32Array;
}

/**
 * Resizes square RGB images with a triangle filter as wide as an output pixel, at least as an input pixel: bilinear when
 * enlarging, and without aliases when shrinking (what Pillow calls BILINEAR).
 *
 * @param rgb interleaved [n, from_px, from_px, 3]
 * @returns [n, to_px, to_px, 3]; the same array when the sides are equal
 */
export function resizeSquares(rgb: Uint8Array, n: number, from_px: number, to_px: number): Uint8Array {
  if (rgb.length !== n * from_px * from_px * 3) throw new RangeError("resizeSquares: wrong number of bytes");
  if (from_px === to_px) return rgb;
  const taps = tapsOf(from_px, to_px);
  const out = new Uint8Array(n * to_px * to_px * 3);
  const wide = new Float32Array(from_px * to_px * 3);
  for (let image = 0; image < n; image++) {
    const base = image * from_px * from_px * 3;
    for (let y = 0; y < from_px; y++) {
      taps.forEach(({ first, weights }, x) => {
        mix(rgb, base + (y * from_px + first) * 3, 3, weights, wide, (y * to_px + x) * 3);
      });
    }
    const target = image * to_px * to_px * 3;
    const row = new Float32Array(3);
    taps.forEach(({ first, weights }, y) => {
      for (let x = 0; x < to_px; x++) {
        mix(wide, (first * to_px + x) * 3, to_px * 3, weights, row, 0);
        const at = target + (y * to_px + x) * 3;
        for (let c = 0; c < 3; c++) out[at + c] = Math.round(row[c] ?? 0);
      }
    });
  }
  return out;
}

/** Weighted sum of RGB values `step` apart, into three values of `out`. */
function mix(
  from: Uint8Array | Float32Array,
  base: number,
  step: number,
  weights: Float32Array,
  out: Float32Array,
  to: number,
): void {
  let red = 0;
  let green = 0;
  let blue = 0;
  for (let k = 0, at = base; k < weights.length; k++, at += step) {
    const weight = weights[k] as number;
    red += weight * (from[at] as number);
    green += weight * (from[at + 1] as number);
    blue += weight * (from[at + 2] as number);
  }
  out[to] = red;
  out[to + 1] = green;
  out[to + 2] = blue;
}

function tapsOf(from_px: number, to_px: number): Taps[] {
  const ratio = from_px / to_px;
  const reach = Math.max(1, ratio);
  return Array.from({ length: to_px }, (_, i) => {
    const centre = (i + 0.5) * ratio;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(from_px, Math.floor(centre + reach + 0.5));
    const raw = Array.from({ length: end - first }, (_, k) =>
      Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / reach),
    );
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, weights: Float32Array.from(raw, (weight) => weight / sum) };
  });
}
