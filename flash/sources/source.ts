/**
 * A square-pixel window of the web-mercator plane (EPSG:3857).
 *
 * (x0, y0) is the window's top-left corner in mercator metres; pixel (col, row) is centred at
 * x0 + (col + 0.5) * pixel_merc_m, y0 - (row + 0.5) * pixel_merc_m.
 */
export interface MercatorWindow {
  readonly x0_merc_m: number;
  readonly y0_merc_m: number;
  readonly pixel_merc_m: number;
  readonly width: number;
  readonly height: number;
}

/** An axis-aligned box of the web-mercator plane, mercator metres. */
export interface MercatorBox {
  readonly minX: number;
  readonly minY: number;
  readonly maxX: number;
  readonly maxY: number;
}

/** A geographic box in degrees, WGS84. */
export interface LonLatBox {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** An RGB image with a validity mask: rgb is row-major, 3 bytes a pixel; valid is 1 where there is imagery, else 0. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
  readonly valid: Uint8Array;
}

/** Geo-referenced imagery that can be read at any place and resolution of the web-mercator plane. */
export interface ImagerySource {
  /** Short name for reports: the file's name without its folder. */
  readonly name: string;
  /** Geographic extent of the imagery. */
  readonly bbox: LonLatBox;
  /** The same extent in mercator metres; nothing is read outside it. */
  readonly extent: MercatorBox;
  /** Ground metres per pixel of the finest imagery, at its centre. */
  readonly nativeGsd_m: number;
  /**
   * Reads the window, bilinear where the imagery is enlarged, area-averaged where it is reduced.
   * Returns null where the source has nothing at all in the window. Throws UserError when the file is damaged.
   */
  read(window: MercatorWindow): Promise<Raster | null>;
  close(): Promise<void>;
}

/** The box a window covers. */
export function windowBox(window: MercatorWindow): MercatorBox {
  return {
    minX: window.x0_merc_m,
    maxX: window.x0_merc_m + window.width * window.pixel_merc_m,
    maxY: window.y0_merc_m,
    minY: window.y0_merc_m - window.height * window.pixel_merc_m,
  };
}

/** Whether two boxes share more than an edge. */
export function boxesOverlap(a: MercatorBox, b: MercatorBox): boolean {
  return a.minX < b.maxX && b.minX < a.maxX && a.minY < b.maxY && b.minY < a.maxY;
}

/** The smallest box around all of them; throws when there is none. */
export function unionBox(boxes: readonly MercatorBox[]): MercatorBox {
  const [first, ...rest] = boxes;
  if (first === undefined) throw new Error("unionBox needs at least one box");
  return rest.reduce(
    (all, box) => ({
      minX: Math.min(all.minX, box.minX),
      minY: Math.min(all.minY, box.minY),
      maxX: Math.max(all.maxX, box.maxX),
      maxY: Math.max(all.maxY, box.maxY),
    }),
    first,
  );
}
