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
          const norm = sample(source, seen, side, channels, x, y, mixed);
          if (norm === 0) continue;
          const scaling = 1 / norm;
          const p = row * side + col;
          for (let c = 0, to = variant * channels * area + p; c < channels; c++, to += area) {
            features[to] = (mixed[c] as number) * scaling;
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
/** Neighbours of a sample along one axis. */
const TAPS = 3;

/** Weights of the neighbours before, at and after the nearest whole position, and that position. */
interface Taps {
  readonly weights: readonly [number, number, number];
  readonly nearest: number;
}

/**
 * The quadratic B-spline's weights. They blur alike wherever between the positions a sample falls (their variance is 1/4
 * everywhere); bilinear weights do not blur at all on a position and most between two, and blurred features are more
 * alike to anything: the grid as it is would look worse than the same grid turned or scaled.
 */
function splineTaps(x: number): Taps {
  const nearest = Math.round(x);
  const t = x - nearest;
  return { weights: [0.5 * (0.5 - t) ** 2, 0.75 - t * t, 0.5 * (0.5 + t) ** 2], nearest };
}

/** The neighbours of the sample at hand: their weights, and where their channels begin. */
const tapWeights = new Float64Array(TAPS * TAPS);
const tapFrom = new Int32Array(TAPS * TAPS);

/** Sums the neighbours' channels, three neighbours at a time: it is most of what registration costs. */
function mix(source: Float32Array, taps: number, channels: number, out: Float32Array): void {
  out.fill(0);
  // What is not there weighs nothing, wherever it is read.
  tapWeights.fill(0, taps);
  tapFrom.fill(0, taps);
  for (let n = 0; n < taps; n += TAPS) {
    const wa = tapWeights[n] as number;
    const wb = tapWeights[n + 1] as number;
    const wc = tapWeights[n + 2] as number;
    const a = tapFrom[n] as number;
    const b = tapFrom[n + 1] as number;
    const c = tapFrom[n + 2] as number;
    for (let k = 0; k < channels; k++) {
      const first = Math.fround((out[k] as number) + wa * (source[a + k] as number));
      const second = Math.fround(first + wb * (source[b + k] as number));
      out[k] = second + wc * (source[c + k] as number);
    }
  }
}

/** Spline sample of the valid neighbours; returns its norm, 0 when they carry less than half of the weight or nothing. */
function sample(
  source: Float32Array,
  seen: Uint8Array,
  side: number,
  channels: number,
  x: number,
  y: number,
  out: Float32Array,
): number {
  if (!(x >= -SLACK && y >= -SLACK && x <= side - 1 + SLACK && y <= side - 1 + SLACK)) return 0;
  const across = splineTaps(x);
  const down = splineTaps(y);
  let total = 0;
  let taps = 0;
  for (let j = 0; j < TAPS; j++) {
    const row = down.nearest + j - 1;
    if (row < 0 || row >= side) continue;
    for (let i = 0; i < TAPS; i++) {
      const col = across.nearest + i - 1;
      const p = row * side + col;
      if (col < 0 || col >= side || seen[p] !== 1) continue;
      const weight = (across.weights[i] as number) * (down.weights[j] as number);
      total += weight;
      tapWeights[taps] = weight;
      tapFrom[taps] = p * channels;
      taps++;
    }
  }
  if (total < 0.5) return 0;
  mix(source, taps, channels, out);
  let sum = 0;
  for (let k = 0; k < channels; k++) sum += (out[k] as number) ** 2;
  return sum < 1e-12 ? 0 : Math.sqrt(sum);
}
