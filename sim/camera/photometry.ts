import type { Intrinsics } from "../../tiles/geometry/intrinsics.js";
import { hash32 } from "../world/random.js";

/** What a camera's optics and sensor do to the picture. */
export interface CameraSensor {
  /** multiplies brightness */
  readonly exposure: number;
  /** loss of light in the corners, 0..1 */
  readonly vignetting: number;
  /** standard deviation of the optics' blur, pixels */
  readonly blur_px: number;
  /** standard deviation of the noise in a mid-grey, 8-bit levels */
  readonly noise_levels: number;
}

export const ORDINARY_SENSOR: CameraSensor = { exposure: 1, vignetting: 0.18, blur_px: 0.45, noise_levels: 1.5 };
export const PERFECT_SENSOR: CameraSensor = { exposure: 1, vignetting: 0, blur_px: 0, noise_levels: 0 };

/** Blur, vignetting, exposure and noise, in place. Missing fields are those of an ordinary camera. */
export function applySensor(rgb: Uint8Array, lens: Intrinsics, given: Partial<CameraSensor>, seed: number): void {
  const { exposure, vignetting, blur_px, noise_levels } = { ...ORDINARY_SENSOR, ...given };
  const { width_px, height_px } = lens;
  if (blur_px > 0.05) blur(rgb, width_px, height_px, blur_px);
  if (exposure === 1 && vignetting === 0 && noise_levels === 0) return;
  const half = (width_px * width_px + height_px * height_px) / 4;
  for (let row = 0; row < height_px; row++) {
    const dy = row - lens.cy;
    for (let col = 0; col < width_px; col++) {
      const dx = col - lens.cx;
      const r2 = (dx * dx + dy * dy) / half;
      const gain = exposure * (1 - vignetting * r2 * (0.6 + 0.4 * r2));
      const i = (row * width_px + col) * 3;
      const bits = noise_levels > 0 ? hash32(row, col, seed) : 0;
      for (let c = 0; c < 3; c++) {
        const v = (rgb[i + c] as number) * gain;
        // The sum of two uniform bytes, scaled to the wanted deviation; brighter pixels are noisier (shot noise).
        const u = ((bits >>> (8 * c)) & 255) + (bits >>> 24) - 255;
        const level = v + u * 0.0096 * noise_levels * (0.5 + v / 255) + 0.5;
        rgb[i + c] = level < 0 ? 0 : Math.min(level, 255);
      }
    }
  }
}

function blur(rgb: Uint8Array, width: number, height: number, sigma: number): void {
  const side = Math.exp(-1 / (2 * sigma * sigma));
  const centre = 1 / (1 + 2 * side);
  const edge = side * centre;
  // The three samples of a line's first and last pixel, or the first and last line, stay as they are.
  const pass = (from: Uint8Array, to: Uint8Array, step: number, line: number): void => {
    to.set(from);
    for (let start = 0; start < from.length; start += line) {
      for (let i = start + step; i < start + line - step; i++) {
        to[i] = centre * (from[i] as number) + edge * ((from[i - step] as number) + (from[i + step] as number)) + 0.5;
      }
    }
  };
  const rows = new Uint8Array(rgb.length);
  const stride = width * 3;
  pass(rgb, rows, 3, stride);
  pass(rows, rgb, stride, stride * height);
}
