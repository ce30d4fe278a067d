import type { ImagerySource } from "../sources/source.js";

/** A raster of the mercator plane without bounds: pixel (0, 0) has its top-left corner at (x0, y0). */
export interface MercatorGrid {
  readonly x0_merc_m: number;
  readonly y0_merc_m: number;
  readonly pixel_merc_m: number;
}

/** Rows and columns read at a time: low, so that a source in full-width strips need not hold many of them. */
const CHUNK_ROWS = 64;
const CHUNK_COLUMNS = 512;

/**
 * A band of a grid, as wide as a panel and a few hundred rows high, that moves down over the imagery. Each place is
 * read from the source once, in raster order.
 */
export class RasterBand {
  readonly width: number;
  readonly rgb: Uint8Array;
  /** 1 where there is imagery. */
  readonly valid: Uint8Array;
  #top: number | null = null;

  /**
   * @param first_col grid column of the band's left edge; may be negative
   * @param rows height of the band
   */
  constructor(
    readonly source: ImagerySource,
    readonly grid: MercatorGrid,
    readonly first_col: number,
    end_col: number,
    readonly rows: number,
  ) {
    this.width = end_col - first_col;
    this.rgb = new Uint8Array(this.width * rows * 3);
    this.valid = new Uint8Array(this.width * rows);
  }

  /** Moves the band's top edge down to a grid row; what the band shows already is kept, not read again. */
  async moveTo(top: number, signal: AbortSignal): Promise<void> {
    const keep = this.#top === null ? 0 : Math.max(0, this.#top + this.rows - top);
    const from = (this.rows - keep) * this.width;
    this.rgb.copyWithin(0, from * 3);
    this.valid.copyWithin(0, from);
    this.rgb.fill(0, keep * this.width * 3);
    this.valid.fill(0, keep * this.width);
    this.#top = top;
    for (let row = keep; row < this.rows; row += CHUNK_ROWS) {
      for (let col = 0; col < this.width; col += CHUNK_COLUMNS) {
        signal.throwIfAborted();
        await this.#readChunk(
          col,
          row,
          Math.min(CHUNK_COLUMNS, this.width - col),
          Math.min(CHUNK_ROWS, this.rows - row),
        );
      }
    }
  }

  /** Whether there is any imagery in a rectangle of the band. */
  hasImagery(col: number, row: number, width: number, height: number): boolean {
    for (let y = row; y < row + height; y++) {
      if (this.valid.subarray(y * this.width + col, y * this.width + col + width).includes(1)) return true;
    }
    return false;
  }

  /** Copies a rectangle of the band out. */
  cut(
    col: number,
    row: number,
    width: number,
    height: number,
  ): { rgb: Uint8Array<ArrayBuffer>; valid: Uint8Array<ArrayBuffer> } {
    const rgb = new Uint8Array(width * height * 3);
    const valid = new Uint8Array(width * height);
    for (let y = 0; y < height; y++) {
      const from = (row + y) * this.width + col;
      rgb.set(this.rgb.subarray(from * 3, (from + width) * 3), y * width * 3);
      valid.set(this.valid.subarray(from, from + width), y * width);
    }
    return { rgb, valid };
  }

  async #readChunk(col: number, row: number, width: number, height: number): Promise<void> {
    const { x0_merc_m, y0_merc_m, pixel_merc_m } = this.grid;
    const raster = await this.source.read({
      x0_merc_m: x0_merc_m + (this.first_col + col) * pixel_merc_m,
      y0_merc_m: y0_merc_m - ((this.#top ?? 0) + row) * pixel_merc_m,
      pixel_merc_m,
      width,
      height,
    });
    if (raster === null) return;
    for (let y = 0; y < height; y++) {
      const to = (row + y) * this.width + col;
      this.rgb.set(raster.rgb.subarray(y * width * 3, (y + 1) * width * 3), to * 3);
      this.valid.set(raster.valid.subarray(y * width, (y + 1) * width), to);
    }
  }
}
