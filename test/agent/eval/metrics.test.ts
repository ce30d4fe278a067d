import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { averagePrecision, hitPlaces, onePercentRank, sdm } from "../../../agent/eval/metrics.js";

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`);

test("places of true images in a ranking", () => {
  assert.deepEqual(hitPlaces(Uint32Array.of(3, 0, 2, 1), Uint8Array.of(1, 1, 0, 0)), [1, 3]);
  assert.deepEqual(hitPlaces(Uint32Array.of(0, 1), Uint8Array.of(0, 0)), []);
});

test("average precision by the trapezoid rule, worked out by hand", () => {
  // One true image at the 1-based rank r: 1 at r = 1, else (0 + 1/r) / 2.
  near(averagePrecision([0], "trapezoid"), 1);
  near(averagePrecision([1], "trapezoid"), 1 / 4);
  near(averagePrecision([4], "trapezoid"), 1 / 10);
  // Two, at ranks 1 and 3: (1 + 1)/2 and (1/2 + 2/3)/2, each half of the recall.
  near(averagePrecision([0, 2], "trapezoid"), (1 + (1 / 2 + 2 / 3) / 2) / 2);
  // Three, at ranks 2, 3 and 6: (0 + 1/2)/2, (1/2 + 2/3)/2, (2/5 + 3/6)/2.
  near(averagePrecision([1, 2, 5], "trapezoid"), (1 / 4 + 7 / 12 + 9 / 20) / 3);
});

test("average precision by steps, worked out by hand", () => {
  near(averagePrecision([0, 2], "step"), (1 + 2 / 3) / 2);
  near(averagePrecision([1, 2, 5], "step"), (1 / 2 + 2 / 3 + 1 / 2) / 3);
});

test("a query without true images has no precision", () => {
  assert.equal(averagePrecision([], "trapezoid"), 0);
  assert.equal(averagePrecision([], "step"), 0);
});

const rankings = fc
  .uniqueArray(fc.nat({ max: 60 }), { minLength: 1, maxLength: 20 })
  .map((places) => places.sort((a, b) => a - b));

test("average precision is the area under the precision-recall curve", () => {
  fc.assert(
    fc.property(rankings, (places) => {
      // The curve point by point: recall and precision after each image of the ranking.
      let area = 0;
      let hits = 0;
      let precision = 1;
      for (let seen = 1; seen <= 61; seen++) {
        const hit = places.includes(seen - 1);
        if (hit) hits++;
        const now = hits / seen;
        if (hit) area += (precision + now) / 2 / places.length;
        precision = now;
      }
      near(averagePrecision(places, "trapezoid"), area);
    }),
  );
});

test("average precision is within 0 and 1, and 1 exactly when the true images come first", () => {
  fc.assert(
    fc.property(rankings, fc.constantFrom("trapezoid" as const, "step" as const), (places, rule) => {
      const ap = averagePrecision(places, rule);
      assert.ok(ap > 0 && ap <= 1);
      assert.equal(ap > 1 - 1e-12, places.at(-1) === places.length - 1);
    }),
  );
});

test("R@1% looks at round(n / 100) + 1 images, halves to even, as the published scripts do", () => {
  const expected: [number, number][] = [
    [1, 1],
    [49, 1],
    [50, 1],
    [51, 2],
    [150, 3],
    [250, 3],
    [200, 3],
    [951, 11],
    [51355, 515],
  ];
  for (const [gallery, rank] of expected) assert.equal(onePercentRank(gallery), rank, `${gallery} images`);
});

test("SDM@K, worked out by hand", () => {
  near(sdm([0, 0, 0], 3), 1);
  near(sdm([Math.log(2)], 1), 1 / 2);
  // K = 3: weights 3, 2, 1; scores 1, 1/2, 1/4.
  near(sdm([0, Math.log(2), Math.log(4), 99], 3), (3 + 2 / 2 + 1 / 4) / 6);
  // A gallery smaller than K.
  near(sdm([0, Math.log(2)], 5), (2 + 1 / 2) / 3);
  assert.equal(sdm([], 3), 0);
});

test("SDM@K is the weighted mean of evaluateDistance.py: weights 1 - i/K", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 10, maxLength: 10 }), (decays) => {
      for (const k of [1, 3, 5, 10]) {
        const weights = Array.from({ length: k }, (_, i) => 1 - i / k);
        const sum = weights.reduce((total, weight, i) => total + weight * Math.exp(-(decays[i] ?? 0)), 0);
        assert.ok(Math.abs(sdm(decays, k) - sum / weights.reduce((a, b) => a + b, 0)) < 1e-12);
      }
    }),
  );
});
