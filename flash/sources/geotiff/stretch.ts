import type { TiffBlocks } from "./blocks.js";
import { type PixelLayout, type Stretch, sampleReader } from "./pixels.js";

/** Blocks looked at to find the range of values, spread evenly over the image. */
const SAMPLED_BLOCKS = 48;
/** Pixels looked at in each. */
const SAMPLED_PIXELS = 4096;
/** Share of the values cut off at each end: a few glints or dead pixels must not set the contrast. */
const CUT = 0.005;

/**
 * Finds how samples of more than 8 bit become 8 bit: each colour's 0.5 % and 99.5 % quantiles become 0 and 255.
 * Images of 12- or 14-bit sensors and of reflectances use a small part of the type's range, which a plain shift would
 * make black. Integers that all lie in 0..255 are taken as they are. Depends on the image alone.
 */
export async function findStretch(blocks: TiffBlocks, layout: PixelLayout): Promise<[Stretch, Stretch, Stretch]> {
  const values: [number[], number[], number[]] = [[], [], []];
  const total = blocks.columns * blocks.rows;
  const step = Math.max(1, total / SAMPLED_BLOCKS);
  for (let k = 0; k < total; k += step) {
    const index = Math.floor(k);
    const bx = index % blocks.columns;
    const by = Math.floor(index / blocks.columns);
    const parts = await blocks.read(bx, by);
    if (parts === null) continue;
    collect(parts, blocks, bx, by, layout, values);
  }
  const sorted = values.map((band) => Float64Array.from(band).sort());
  const isByteRange =
    blocks.directory.format !== 3 && sorted.every((band) => (band[0] ?? 0) >= 0 && (band.at(-1) ?? 0) <= 255);
  if (isByteRange) return [byteRange, byteRange, byteRange];
  return sorted.map(quantiles) as [Stretch, Stretch, Stretch];
}

const byteRange: Stretch = { low: 0, high: 255 };

function collect(
  parts: readonly Uint8Array[],
  blocks: TiffBlocks,
  bx: number,
  by: number,
  layout: PixelLayout,
  values: [number[], number[], number[]],
): void {
  const { directory, blockWidth } = blocks;
  const read = sampleReader(parts, directory);
  const width = Math.min(blockWidth, directory.width - bx * blockWidth);
  const height = Math.min(blocks.blockRows(by), directory.height - by * blocks.blockHeight);
  const step = Math.max(1, (width * height) / SAMPLED_PIXELS);
  for (let k = 0; k < width * height; k += step) {
    const at = Math.floor(k);
    const pixel = Math.floor(at / width) * blockWidth + (at % width);
    const colour = layout.colours.map((index) => read(pixel, index));
    if (colour.some(Number.isNaN) || colour.every((value) => value === layout.nodata)) continue;
    if (layout.alpha !== null && read(pixel, layout.alpha) === 0) continue;
    colour.forEach((value, band) => {
      values[band]?.push(value);
    });
  }
}

function quantiles(sorted: Float64Array): Stretch {
  const low = sorted[Math.floor(CUT * (sorted.length - 1))] ?? 0;
  const high = sorted[Math.ceil((1 - CUT) * (sorted.length - 1))] ?? 1;
  return high > low ? { low, high } : { low, high: low + 1 };
}
