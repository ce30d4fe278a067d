import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import sharp from "sharp";
import type { ImageEmbedder } from "../../../models/runtime/embedder.js";
import { type Raster, raster } from "./raster.js";

export type Colour = readonly [red: number, green: number, blue: number];

/** Writes a picture of one colour; the file's ending says the format. */
export async function writeColour(path: string, colour: Colour, width_px = 12, height_px = 12): Promise<void> {
  await writeRaster(
    path,
    raster(width_px, height_px, () => colour),
  );
}

/** Writes a picture, its folder included. */
export async function writeRaster(path: string, { data, width, height }: Raster): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  await sharp(data, { raw: { width, height, channels: 3 } }).toFile(path);
}

/** The four outer quarters' mean colours about grey, as a unit vector of 12: what is like is told by colour and side. */
export class QuarterEmbedder implements ImageEmbedder {
  readonly id = "quarters";
  readonly sha256 = "0".repeat(64);
  readonly width = 12;
  readonly side_px = 8;
  readonly fillColour = [128, 128, 128] as const;
  released = false;

  async embed(rgb: Uint8Array, n: number): Promise<Float32Array> {
    const { side_px: side, width } = this;
    const out = new Float32Array(n * width);
    for (let image = 0; image < n; image++) {
      for (let p = 0; p < side * side; p++) {
        const quarter = (p % side >= side / 2 ? 1 : 0) + (p >= (side * side) / 2 ? 2 : 0);
        for (let c = 0; c < 3; c++) {
          const at = image * width + quarter * 3 + c;
          out[at] = (out[at] ?? 0) + (rgb[(image * side * side + p) * 3 + c] ?? 0) - 128;
        }
      }
      const row = out.subarray(image * width, (image + 1) * width);
      const norm = Math.hypot(...row) || 1;
      row.forEach((value, i) => {
        row[i] = value / norm;
      });
    }
    return out;
  }

  async release(): Promise<void> {
    this.released = true;
  }
}
