import type { Epoch } from "./epoch.js";

/** A window of ground at a date. */
export interface WindowRequest {
  readonly epoch: Epoch;
  /** northing of the window's north edge and easting of its west edge, metres from the origin */
  readonly north_m: number;
  readonly east_m: number;
  readonly width_px: number;
  readonly height_px: number;
  readonly gsd_m: number;
}

/** What stands on the ground of a window. */
export interface Relief {
  /** height of what is seen at each pixel (roofs, crowns), metres above ground */
  readonly height_m: Float32Array;
  /** 1 where that is the crown of a tree, which sight can pass below */
  readonly crown: Uint8Array;
}

/** Land that maps are made of and cameras fly over: an invented world, or one that something was done to. */
export interface Land {
  /** side of the square of land around the origin, metres; beyond it nothing is promised */
  readonly size_m: number;
  /** where the local plane touches the earth */
  readonly origin: { readonly lat_deg: number; readonly lon_deg: number };
  /** nothing on this land is higher than this */
  readonly tallest_m: number;
  /** RGB raster of a window, three bytes a pixel, row 0 in the north. */
  render(request: WindowRequest): Uint8Array;
  /** The window together with its relief. */
  renderWithHeights(request: WindowRequest): { rgb: Uint8Array } & Relief;
}
