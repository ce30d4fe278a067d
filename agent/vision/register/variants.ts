import type { EncodedQuery } from "../encode/query-encoder.js";

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
 * Resamples the feature grid of one heading hypothesis about the patch's centre, bilinear, and brings every position
 * back to unit norm. A heading offset turns as in rectification (the true heading is that much more); a scale s means
 * that the aircraft is s times as high as reported, so that ground at q was seen at q / s.
 *
 * @param hypothesis which of the query's headings
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
  const source = channelsLast(query, hypothesis);
  const seen = query.valid.subarray(hypothesis * area, (hypothesis + 1) * area);
  const half = (side - 1) / 2;
  const mixed = new Float32Array(channels);
  let variant = 0;
  for (const heading of headings_deg) {
    const cos = Math.cos((heading * Math.PI) / 180);
    const sin = Math.sin((heading * Math.PI) / 180);
    for (const scale of scales) {
      for (let row = 0; row < side; row++) {
        const south = (row - half) / scale;
        for (let col = 0; col < side; col++) {
          const east = (col - half) / scale;
          const x = east * cos + south * sin + half;
          const y = south * cos - east * sin + half;
          if (!sample(source, seen, side, channels, x, y, mixed)) continue;
          const p = row * side + col;
          for (let c = 0, to = variant * channels * area + p; c < channels; c++, to += area) {
            features[to] = mixed[c] as number;
          }
          valid[variant * area + p] = 1;
          positions[variant] = (positions[variant] as number) + 1;
        }
      }
      variant++;
    }
  }
  return { count, headings_deg, scales, features, valid, positions };
}

/** [channels, area] of one heading to [area, channels]: neighbours' channels then lie together. */
function channelsLast(query: EncodedQuery, hypothesis: number): Float32Array {
  const area = query.side * query.side;
  const { channels } = query;
  const base = hypothesis * channels * area;
  const out = new Float32Array(area * channels);
  for (let c = 0; c < channels; c++) {
    for (let p = 0; p < area; p++) out[p * channels + c] = query.features[base + c * area + p] as number;
  }
  return out;
}

/** Rounding of sines may put a border sample this far outside of the grid, features. */
const SLACK = 1e-9;

/** Bilinear sample of the valid neighbours to unit norm; false when they carry less than half of the weight. */
function sample(
  source: Float32Array,
  seen: Uint8Array,
  side: number,
  channels: number,
  x: number,
  y: number,
  out: Float32Array,
): boolean {
  if (!(x >= -SLACK && y >= -SLACK && x <= side - 1 + SLACK && y <= side - 1 + SLACK)) return false;
  const x0 = Math.min(Math.max(Math.floor(x), 0), side - 2);
  const y0 = Math.min(Math.max(Math.floor(y), 0), side - 2);
  const fx = x - x0;
  const fy = y - y0;
  const corner = y0 * side + x0;
  const w00 = (1 - fx) * (1 - fy) * (seen[corner] as number);
  const w01 = fx * (1 - fy) * (seen[corner + 1] as number);
  const w10 = (1 - fx) * fy * (seen[corner + side] as number);
  const w11 = fx * fy * (seen[corner + side + 1] as number);
  if (w00 + w01 + w10 + w11 < 0.5) return false;
  const a = corner * channels;
  const b = a + channels;
  const c = a + side * channels;
  const d = c + channels;
  let sum = 0;
  for (let k = 0; k < channels; k++) {
    const value =
      w00 * (source[a + k] as number) +
      w01 * (source[b + k] as number) +
      w10 * (source[c + k] as number) +
      w11 * (source[d + k] as number);
    out[k] = value;
    sum += value * value;
  }
  if (sum < 1e-12) return false;
  const norm = 1 / Math.sqrt(sum);
  for (let k = 0; k < channels; k++) out[k] = (out[k] as number) * norm;
  return true;
}
