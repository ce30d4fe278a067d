/** The centre of a cell: place on the earth, and on the level grid in continuous pixels. */
export interface CellCentre {
  readonly lat_deg: number;
  readonly lon_deg: number;
  readonly col_px: number;
  readonly row_px: number;
}

/** Geometry of a level, as far as matching needs it. */
export interface MapLevel {
  readonly level: number;
  readonly gsd_m: number;
  readonly cell_px: number;
  /** Place of a point of the level grid. */
  pxToLonLat(col_px: number, row_px: number): { readonly lat_deg: number; readonly lon_deg: number };
  /** Ground metres per pixel at a latitude. */
  metresPerPx(lat_deg: number): { readonly north_m: number; readonly east_m: number };
}

/**
 * What matching needs of a pack. PackReader (tiles/pack) is one; tests make small ones by hand. Rows are rows of the
 * index over all levels.
 */
export interface MapSource {
  readonly manifest: {
    readonly levels: readonly { readonly level: number; readonly index_row0: number; readonly cells: number }[];
  };
  readonly index: {
    searchMany(
      queries: readonly Float32Array[],
      k: number,
      options: { readonly from?: number; readonly to?: number; readonly subset?: Uint32Array },
    ): readonly { readonly rows: Uint32Array; readonly scores: Float32Array }[];
    /** The unit descriptor of a row. */
    row(row: number): Float32Array;
  };
  level(level: number): MapLevel;
  cells(level: number): {
    centre(row: number): CellCentre;
    /** Row of the cell with that middle, pixels of the level grid; null where none is. */
    at(col_px: number, row_px: number): number | null;
  };
  cellsWithin(level: number, lat_deg: number, lon_deg: number, radius_m: number): Uint32Array;
  /** The encoder's own unit descriptor of a cell, where the index holds another model's. */
  encoderDescriptor?(row: number): Float32Array;
  /** int8 features [h, w, channels]; zeros where the map has no data. */
  featureWindow(level: number, j0: number, i0: number, w: number, h: number): Int8Array;
}
