import type Database from "better-sqlite3";
import { UserError } from "../errors.js";
import type { LevelGrid } from "./level-grid.js";
import type { LevelManifest } from "./manifest.js";
import { asked } from "./schema.js";

/** The middle of a cell. */
export interface CellCentre {
  readonly lat_deg: number;
  readonly lon_deg: number;
  /** On the level grid, continuous: the top-left corner of the cell's window plus half its side. */
  readonly col_px: number;
  readonly row_px: number;
}

/** The cells of one level, in memory: 8 bytes a cell. */
export class CellTable {
  /** Top-left pixel of every cell's window, by (row - row0). */
  readonly col0_px: Int32Array;
  readonly row0_px: Int32Array;
  /** Index row of each place of the level's grid of cells, less row0, -1 without a cell; made when first asked for. */
  private places: { readonly across: number; readonly rows: Int32Array } | null = null;

  /**
   * Reads the cells of a level.
   * @throws UserError when the database does not hold what pack.json says
   */
  constructor(
    db: Database.Database,
    private readonly grid: LevelGrid,
    private readonly manifest: LevelManifest,
  ) {
    this.col0_px = new Int32Array(manifest.cells);
    this.row0_px = new Int32Array(manifest.cells);
    const select = asked(db.name, () =>
      db
        .prepare<[number], [number, number, number]>(
          "SELECT row, col0_px, row0_px FROM cells WHERE level = ? ORDER BY row",
        )
        .raw(),
    );
    asked(db.name, () => {
      let at = 0;
      for (const [row, col0_px, row0_px] of select.iterate(manifest.level)) {
        if (row !== manifest.index_row0 + at || at >= manifest.cells) break;
        this.col0_px[at] = col0_px;
        this.row0_px[at++] = row0_px;
      }
      if (at !== manifest.cells || this.countOf(db) !== at) {
        throw new UserError(
          `${db.name} does not hold the ${manifest.cells} cells of level ${manifest.level} that pack.json counts: ` +
            "run flash verify, copy the pack again",
        );
      }
    });
  }

  /** How many cells. */
  get count(): number {
    return this.manifest.cells;
  }

  /** Index row of the level's first cell; the level's rows are [row0, row0 + count). */
  get row0(): number {
    return this.manifest.index_row0;
  }

  /** The middle of a cell, by its row in the index. Throws a RangeError for a row of another level. */
  centre(row: number): CellCentre {
    const at = row - this.row0;
    const col0_px = this.col0_px[at];
    const row0_px = this.row0_px[at];
    if (col0_px === undefined || row0_px === undefined) {
      throw new RangeError(`row ${row} is not of level ${this.manifest.level}`);
    }
    const col_px = col0_px + this.grid.cell_px / 2;
    const row_px = row0_px + this.grid.cell_px / 2;
    const { lat_deg, lon_deg } = this.grid.pxToLonLat(col_px, row_px);
    return { lat_deg, lon_deg, col_px, row_px };
  }

  /** Index row of the cell whose middle is that point of the level grid; null where no cell is. */
  at(col_px: number, row_px: number): number | null {
    const { stride_px, cell_px } = this.grid;
    const across = (col_px - cell_px / 2) / stride_px;
    const down = (row_px - cell_px / 2) / stride_px;
    if (!Number.isInteger(across) || !Number.isInteger(down) || across < 0 || down < 0) return null;
    this.places ??= this.placed();
    if (across >= this.places.across) return null;
    const at = this.places.rows[down * this.places.across + across] ?? -1;
    return at < 0 ? null : this.row0 + at;
  }

  private placed(): { across: number; rows: Int32Array } {
    const { stride_px } = this.grid;
    let last_col = -1;
    let last_row = -1;
    for (let at = 0; at < this.count; at++) {
      last_col = Math.max(last_col, (this.col0_px[at] as number) / stride_px);
      last_row = Math.max(last_row, (this.row0_px[at] as number) / stride_px);
    }
    const across = last_col + 1;
    const rows = new Int32Array(across * (last_row + 1)).fill(-1);
    for (let at = 0; at < this.count; at++) {
      const [col, row] = [(this.col0_px[at] as number) / stride_px, (this.row0_px[at] as number) / stride_px];
      rows[row * across + col] = at;
    }
    return { across, rows };
  }

  private countOf(db: Database.Database): number {
    const counted = db
      .prepare<[number], { n: number }>("SELECT count(*) AS n FROM cells WHERE level = ?")
      .get(this.manifest.level);
    return counted?.n ?? 0;
  }
}
