import type { RectifiedQuery } from "../rectify/rectifier.js";

/** Dense features of square patches; zero, and not valid, where the camera saw too little of a position. */
export interface DenseQuery {
  readonly n: number;
  /** Positions a side. */
  readonly side: number;
  /** [n, channels, side, side] */
  readonly features: Float32Array;
  /** [n, coarse channels, side, side]: what descriptors are pooled of. */
  readonly coarse: Float32Array;
  /** [n, side, side] */
  readonly valid: Uint8Array;
}

/** The upper left position of a square of features. */
export interface Corner {
  readonly left: number;
  readonly top: number;
}

/** Makes the vectors of unseen positions of one [channels, positions] map zero. */
export function blank(map: Float32Array, base: number, channels: number, seen: Uint8Array): void {
  const positions = seen.length;
  for (let p = 0; p < positions; p++) {
    if (seen[p] === 1) continue;
    for (let c = 0, at = base + p; c < channels; c++, at += positions) map[at] = 0;
  }
}

/** 1 for each feature position of which at least `least` of the stride x stride pixels were seen. */
export function visiblePositions(query: RectifiedQuery, stride_px: number, least: number): Uint8Array {
  const side = query.side_px / stride_px;
  const out = new Uint8Array(query.n * side * side);
  const needed = least * stride_px * stride_px;
  for (let i = 0, to = 0; i < query.n; i++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++, to++) {
        let count = 0;
        for (let dy = 0; dy < stride_px; dy++) {
          const from = i * query.side_px * query.side_px + (y * stride_px + dy) * query.side_px + x * stride_px;
          for (let dx = 0; dx < stride_px; dx++) count += query.valid[from + dx] as number;
        }
        out[to] = count >= needed ? 1 : 0;
      }
    }
  }
  return out;
}

/** A square out of each of several square maps: [maps, whole, whole] to [maps, side, side]. */
export function crop<T extends Float32Array | Uint8Array>(
  from: T,
  whole: number,
  { left, top }: Corner,
  side: number,
  to: T,
): T {
  for (let base = 0, at = 0; base < from.length; base += whole * whole) {
    for (let y = top; y < top + side; y++, at += side) {
      const start = base + y * whole + left;
      to.set(from.subarray(start, start + side), at);
    }
  }
  return to;
}

/** Part of each square's positions that was seen: [n, corners]. */
export function seenParts(
  { n, side: whole, valid }: DenseQuery,
  corners: readonly Corner[],
  side: number,
): Float32Array {
  const out = new Float32Array(n * corners.length);
  for (let i = 0, to = 0; i < n; i++) {
    for (const { left, top } of corners) {
      let seen = 0;
      for (let y = top; y < top + side; y++) {
        for (let x = left; x < left + side; x++) seen += valid[(i * whole + y) * whole + x] as number;
      }
      out[to++] = seen / (side * side);
    }
  }
  return out;
}
