import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bestPerShift,
  findPeak,
  moments,
  parabolaTop,
  probabilities,
  relativeEntropy,
  spread,
} from "../../../../agent/vision/register/peak.js";

const NONE = Number.NEGATIVE_INFINITY;

test("the peak is the highest score, excluded shifts do not count", () => {
  const volume = { data: Float32Array.of(0.1, NONE, 0.3, 0.2, 0.5, 0.4, NONE, 0.5), variants: 2, shifts: 2 };
  const peak = findPeak(volume);
  assert.deepEqual(peak, { variant: 1, y: 0, x: 0, score: 0.5 });
  assert.deepEqual([...bestPerShift(volume)], [0.5, 0.4, 0.3, 0.5].map(Math.fround));
  assert.equal(findPeak({ data: Float32Array.of(NONE), variants: 1, shifts: 1 }), null);
});

test("a parabola's top lies where it is", () => {
  const at = (x: number) => 1 - (x - 0.3) ** 2;
  assert.ok(Math.abs((parabolaTop(at(-1), at(0), at(1), 0.5) ?? 0) - 0.3) < 1e-12);
  assert.equal(parabolaTop(at(-2), at(-1), at(0), 0.5), 0.5);
  assert.ok(Math.abs((parabolaTop(at(0), at(1), at(2), 1) ?? 0) + 0.7) < 1e-12);
  assert.equal(parabolaTop(Number.NaN, 1, 0, 0.5), null);
  assert.equal(parabolaTop(NONE, 1, 0, 0.5), null);
  assert.equal(parabolaTop(1, 1, 1, 0.5), null);
});

test("probabilities are a softmax that leaves excluded shifts out", () => {
  const p = probabilities({ data: Float32Array.of(0, Math.log(3), NONE, 0), variants: 1, shifts: 2 }, 1, Math.log(3));
  [0.2, 0.6, 0, 0.2].forEach((expected, i) => {
    assert.ok(Math.abs((p[i] ?? 0) - expected) < 1e-6);
  });
});

test("spread is the second moment around the point, within the radius", () => {
  const map = new Float64Array(25);
  map[2 * 5 + 2] = 0.5;
  map[2 * 5 + 3] = 0.25;
  map[1 * 5 + 1] = 0.25;
  assert.deepEqual(spread(map, 5, 2, 2, 1), { xx: 0.5, xy: 0.25, yy: 0.25 });
  map[0] = 100;
  assert.deepEqual(spread(map, 5, 2, 2, 1), { xx: 0.5, xy: 0.25, yy: 0.25 });
});

test("entropy is 0 for certainty and 1 for ignorance", () => {
  assert.equal(relativeEntropy(Float64Array.of(0, 1, 0, 0)), 0);
  assert.ok(Math.abs(relativeEntropy(new Float64Array(8).fill(1 / 8)) - 1) < 1e-12);
});

test("mean and variance", () => {
  assert.deepEqual(moments([-1, 0, 1], [1, 2, 1]), { mean: 0, variance: 0.5 });
});
