import type { BlockCache } from "../block-cache.js";
import type { BlockView } from "../warp.js";
import type { TiffBlocks } from "./blocks.js";
import { type PixelLayout, sampleReader, toRgba } from "./pixels.js";

/** Strips are grouped until a group has this many rows, so that a block is worth its bookkeeping. */
const MIN_GROUP_ROWS = 16;

/** One image of a TIFF's pyramid with the mask that belongs to it. */
export interface TiffLevel {
  /** Distinguishes the levels of all inputs in the shared cache. */
  readonly key: string;
  readonly blocks: TiffBlocks;
  readonly mask: TiffBlocks | null;
  readonly layout: PixelLayout;
}

/**
 * A level reduced by a power of two as it is decoded: every pixel is the mean of the valid ones among `reduction`²,
 * valid where at least half of them are. Keeps memory and time in bounds when a map without overviews is far finer
 * than what is asked of it.
 */
export class TiffView implements BlockView {
  readonly width: number;
  readonly height: number;
  readonly blockWidth: number;
  readonly blockHeight: number;
  readonly #stripsPerBlock: number;

  constructor(
    readonly level: TiffLevel,
    readonly reduction: number,
    readonly cache: BlockCache,
  ) {
    const { directory, blockWidth, blockHeight } = level.blocks;
    this.width = Math.ceil(directory.width / reduction);
    this.height = Math.ceil(directory.height / reduction);
    if (directory.tiled) {
      this.#stripsPerBlock = 1;
      this.blockWidth = blockWidth / reduction;
      this.blockHeight = blockHeight / reduction;
    } else {
      const whole = reduction / gcd(blockHeight, reduction);
      this.#stripsPerBlock = whole * Math.ceil(MIN_GROUP_ROWS / (whole * blockHeight));
      this.blockWidth = this.width;
      this.blockHeight = (this.#stripsPerBlock * blockHeight) / reduction;
    }
  }

  /** The largest power of two, at most `wanted`, by which the level's tiles can be reduced without joining any. */
  static possibleReduction(blocks: TiffBlocks, wanted: number): number {
    let reduction = 1;
    while (reduction * 2 <= wanted) {
      const next = reduction * 2;
      if (blocks.directory.tiled && (blocks.blockWidth % next !== 0 || blocks.blockHeight % next !== 0)) break;
      reduction = next;
    }
    return reduction;
  }

  block(bx: number, by: number): Promise<Uint8Array> {
    return this.cache.get(`${this.level.key}/${this.reduction}/${bx}/${by}`, () => this.#decode(bx, by));
  }

  async #decode(bx: number, by: number): Promise<Uint8Array> {
    const { directory } = this.level.blocks;
    const left = bx * this.blockWidth * this.reduction;
    const top = by * this.blockHeight * this.reduction;
    const width = Math.min(this.blockWidth * this.reduction, directory.width - left);
    const height = Math.min(this.blockHeight * this.reduction, directory.height - top);
    const rgba = new Uint8Array(width * height * 4);
    for (let strip = 0; strip < this.#stripsPerBlock; strip++) {
      const stripRow = by * this.#stripsPerBlock + strip;
      if (stripRow >= this.level.blocks.rows) break;
      const rows = this.level.blocks.blockRows(stripRow);
      const parts = await this.level.blocks.read(bx, stripRow);
      if (parts === null) continue;
      const block = toRgba(parts, this.level.blocks.blockWidth * rows, directory, this.level.layout);
      const firstRow = strip * this.level.blocks.blockHeight;
      for (let row = 0; row < rows && firstRow + row < height; row++) {
        const from = row * this.level.blocks.blockWidth * 4;
        rgba.set(block.subarray(from, from + width * 4), (firstRow + row) * width * 4);
      }
    }
    if (this.level.mask !== null) await this.#applyMask(this.level.mask, rgba, left, top, width, height);
    return this.reduction === 1 ? rgba : reduce(rgba, width, height, this.reduction);
  }

  async #applyMask(
    mask: TiffBlocks,
    rgba: Uint8Array,
    left: number,
    top: number,
    width: number,
    height: number,
  ): Promise<void> {
    for (let by = Math.floor(top / mask.blockHeight); by * mask.blockHeight < top + height; by++) {
      for (let bx = Math.floor(left / mask.blockWidth); bx * mask.blockWidth < left + width; bx++) {
        const shown = await this.#maskBlock(mask, bx, by);
        const x0 = Math.max(left, bx * mask.blockWidth);
        const x1 = Math.min(left + width, (bx + 1) * mask.blockWidth);
        const y0 = Math.max(top, by * mask.blockHeight);
        const y1 = Math.min(top + height, (by + 1) * mask.blockHeight);
        for (let y = y0; y < y1; y++) {
          const row = (y - by * mask.blockHeight) * mask.blockWidth - bx * mask.blockWidth;
          for (let x = x0; x < x1; x++) {
            if (shown[row + x] === 0) rgba[((y - top) * width + x - left) * 4 + 3] = 0;
          }
        }
      }
    }
  }

  /** 1 where the mask shows the image, one byte a pixel. */
  #maskBlock(mask: TiffBlocks, bx: number, by: number): Promise<Uint8Array> {
    return this.cache.get(`${this.level.key}/mask/${bx}/${by}`, async () => {
      const shown = new Uint8Array(mask.blockWidth * mask.blockRows(by));
      const parts = await mask.read(bx, by);
      if (parts === null) return shown;
      const read = sampleReader(parts, mask.directory);
      for (let pixel = 0; pixel < shown.length; pixel++) shown[pixel] = read(pixel, 0) === 0 ? 0 : 1;
      return shown;
    });
  }
}

/** Box-averages RGBA over factor x factor pixels; at the right and bottom edge over those that are there. */
function reduce(rgba: Uint8Array, width: number, height: number, factor: number): Uint8Array {
  const outWidth = Math.ceil(width / factor);
  const outHeight = Math.ceil(height / factor);
  const out = new Uint8Array(outWidth * outHeight * 4);
  for (let row = 0; row < outHeight; row++) {
    const bottom = Math.min(height, (row + 1) * factor);
    for (let col = 0; col < outWidth; col++) {
      const right = Math.min(width, (col + 1) * factor);
      let red = 0;
      let green = 0;
      let blue = 0;
      let seen = 0;
      for (let y = row * factor; y < bottom; y++) {
        for (let x = col * factor, at = (y * width + x) * 4; x < right; x++, at += 4) {
          if (rgba[at + 3] === 0) continue;
          red += rgba[at] as number;
          green += rgba[at + 1] as number;
          blue += rgba[at + 2] as number;
          seen++;
        }
      }
      if (seen * 2 < (bottom - row * factor) * (right - col * factor) || seen === 0) continue;
      const to = (row * outWidth + col) * 4;
      out[to] = Math.round(red / seen);
      out[to + 1] = Math.round(green / seen);
      out[to + 2] = Math.round(blue / seen);
      out[to + 3] = 255;
    }
  }
  return out;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
