import { FEATURE_BLOCK } from "../../tiles/pack/manifest.js";

/** Rows of feature positions, each with the same number of bytes, row-major. */
export interface HeldRows {
  readonly bytes: Int8Array | Uint8Array;
  readonly columns: number;
}

/** Makes descriptors of square windows of held positions. */
export interface WindowDescriber {
  /** Bytes that are held of a position. */
  readonly positionBytes: number;
  readonly descriptorWidth: number;
  /** Windows described in one call. */
  readonly batch: number;
  /** Room for so many positions, all without imagery. */
  allocate(positions: number): Int8Array | Uint8Array;
  /** Makes the bytes from `from` on what they are where there is no imagery. */
  clear(bytes: Int8Array | Uint8Array, from: number): void;
  /**
   * @param windows number of the top-left position of each window: row * columns + column
   * @param side of the windows, positions
   * @returns [windows, descriptorWidth], unit vectors
   */
  describe(held: HeldRows, windows: readonly number[], side: number): Promise<Float32Array>;
}

/** A panel: a run of feature columns of a level, and how cells lie on it. All in features. */
export interface PanelGeometry {
  /** First feature column, and the one after the last that is delivered. */
  readonly first_col: number;
  readonly end_col: number;
  /** Cells whose left column lies before this one belong to the panel; the rest of it is only there to complete them. */
  readonly end_cell_col: number;
  /** Feature rows of the level. */
  readonly rows: number;
  readonly cell: number;
  readonly stride: number;
}

/** A cell by the feature column and row of its top-left corner. */
export interface DescribedCell {
  readonly col: number;
  readonly row: number;
  readonly descriptor: Float32Array;
  /** The encoder's own descriptor, where another model made the cell's. */
  readonly encoders?: Float32Array;
}

/** A cell is made where at least this share of its feature positions lies on imagery. */
export const MIN_VALID_SHARE = 0.9;

/**
 * Makes cells of the blocks of a panel as they come, row of blocks by row of blocks: describes every complete window.
 * Holds little more than one row of blocks.
 */
export class CellAssembler {
  readonly #columns: number;
  readonly #rowsHeld: number;
  readonly #held: Int8Array | Uint8Array;
  readonly #seen: Uint8Array;
  /** Feature row of the first row held, and how many rows from there on are complete. */
  #top = 0;
  #filled = 0;
  #nextCellRow = 0;

  constructor(
    readonly panel: PanelGeometry,
    readonly describer: WindowDescriber,
  ) {
    this.#columns = panel.end_col - panel.first_col;
    this.#rowsHeld = FEATURE_BLOCK + panel.cell;
    this.#held = describer.allocate(this.#columns * this.#rowsHeld);
    this.#seen = new Uint8Array(this.#columns * this.#rowsHeld);
  }

  /**
   * Takes a block of the row of blocks that is being delivered.
   * @param first_col feature column of its left edge
   * @param block what the describer works on, 64 x 64 positions, row-major
   * @param seen one byte a position, 1 where it lies on imagery
   */
  add(first_col: number, block: Int8Array | Uint8Array, seen: Uint8Array): void {
    const { positionBytes } = this.describer;
    const left = first_col - this.panel.first_col;
    const width = Math.min(FEATURE_BLOCK, this.#columns - left);
    for (let i = 0; i < FEATURE_BLOCK; i++) {
      const to = (this.#filled + i) * this.#columns + left;
      const from = i * FEATURE_BLOCK;
      this.#held.set(block.subarray(from * positionBytes, (from + width) * positionBytes), to * positionBytes);
      this.#seen.set(seen.subarray(from, from + width), to);
    }
  }

  /** Ends the row of blocks: the cells that are complete now, row by row from the west. */
  async endRow(): Promise<DescribedCell[]> {
    const { cell, stride, rows } = this.panel;
    this.#filled = Math.min(this.#filled + FEATURE_BLOCK, rows - this.#top);
    const complete = this.#top + this.#filled;
    const places: { col: number; row: number }[] = [];
    for (; this.#nextCellRow + cell <= complete; this.#nextCellRow += stride) {
      const last = Math.min(this.panel.end_cell_col - 1, this.panel.end_col - cell);
      const first = Math.ceil(this.panel.first_col / stride) * stride;
      for (let col = first; col <= last; col += stride) {
        if (this.#isSeen(col, this.#nextCellRow)) places.push({ col, row: this.#nextCellRow });
      }
    }
    const cells = await this.#describe(places);
    this.#drop();
    return cells;
  }

  /** Lets go of the rows that no further cell needs. */
  #drop(): void {
    const gone = Math.min(this.#filled, this.#nextCellRow - this.#top);
    const { positionBytes } = this.describer;
    this.#held.copyWithin(0, gone * this.#columns * positionBytes);
    this.#seen.copyWithin(0, gone * this.#columns);
    this.#top += gone;
    this.#filled -= gone;
    // What is not delivered for the next row of blocks is no imagery.
    this.describer.clear(this.#held, this.#filled * this.#columns * positionBytes);
    this.#seen.fill(0, this.#filled * this.#columns);
  }

  #isSeen(col: number, row: number): boolean {
    const { cell } = this.panel;
    let seen = 0;
    for (let i = 0; i < cell; i++) {
      const from = (row - this.#top + i) * this.#columns + col - this.panel.first_col;
      for (let j = from; j < from + cell; j++) seen += this.#seen[j] as number;
    }
    return seen >= MIN_VALID_SHARE * cell * cell;
  }

  async #describe(places: readonly { col: number; row: number }[]): Promise<DescribedCell[]> {
    const { batch, descriptorWidth } = this.describer;
    const held = { bytes: this.#held, columns: this.#columns };
    const cells: DescribedCell[] = [];
    for (let start = 0; start < places.length; start += batch) {
      const some = places.slice(start, start + batch);
      const windows = some.map(({ col, row }) => (row - this.#top) * this.#columns + col - this.panel.first_col);
      const descriptors = await this.describer.describe(held, windows, this.panel.cell);
      some.forEach((place, k) => {
        cells.push({ ...place, descriptor: descriptors.slice(k * descriptorWidth, (k + 1) * descriptorWidth) });
      });
    }
    return cells;
  }
}
