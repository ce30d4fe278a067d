import sharp from "sharp";
import { errorMessage, UserError } from "../../../tiles/errors.js";
import type { FrameImage } from "../frame.js";

/** Interleaved 8-bit RGB. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * Decodes a frame to RGB, reduced to `scale` (0..1] of its size on the way: a JPEG is then only decoded as finely as
 * needed, and the reduction is low-pass filtered. The reduced image covers exactly the same area, so that a pixel
 * (x, y) of the sensor lies at ((x + .5) * width / width_px - .5, ...) of the raster.
 *
 * An EXIF orientation is ignored on purpose: the intrinsics describe the sensor as it was read out.
 *
 * @throws UserError when the file cannot be decoded or is not width_px x height_px
 */
export async function decodeFrame(
  image: FrameImage,
  width_px: number,
  height_px: number,
  scale: number,
): Promise<Raster> {
  const name = image.kind === "file" ? image.path : "frame";
  const source =
    image.kind === "file"
      ? sharp(image.path, { sequentialRead: true })
      : sharp(image.data, { raw: { width: image.width_px, height: image.height_px, channels: image.channels } });
  const width = Math.max(1, Math.round(width_px * scale));
  const height = Math.max(1, Math.round(height_px * scale));
  try {
    const size = image.kind === "raw" ? { width: image.width_px, height: image.height_px } : await source.metadata();
    if (size.width !== width_px || size.height !== height_px) {
      throw new UserError(
        `${name} is ${size.width}x${size.height}, but the camera's intrinsics are for ${width_px}x${height_px}`,
      );
    }
    if (image.kind === "raw" && width === width_px && height === height_px) return rawRaster(image);
    let pipeline = source.removeAlpha().toColourspace("srgb");
    if (width !== width_px || height !== height_px) {
      pipeline = pipeline.resize(width, height, { fit: "fill", kernel: "cubic" });
    }
    const { data, info } = await pipeline.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data: toRgb(data, info.channels) };
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    throw new UserError(`${name} cannot be decoded: ${errorMessage(thrown)}`);
  }
}

function rawRaster(image: Extract<FrameImage, { kind: "raw" }>): Raster {
  return { width: image.width_px, height: image.height_px, data: toRgb(image.data, image.channels) };
}

function toRgb(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 3) {
    rgb.fill(data[from] ?? 0, to, to + 3);
  }
  return rgb;
}

/** Half the size in each direction by averaging 2 x 2 pixels; an odd last row or column is averaged with itself. */
export function halve(raster: Raster): Raster {
  const { width: w, height: h, data: d } = raster;
  const width = (w + 1) >> 1;
  const height = (h + 1) >> 1;
  const data = new Uint8Array(width * height * 3);
  let to = 0;
  for (let y = 0; y < height; y++) {
    const above = 2 * y * w;
    const below = Math.min(2 * y + 1, h - 1) * w;
    for (let x = 0; x < width; x++) {
      const left = 2 * x;
      const right = Math.min(left + 1, w - 1);
      const a = (above + left) * 3;
      const b = (above + right) * 3;
      const c = (below + left) * 3;
      const e = (below + right) * 3;
      for (let k = 0; k < 3; k++) {
        data[to++] =
          ((d[a + k] as number) + (d[b + k] as number) + (d[c + k] as number) + (d[e + k] as number) + 2) >> 2;
      }
    }
  }
  return { width, height, data };
}
