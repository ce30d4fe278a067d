import sharp from "sharp";
import { errorMessage, UserError } from "../../tiles/errors.js";
import type { EvalImage } from "./task.js";

/** How a picture that is not square becomes one: squeezed (the benchmarks' own transform), or its middle cut out. */
export const FITS = ["squeeze", "crop"] as const;
export type Fit = (typeof FITS)[number];

/**
 * Decodes a picture to a square of interleaved 8-bit RGB [side_px, side_px, 3], resized bicubically. An EXIF
 * orientation is ignored, as in the benchmarks' own readers.
 *
 * @throws UserError that names the file when it cannot be decoded
 */
export async function loadSquare(image: EvalImage, side_px: number, fit: Fit): Promise<Uint8Array> {
  try {
    // Warnings of a decoder (an odd marker, say) do not change the picture; truncation and damage do.
    const { data, info } = await sharp(image.path, { sequentialRead: true, failOn: "error" })
      .removeAlpha()
      .toColourspace("srgb")
      .resize(side_px, side_px, { fit: fit === "squeeze" ? "fill" : "cover", position: "centre", kernel: "cubic" })
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return info.channels === 3 ? data : greyToRgb(data, info.channels);
  } catch (thrown) {
    throw new UserError(`${image.path}: cannot be decoded: ${errorMessage(thrown)}; copy the file again`);
  }
}

function greyToRgb(data: Uint8Array, channels: number): Uint8Array {
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 3) rgb.fill(data[from] ?? 0, to, to + 3);
  return rgb;
}

/** A picture turned about its centre, and which of its pixels were seen: rgb [side, side, 3], valid [side, side]. */
export interface TurnedImage {
  readonly rgb: Uint8Array;
  readonly valid: Uint8Array;
}

/**
 * Turns a square picture clockwise about its centre (bilinear). A picture whose top points `deg` degrees clockwise from
 * north is north-up afterwards. Corners that the turn brings in are `fill` and not valid.
 *
 * @param rgb interleaved [side_px, side_px, 3]
 */
export function turnClockwise(
  rgb: Uint8Array,
  side_px: number,
  deg: number,
  fill: readonly [number, number, number],
): TurnedImage {
  const valid = new Uint8Array(side_px * side_px);
  const angle_deg = ((deg % 360) + 360) % 360;
  if (angle_deg === 0) return { rgb, valid: valid.fill(1) };
  const out = new Uint8Array(rgb.length);
  const quarter = Math.round(angle_deg / 90);
  const straight = Math.abs(angle_deg - 90 * quarter) < 1e-9;
  // Quarter turns are exact: rounded sines would blur them.
  const cos = straight ? ([1, 0, -1, 0][quarter % 4] ?? 1) : Math.cos((angle_deg * Math.PI) / 180);
  const sin = straight ? ([0, 1, 0, -1][quarter % 4] ?? 0) : Math.sin((angle_deg * Math.PI) / 180);
  const middle = (side_px - 1) / 2;
  const last = side_px - 1;
  for (let y = 0, at = 0; y < side_px; y++) {
    for (let x = 0; x < side_px; x++, at++) {
      const u = middle + (x - middle) * cos + (y - middle) * sin;
      const v = middle - (x - middle) * sin + (y - middle) * cos;
      if (u < -0.5 || v < -0.5 || u > last + 0.5 || v > last + 0.5) {
        out.set(fill, at * 3);
        continue;
      }
      const x0 = Math.min(last, Math.max(0, Math.floor(u)));
      const y0 = Math.min(last, Math.max(0, Math.floor(v)));
      const x1 = Math.min(last, x0 + 1);
      const y1 = Math.min(last, y0 + 1);
      const fx = Math.min(1, Math.max(0, u - x0));
      const fy = Math.min(1, Math.max(0, v - y0));
      for (let c = 0; c < 3; c++) {
        const pixel = (row: number, column: number): number => rgb[(row * side_px + column) * 3 + c] as number;
        const above = pixel(y0, x0) * (1 - fx) + pixel(y0, x1) * fx;
        const below = pixel(y1, x0) * (1 - fx) + pixel(y1, x1) * fx;
        out[at * 3 + c] = Math.round(above * (1 - fy) + below * fy);
      }
      valid[at] = 1;
    }
  }
  return { rgb: out, valid };
}

/** The headings at which a query is tried: `count` of them, evenly around from 0, degrees. */
export function headingsAround(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i * 360) / count);
}
