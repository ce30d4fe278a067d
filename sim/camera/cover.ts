import { hash01, hash32 } from "../world/random.js";

/** A cap: hardly any light. Mud: blotches that stay where they are on the lens, and a smeared picture between them. */
export type LensCover = "cap" | "mud";
export const LENS_COVERS: readonly LensCover[] = ["cap", "mud"];

/** Black of a covered sensor and its noise, 8-bit levels. */
const DARK_LEVEL = 7;
const DARK_NOISE = 2;
const BLOTCHES = 14;
const MUD: readonly [number, number, number] = [74, 60, 46];

/**
 * What a camera shows through a covered lens, in place. The cover is fixed to the camera: what little structure is left
 * does not move with the ground.
 *
 * @param frame changes the noise only
 * @param seed decides where the mud sits; the same for all frames of a flight
 */
export function coverLens(
  rgb: Uint8Array,
  width: number,
  height: number,
  cover: LensCover,
  frame: number,
  seed: number,
): void {
  if (cover === "mud") smear(rgb, width, height, Math.max(2, Math.round(width / 40)));
  for (let row = 0; row < height; row++) {
    for (let col = 0; col < width; col++) {
      const i = (row * width + col) * 3;
      const noise = (((hash32(i, frame, seed) & 255) - 127.5) / 74) * DARK_NOISE;
      const opaque = cover === "mud" ? mudAt(col / width, row / height, seed) : 1;
      for (let c = 0; c < 3; c++) {
        // Light that leaks past the rim of a cap brightens one side.
        const solid = cover === "mud" ? (MUD[c] as number) : DARK_LEVEL + (4 * col) / width;
        const value = (rgb[i + c] as number) * (1 - opaque) + solid * opaque + noise;
        rgb[i + c] = Math.min(255, Math.max(0, value + 0.5));
      }
    }
  }
}

/** Opacity of the mud at a place of the picture, 0..1: soft-edged, since the lens is far out of focus. */
function mudAt(x: number, y: number, seed: number): number {
  let clear = 1;
  for (let k = 0; k < BLOTCHES; k++) {
    const radius = 0.08 + 0.14 * hash01(seed, k, 3);
    const d2 = ((x - hash01(seed, k, 1)) ** 2 + (y - hash01(seed, k, 2)) ** 2) / (radius * radius);
    clear *= 1 - 0.95 * Math.exp(-d2 * d2);
  }
  return 1 - clear;
}

/** A box blur, rows then columns. */
function smear(rgb: Uint8Array, width: number, height: number, radius: number): void {
  const pass = (count: number, lines: number, step: number, stride: number): void => {
    const line = new Float64Array(count + 1);
    for (let l = 0; l < lines; l++) {
      for (let c = 0; c < 3; c++) {
        const start = l * stride + c;
        for (let k = 0; k < count; k++) line[k + 1] = (line[k] as number) + (rgb[start + k * step] as number);
        for (let k = 0; k < count; k++) {
          const from = Math.max(0, k - radius);
          const to = Math.min(count, k + radius + 1);
          rgb[start + k * step] = ((line[to] as number) - (line[from] as number)) / (to - from);
        }
      }
    }
  };
  pass(width, height, 3, width * 3);
  pass(height, width, width * 3, 3);
}
