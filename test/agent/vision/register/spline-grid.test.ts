import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SplineGrid } from "../../../../agent/vision/register/spline-grid.js";

const SIDE = 6;
const CHANNELS = 3;

/** The quadratic B-spline (de Boor 1978), which is zero beyond 1.5. */
function spline(t: number): number {
  const away = Math.abs(t);
  if (away >= 1.5) return 0;
  return away <= 0.5 ? 0.75 - away * away : 0.5 * (1.5 - away) ** 2;
}

/** The sample by its definition: all seen positions, weighed, to unit norm; null where less than half of the weight is seen. */
function byDefinition(features: Float32Array, valid: Uint8Array, x: number, y: number): number[] | null {
  const sum = new Array<number>(CHANNELS).fill(0);
  let weight = 0;
  for (let p = 0; p < SIDE * SIDE; p++) {
    if (valid[p] !== 1) continue;
    const w = spline(x - (p % SIDE)) * spline(y - Math.floor(p / SIDE));
    weight += w;
    sum.forEach((value, c) => {
      sum[c] = value + w * (features[c * SIDE * SIDE + p] ?? Number.NaN);
    });
  }
  const norm = Math.hypot(...sum);
  return weight < 0.5 || norm < 1e-6 ? null : sum.map((value) => value / norm);
}

describe("SplineGrid", () => {
  const grids = fc.record({
    features: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
      minLength: CHANNELS * SIDE * SIDE,
      maxLength: CHANNELS * SIDE * SIDE,
    }),
    valid: fc.array(fc.constantFrom(1, 1, 1, 0), { minLength: SIDE * SIDE, maxLength: SIDE * SIDE }),
  });
  const along = fc.double({ min: 0, max: SIDE - 1, noNaN: true });

  it("is the weighed mean of the seen neighbours, to unit norm", () => {
    fc.assert(
      fc.property(grids, along, along, (grid, x, y) => {
        const features = Float32Array.from(grid.features);
        const valid = Uint8Array.from(grid.valid);
        const expected = byDefinition(features, valid, x, y);
        const out = new Float32Array(CHANNELS + 2).fill(9);
        const known = new SplineGrid(features, valid, SIDE, CHANNELS).sample(x, y, out, 1);
        assert.equal(known, expected !== null);
        const values = expected ?? new Array<number>(CHANNELS).fill(0);
        values.forEach((value, c) => {
          assert.ok(Math.abs((out[1 + c] ?? Number.NaN) - value) < 1e-4, `channel ${c}: ${out[1 + c]} for ${value}`);
        });
        assert.deepEqual([out[0], out[CHANNELS + 1]], [9, 9], "nothing is written beside the sample");
      }),
    );
  });

  it("knows nothing beyond its border, but takes the rounding of sines", () => {
    const grid = new SplineGrid(new Float32Array(SIDE * SIDE).fill(1), new Uint8Array(SIDE * SIDE).fill(1), SIDE, 1);
    const out = new Float32Array(1);
    const known = (x: number, y: number): boolean => grid.sample(x, y, out, 0);
    assert.equal(known(-1e-12, SIDE - 1 + 1e-12), true);
    assert.equal(out[0], 1);
    for (const [x, y] of [
      [-0.01, 2],
      [2, -0.01],
      [SIDE - 0.99, 2],
      [2, SIDE - 0.99],
      [Number.NaN, 2],
    ] as const) {
      assert.equal(known(x, y), false, `${x}, ${y}`);
      assert.equal(out[0], 0);
    }
  });
});
