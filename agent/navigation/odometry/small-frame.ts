import { UserError } from "../../../tiles/errors.js";
import type { Intrinsics } from "../../../tiles/geometry/intrinsics.js";
import type { FrameImage } from "../../vision/frame.js";
import { decodeFrame, type Raster } from "../../vision/rectify/decode.js";

/** A frame reduced to what odometry needs, and the lens that describes the part of the sensor which it covers. */
export interface SmallFrame {
  /** Interleaved RGB; raw frames come out grey, three equal bytes a pixel. */
  readonly raster: Raster;
  readonly lens: Intrinsics;
}

/**
 * Reads frames at 1/`factor` of their size, each pixel the mean of what it replaces. Raw frames are reduced here, in one
 * pass over their bytes; files by the decoder, which then decodes a JPEG only as finely as needed.
 */
export class FrameReducer {
  private readonly cropped: Intrinsics;

  constructor(
    private readonly lens: Intrinsics,
    private readonly factor: number,
  ) {
    // A raw frame loses the pixels at the right and lower edge that do not fill a whole block.
    const width_px = Math.floor(lens.width_px / factor) * factor;
    const height_px = Math.floor(lens.height_px / factor) * factor;
    this.cropped = { ...lens, width_px, height_px };
  }

  /** @throws UserError when the image cannot be decoded or has another size than the lens */
  async read(image: FrameImage): Promise<SmallFrame> {
    const { width_px, height_px } = this.lens;
    if (image.kind === "file") {
      return { raster: await decodeFrame(image, width_px, height_px, 1 / this.factor), lens: this.lens };
    }
    if (image.width_px !== width_px || image.height_px !== height_px) {
      throw new UserError(
        `frame is ${image.width_px}x${image.height_px}, but the camera's intrinsics are for ${width_px}x${height_px}`,
      );
    }
    const bytes = width_px * height_px * image.channels;
    if (image.data.length !== bytes) {
      throw new UserError(`frame has ${image.data.length} bytes, but its size asks for ${bytes}`);
    }
    return { raster: reduce(image.data, width_px, height_px, image.channels, this.factor), lens: this.cropped };
  }
}

function reduce(data: Uint8Array, width_px: number, height_px: number, channels: 1 | 3, factor: number): Raster {
  const width = Math.floor(width_px / factor);
  const height = Math.floor(height_px / factor);
  const out = new Uint8Array(width * height * 3);
  const run = factor * channels;
  const area = run * factor;
  const sums = new Uint32Array(width);
  for (let row = 0, to = 0; row < height; row++) {
    sums.fill(0);
    for (let line = 0; line < factor; line++) {
      let from = (row * factor + line) * width_px * channels;
      for (let col = 0; col < width; col++) {
        let sum = 0;
        for (const end = from + run; from < end; from++) sum += data[from] as number;
        sums[col] = (sums[col] as number) + sum;
      }
    }
    for (let col = 0; col < width; col++, to += 3) {
      const grey = ((sums[col] as number) / area + 0.5) | 0;
      out[to] = grey;
      out[to + 1] = grey;
      out[to + 2] = grey;
    }
  }
  return { width, height, data: out };
}

/** Bytes nearer to black or white than this are clipped: they have no noise by which a live camera could be told. */
const CLIP = 3;

/** The part of the unclipped bytes that are the same in both; 1 when all are clipped, 0 when the sizes differ. */
export function unchangedPart(a: Raster, b: Raster): number {
  if (a.width !== b.width || a.height !== b.height) return 0;
  let counted = 0;
  let same = 0;
  for (let i = 0; i < a.data.length; i++) {
    const value = a.data[i] as number;
    if (value < CLIP || value > 255 - CLIP) continue;
    counted++;
    if (value === b.data[i]) same++;
  }
  return counted === 0 ? 1 : same / counted;
}
