import type { QwenPreprocessor } from "../files/preprocessor.js";
import type { ImageReader, PreparedImage, RgbImage } from "./image.js";
import { byteValues } from "./normalise.js";
import { BICUBIC, resample } from "./resample.js";

/** Sizes that the family's processor uses where the folder does not say. */
const MIN_PIXELS = 56 * 56;
const MAX_PIXELS = 28 * 28 * 1280;

/**
 * Images of Qwen2-VL and Qwen2.5-VL: resized to whole patches within a range of pixels, and written as a list of
 * patches, each seen twice (these models read pairs of video frames), ordered by the squares that are merged to a token.
 */
export class QwenImages implements ImageReader {
  private readonly values: readonly Float32Array[];

  constructor(
    readonly image_token: string,
    private readonly settings: QwenPreprocessor,
  ) {
    this.values = byteValues(settings);
  }

  prepare(image: RgbImage): PreparedImage {
    const { patch_size: patch, merge_size: merge, temporal_patch_size: times, size, resample: kernel } = this.settings;
    const { width, height } = smartResize(image, {
      factor: patch * merge,
      min_pixels: this.settings.min_pixels ?? size.shortest_edge ?? MIN_PIXELS,
      max_pixels: this.settings.max_pixels ?? size.longest_edge ?? MAX_PIXELS,
    });
    const { rgb } = resample(image, width, height, kernel ?? BICUBIC);
    const [down, across] = [height / patch, width / patch];
    const data = new Float32Array(down * across * 3 * times * patch * patch);
    let to = 0;
    for (let block = 0; block < (down * across) / merge ** 2; block++) {
      const top = Math.floor(block / (across / merge)) * merge;
      const left = (block % (across / merge)) * merge;
      for (let inner = 0; inner < merge ** 2; inner++) {
        const y0 = (top + Math.floor(inner / merge)) * patch;
        const x0 = (left + (inner % merge)) * patch;
        to = this.writePatch(rgb, width, x0, y0, data, to);
      }
    }
    const [rows, cols] = [down / merge, across / merge];
    return {
      feeds: {
        pixel_values: { data, dims: [down * across, 3 * times * patch * patch] },
        grid_thw: { data: BigInt64Array.from([1n, BigInt(down), BigInt(across)]), dims: [1, 3] },
      },
      tokens: rows * cols,
      text: this.image_token.repeat(rows * cols),
      grid: { rows, cols },
    };
  }

  /** Writes [channel, time, y, x] of one patch and returns where the next one goes. */
  private writePatch(rgb: Uint8Array, width: number, x0: number, y0: number, data: Float32Array, at: number): number {
    const { patch_size: patch, temporal_patch_size: times } = this.settings;
    let to = at;
    for (let c = 0; c < 3; c++) {
      const value = this.values[c] as Float32Array;
      for (let time = 0; time < times; time++) {
        for (let y = 0; y < patch; y++) {
          let from = ((y0 + y) * width + x0) * 3 + c;
          for (let x = 0; x < patch; x++, from += 3) data[to++] = value[rgb[from] as number] as number;
        }
      }
    }
    return to;
  }
}

/** Limits of an image's size. */
export interface SizeLimits {
  /** Both sides become multiples of this. */
  readonly factor: number;
  readonly min_pixels: number;
  readonly max_pixels: number;
}

/**
 * The size nearest to an image's own with sides in whole multiples of `factor` and the number of pixels within limits
 * (the family's `smart_resize`).
 */
export function smartResize(
  { width, height }: { readonly width: number; readonly height: number },
  { factor, min_pixels, max_pixels }: SizeLimits,
): { width: number; height: number } {
  if (Math.max(width, height) / Math.min(width, height) > 200) {
    throw new RangeError(`smartResize: ${width} x ${height} px is too long and thin`);
  }
  const near = (length: number): number => roundHalfEven(length / factor) * factor;
  const area = near(width) * near(height);
  if (area > max_pixels) {
    const shrink = Math.sqrt((height * width) / max_pixels);
    const to = (length: number): number => Math.max(factor, Math.floor(length / shrink / factor) * factor);
    return { width: to(width), height: to(height) };
  }
  if (area < min_pixels) {
    const grow = Math.sqrt(min_pixels / (height * width));
    const to = (length: number): number => Math.ceil((length * grow) / factor) * factor;
    return { width: to(width), height: to(height) };
  }
  return { width: near(width), height: near(height) };
}

/** Python's round(): halves go to the even neighbour. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
