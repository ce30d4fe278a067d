import type { Epoch } from "./epoch.js";
import type { Land, Relief, WindowRequest } from "./land.js";

/** A square of land by its centre, metres from the origin. */
export interface LandSquare {
  readonly north_m: number;
  readonly east_m: number;
}

export interface TwinSpec {
  /** the district that stands twice */
  readonly original: LandSquare;
  /** where its look-alike stands, in place of what was there */
  readonly copy: LandSquare;
  readonly side_m: number;
  /** how the copy differs: the epoch at which it is painted instead of the one asked for. Default: not at all */
  readonly epochOfCopy?: (epoch: Epoch) => Epoch;
}

/**
 * Land on which one district stands twice, to the last tree: what a matcher alone cannot tell apart. Where the copy
 * ends, the land goes on as it was; no shadow or roof reaches across its edge.
 */
export class TwinLand implements Land {
  constructor(
    private readonly land: Land,
    private readonly twin: TwinSpec,
  ) {}

  get size_m(): number {
    return this.land.size_m;
  }

  get origin(): Land["origin"] {
    return this.land.origin;
  }

  get tallest_m(): number {
    return this.land.tallest_m;
  }

  render(request: WindowRequest): Uint8Array {
    const inside = this.inside(request);
    if (inside?.whole === true) return this.land.render(inside.request);
    const rgb = this.land.render(request);
    if (inside !== undefined) {
      const { row, col } = inside;
      const { width_px: w, height_px: h } = inside.request;
      paste(this.land.render(inside.request), w, h, rgb, request.width_px, row, col, 3);
    }
    return rgb;
  }

  renderWithHeights(request: WindowRequest): { rgb: Uint8Array } & Relief {
    const inside = this.inside(request);
    if (inside?.whole === true) return this.land.renderWithHeights(inside.request);
    const out = this.land.renderWithHeights(request);
    if (inside !== undefined) {
      const copy = this.land.renderWithHeights(inside.request);
      const { row, col } = inside;
      const { width_px: w, height_px: h } = inside.request;
      paste(copy.rgb, w, h, out.rgb, request.width_px, row, col, 3);
      paste(copy.height_m, w, h, out.height_m, request.width_px, row, col, 1);
      paste(copy.crown, w, h, out.crown, request.width_px, row, col, 1);
    }
    return out;
  }

  /** The part of a window whose pixel centres lie on the copy, as a request for the original; undefined when none do. */
  private inside(
    request: WindowRequest,
  ): { row: number; col: number; whole: boolean; request: WindowRequest } | undefined {
    const { original, copy, side_m, epochOfCopy } = this.twin;
    const { gsd_m, width_px, height_px } = request;
    const clamp = (value: number, most: number): number => Math.min(most, Math.max(0, Math.ceil(value - 0.5)));
    const col = clamp((copy.east_m - side_m / 2 - request.east_m) / gsd_m, width_px);
    const colEnd = clamp((copy.east_m + side_m / 2 - request.east_m) / gsd_m, width_px);
    const row = clamp((request.north_m - copy.north_m - side_m / 2) / gsd_m, height_px);
    const rowEnd = clamp((request.north_m - copy.north_m + side_m / 2) / gsd_m, height_px);
    if (colEnd <= col || rowEnd <= row) return undefined;
    return {
      row,
      col,
      whole: colEnd - col === width_px && rowEnd - row === height_px,
      request: {
        epoch: epochOfCopy?.(request.epoch) ?? request.epoch,
        gsd_m,
        north_m: request.north_m - row * gsd_m + original.north_m - copy.north_m,
        east_m: request.east_m + col * gsd_m + original.east_m - copy.east_m,
        width_px: colEnd - col,
        height_px: rowEnd - row,
      },
    };
  }
}

type Samples = Uint8Array | Float32Array;

/** Puts a raster of w x h pixels into a wider one at (row, col). */
function paste(
  from: Samples,
  w: number,
  h: number,
  to: Samples,
  width: number,
  row: number,
  col: number,
  channels: number,
): void {
  for (let r = 0; r < h; r++) {
    to.set(from.subarray(r * w * channels, (r + 1) * w * channels), ((row + r) * width + col) * channels);
  }
}
