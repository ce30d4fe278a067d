import type { EncodedQuery } from "../encode/query-encoder.js";
import { SplineGrid } from "./spline-grid.js";

/** The query's features, turned and scaled in every way that registration tries. */
export interface Variants {
  readonly count: number;
  /** Heading-major: variant = heading index * scales + scale index. */
  readonly headings_deg: readonly number[];
  readonly scales: readonly number[];
  /** [count, channels, side, side]: unit norm where valid, zero elsewhere. */
  readonly features: Float32Array;
  /** [count, side, side]. */
  readonly valid: Uint8Array;
  /** Valid positions of each variant. */
  readonly positions: Uint32Array;
}

/**
 * Resamples the feature grid of one hypothesis about the patch's centre by a quadratic B-spline, and brings every
 * position back to unit norm. A heading offset turns as in rectification (the true heading is that much more); a scale s means
 * that the aircraft is s times as high as the hypothesis says, so that ground at q was seen at q / s.
 *
 * @param hypothesis which of the query's hypotheses
 */
export function makeVariants(
  query: EncodedQuery,
  hypothesis: number,
  headings_deg: readonly number[],
  scales: readonly number[],
): Variants {
  const { side, channels } = query;
  const area = side * side;
  const count = headings_deg.length * scales.length;
  const features = new Float32Array(count * channels * area);
  const valid = new Uint8Array(count * area);
  const positions = new Uint32Array(count);
  const grid = new SplineGrid(
    query.features.subarray(hypothesis * channels * area, (hypothesis + 1) * channels * area),
    query.valid.subarray(hypothesis * area, (hypothesis + 1) * area),
    side,
    channels,
  );
  const half = (side - 1) / 2;
  // A row of samples at a time: written channel by channel, a row lies together, a sample does not.
  const row = new Float32Array(side * channels);
  let variant = 0;
  for (const heading of headings_deg) {
    const cos = Math.cos((heading * Math.PI) / 180);
    const sin = Math.sin((heading * Math.PI) / 180);
    for (const scale of scales) {
      for (let y = 0; y < side; y++) {
        const south = (y - half) / scale;
        for (let x = 0; x < side; x++) {
          const east = (x - half) / scale;
          const known = grid.sample(
            east * cos + south * sin + half,
            south * cos - east * sin + half,
            row,
            x * channels,
          );
          if (!known) continue;
          valid[variant * area + y * side + x] = 1;
          positions[variant] = (positions[variant] as number) + 1;
        }
        for (let c = 0, to = variant * channels * area + y * side; c < channels; c++, to += area) {
          for (let x = 0, from = c; x < side; x++, from += channels) features[to + x] = row[from] as number;
        }
      }
      variant++;
    }
  }
  return { count, headings_deg, scales, features, valid, positions };
}
