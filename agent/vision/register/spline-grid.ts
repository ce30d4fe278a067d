/** Rounding of sines may put a border sample this far outside of the grid, features. */
const SLACK = 1e-9;
/** A sample whose known neighbours carry less of the weight than this is unknown. */
const LEAST_WEIGHT = 0.5;
/** A sum of squares below this has no direction. */
const LEAST_SQUARES = 1e-12;

/**
 * A square grid of features that can be sampled anywhere within by a quadratic B-spline, brought back to unit norm.
 *
 * The spline blurs alike wherever between the positions a sample falls (its variance is 1/4 everywhere); bilinear weights
 * do not blur at all on a position and most between two, and blurred features are more alike to anything: the grid as it
 * is would look worse than the same grid turned or scaled.
 */
export class SplineGrid {
  /** [side + 2, side + 2, channels]: neighbours' channels lie together; a border of nothing, and nothing where unseen. */
  private readonly features: Float32Array;
  /** [side + 2, side + 2]: 1 where seen, else 0. */
  private readonly seen: Uint8Array;

  /**
   * @param features [channels, side, side]
   * @param valid [side, side]: 1 where seen
   */
  constructor(
    features: Float32Array,
    valid: Uint8Array,
    private readonly side: number,
    private readonly channels: number,
  ) {
    const padded = side + 2;
    this.features = new Float32Array(padded * padded * channels);
    this.seen = new Uint8Array(padded * padded);
    for (let row = 0, p = 0; row < side; row++) {
      for (let col = 0; col < side; col++, p++) {
        if (valid[p] !== 1) continue;
        const at = (row + 1) * padded + col + 1;
        this.seen[at] = 1;
        for (let c = 0, from = p; c < channels; c++, from += side * side) {
          this.features[at * channels + c] = features[from] as number;
        }
      }
    }
  }

  /**
   * Writes the sample at (x, y), in grid positions, to `out` from `to` on.
   *
   * @returns whether it is known; otherwise zeros are written
   */
  sample(x: number, y: number, out: Float32Array, to: number): boolean {
    const { channels, features, seen } = this;
    const last = this.side - 1 + SLACK;
    if (!(x >= -SLACK && y >= -SLACK && x <= last && y <= last)) {
      out.fill(0, to, to + channels);
      return false;
    }
    const col = Math.round(x);
    const row = Math.round(y);
    const right = x - col;
    const down = y - row;
    const x0 = 0.5 * (0.5 - right) ** 2;
    const x1 = 0.75 - right * right;
    const x2 = 0.5 * (0.5 + right) ** 2;
    const y0 = 0.5 * (0.5 - down) ** 2;
    const y1 = 0.75 - down * down;
    const y2 = 0.5 * (0.5 + down) ** 2;
    const padded = this.side + 2;
    // The border makes the neighbour before position 0 the padded grid's position 0.
    const above = row * padded + col;
    const middle = above + padded;
    const below = middle + padded;
    const known =
      y0 * weighed(seen, above, x0, x1, x2) +
      y1 * weighed(seen, middle, x0, x1, x2) +
      y2 * weighed(seen, below, x0, x1, x2);
    let squares = 0;
    if (known >= LEAST_WEIGHT) {
      for (
        let c = 0, a = above * channels, b = middle * channels, d = below * channels;
        c < channels;
        c++, a++, b++, d++
      ) {
        const sum =
          y0 * (x0 * at(features, a) + x1 * at(features, a + channels) + x2 * at(features, a + 2 * channels)) +
          y1 * (x0 * at(features, b) + x1 * at(features, b + channels) + x2 * at(features, b + 2 * channels)) +
          y2 * (x0 * at(features, d) + x1 * at(features, d + channels) + x2 * at(features, d + 2 * channels));
        out[to + c] = sum;
        squares += sum * sum;
      }
    }
    if (squares < LEAST_SQUARES) {
      out.fill(0, to, to + channels);
      return false;
    }
    const scaling = 1 / Math.sqrt(squares);
    for (let c = to; c < to + channels; c++) out[c] = at(out, c) * scaling;
    return true;
  }
}

function at(array: Float32Array, index: number): number {
  return array[index] as number;
}

function weighed(seen: Uint8Array, from: number, a: number, b: number, c: number): number {
  return a * (seen[from] as number) + b * (seen[from + 1] as number) + c * (seen[from + 2] as number);
}
