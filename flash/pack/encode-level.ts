import { mercatorScale } from "../../tiles/geodesy/index.js";
import { LevelGrid } from "../../tiles/pack/level-grid.js";
import { FEATURE_BLOCK, FEATURE_STRIDE_PX, type LevelGeometry } from "../../tiles/pack/manifest.js";
import type { PackWriter } from "../../tiles/pack/writer.js";
import type { ImagerySource } from "../sources/source.js";
import { BLOCK_PX, type BlockImage, MARGIN_PX } from "./encode-block.js";
import type { EncodingClient } from "./encoding-client.js";
import { RasterBand } from "./raster-band.js";

/** Blocks in a panel: wider maps are worked through in several, so that memory does not grow with the width. */
const PANEL_BLOCKS = 96;
/** Blocks waiting for the encoder while the next one is read. */
const QUEUE = 2;

/** What happened since the last call, for the progress line. */
export type OnProgress = (step: { readonly blocks: number; readonly cells: number; readonly bytes: number }) => void;

export interface LevelJob {
  readonly source: ImagerySource;
  readonly geometry: LevelGeometry;
  readonly encoder: EncodingClient;
  /** What the encoder needs the sides of an image to be multiples of. */
  readonly multiple_px: number;
  readonly writer: PackWriter;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

/** What a level turned out to hold. */
export interface LevelResult {
  readonly cells: number;
  /** Ground covered by imagery, square metres. */
  readonly covered_m2: number;
}

/**
 * Encodes a level: reads the map in blocks with context around them, stores their features and the cells they make.
 * The blocks, and with them the result, depend on the map and the level alone.
 */
export async function encodeLevel(job: LevelJob): Promise<LevelResult> {
  const grid = new LevelGrid(job.geometry);
  let cells = 0;
  let covered_m2 = 0;
  for (let first = 0; first < grid.block_cols; first += PANEL_BLOCKS) {
    const panel = new PanelPass(job, grid, first, Math.min(grid.block_cols, first + PANEL_BLOCKS));
    await panel.run();
    cells += panel.cells;
    covered_m2 += panel.covered_m2;
  }
  return { cells, covered_m2 };
}

class PanelPass {
  cells = 0;
  covered_m2 = 0;
  readonly #band: RasterBand;
  readonly #endBlock: number;
  readonly #pending: Promise<void>[] = [];

  /** The panel's blocks are [firstBlock, lastBlock); one more is read to complete the cells at its right edge. */
  constructor(
    readonly job: LevelJob,
    readonly grid: LevelGrid,
    readonly firstBlock: number,
    readonly lastBlock: number,
  ) {
    this.#endBlock = Math.min(grid.block_cols, lastBlock + 1);
    this.#band = new RasterBand(
      job.source,
      job.geometry,
      firstBlock * BLOCK_PX - MARGIN_PX,
      this.#endBlock * BLOCK_PX + MARGIN_PX,
      BLOCK_PX + 2 * MARGIN_PX,
    );
  }

  async run(): Promise<void> {
    const { geometry, encoder } = this.job;
    await encoder.beginPanel({
      first_col: this.firstBlock * FEATURE_BLOCK,
      end_col: Math.min(this.grid.feature_cols, this.#endBlock * FEATURE_BLOCK),
      end_cell_col: this.lastBlock * FEATURE_BLOCK,
      rows: this.grid.feature_rows,
      cell: geometry.cell_px / FEATURE_STRIDE_PX,
      stride: geometry.stride_px / FEATURE_STRIDE_PX,
    });
    for (let by = 0; by < this.grid.block_rows; by++) {
      await this.#band.moveTo(by * BLOCK_PX - MARGIN_PX, this.job.signal);
      this.#measure(by);
      for (let bx = this.firstBlock; bx < this.#endBlock; bx++) await this.#block(bx, by);
      await this.#drain(0);
      await this.#endRow();
    }
  }

  async #block(bx: number, by: number): Promise<void> {
    this.job.signal.throwIfAborted();
    const own = bx < this.lastBlock;
    const image = this.#cut(bx, by);
    if (image === null) {
      if (own) this.job.onProgress({ blocks: 1, cells: 0, bytes: 0 });
      return;
    }
    const store = async (): Promise<void> => {
      const features = await this.job.encoder.encode(bx * FEATURE_BLOCK, image);
      if (!own) return;
      this.job.writer.putFeatureBlock(this.grid.level, bx, by, features);
      this.job.onProgress({ blocks: 1, cells: 0, bytes: features.length });
    };
    const stored = store();
    // Whoever waits for it hears of a failure; until then it must not count as unhandled.
    stored.catch(() => undefined);
    this.#pending.push(stored);
    await this.#drain(QUEUE);
  }

  /** The block's image with its margin, or null when the block itself has no imagery. */
  #cut(bx: number, by: number): BlockImage | null {
    const { multiple_px } = this.job;
    const columns = Math.min(FEATURE_BLOCK, this.grid.feature_cols - bx * FEATURE_BLOCK);
    const rows = Math.min(FEATURE_BLOCK, this.grid.feature_rows - by * FEATURE_BLOCK);
    const left = (bx - this.firstBlock) * BLOCK_PX;
    const core = { width: columns * FEATURE_STRIDE_PX, height: rows * FEATURE_STRIDE_PX };
    if (!this.#band.hasImagery(left + MARGIN_PX, MARGIN_PX, core.width, core.height)) return null;
    const whole = (side: number) => Math.ceil((side + 2 * MARGIN_PX) / multiple_px) * multiple_px;
    const width_px = whole(core.width);
    const height_px = whole(core.height);
    return { width_px, height_px, columns, rows, ...this.#band.cut(left, 0, width_px, height_px) };
  }

  async #endRow(): Promise<void> {
    const { writer, onProgress, geometry } = this.job;
    const cells = await this.job.encoder.endRow();
    for (const { col, row, descriptor, encoders } of cells) {
      const place = { level: geometry.level, col0_px: col * FEATURE_STRIDE_PX, row0_px: row * FEATURE_STRIDE_PX };
      writer.putCell(place, descriptor, encoders);
    }
    this.cells += cells.length;
    const bytes = cells.reduce((sum, cell) => sum + cell.descriptor.length * 5, 0);
    onProgress({ blocks: 0, cells: cells.length, bytes });
  }

  /** Waits until at most `keep` blocks are on their way. */
  async #drain(keep: number): Promise<void> {
    while (this.#pending.length > keep) await this.#pending.shift();
  }

  /** Adds up the ground under the imagery of a row of blocks. */
  #measure(by: number): void {
    const { geometry } = this.job;
    const columns = Math.min(geometry.width_px, this.lastBlock * BLOCK_PX) - this.firstBlock * BLOCK_PX;
    const rows = Math.min(BLOCK_PX, geometry.height_px - by * BLOCK_PX);
    for (let row = 0; row < rows; row++) {
      const from = (MARGIN_PX + row) * this.#band.width + MARGIN_PX;
      const seen = this.#band.valid.subarray(from, from + columns).reduce((sum, valid) => sum + valid, 0);
      if (seen === 0) continue;
      const scale = mercatorScale(this.grid.pxToLonLat(0, by * BLOCK_PX + row + 0.5).lat_deg);
      this.covered_m2 += seen * scale.north * scale.east * geometry.pixel_merc_m ** 2;
    }
  }
}
