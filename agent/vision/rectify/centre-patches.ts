import type { RectifiedQuery } from "./rectifier.js";

/** The middle of each patch, `side_px` a side; both sides even, so that pixels coincide. */
export function centrePatches(query: RectifiedQuery, side_px: number): RectifiedQuery {
  const { n, gsd_m } = query;
  const skip = (query.side_px - side_px) / 2;
  const rgb = new Uint8Array(n * side_px * side_px * 3);
  const valid = new Uint8Array(n * side_px * side_px);
  for (let i = 0, to = 0; i < n; i++) {
    for (let row = 0; row < side_px; row++, to += side_px) {
      const from = (i * query.side_px + row + skip) * query.side_px + skip;
      rgb.set(query.rgb.subarray(from * 3, (from + side_px) * 3), to * 3);
      valid.set(query.valid.subarray(from, from + side_px), to);
    }
  }
  return { n, side_px, gsd_m, rgb, valid };
}
