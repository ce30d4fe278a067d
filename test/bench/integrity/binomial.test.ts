import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { binomialUpperBound } from "../../../bench/integrity/binomial.js";

const near = (a: number, b: number, by: number): void => assert.ok(Math.abs(a - b) <= by, `${a}, expected ${b}`);

describe("binomialUpperBound", () => {
  it("is exact without an event, near the rule of three", () => {
    near(binomialUpperBound(0, 3000), 1 - 0.05 ** (1 / 3000), 1e-15);
    near(binomialUpperBound(0, 3000), 3 / 3000, 2e-6);
    assert.equal(binomialUpperBound(0, 1), 0.95);
    assert.equal(binomialUpperBound(0, 0), 1);
  });

  // Quantiles of the beta distribution, qbeta(0.95, k + 1, n - k), computed with exact binomial coefficients.
  for (const [events, trials, bound] of [
    [1, 10, 0.39416],
    [2, 100, 0.06162],
    [5, 50, 0.19883],
    [10, 1000, 0.01689],
  ] as const) {
    it(`is Clopper and Pearson's for ${events} of ${trials}`, () => {
      near(binomialUpperBound(events, trials), bound, 2e-5);
    });
  }

  it("is 1 when every trial was an event", () => {
    assert.equal(binomialUpperBound(7, 7), 1);
  });

  it("rises with the events, falls with the trials, and lies above the rate", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 5000 }), (events, more) => {
        const trials = events + more + 1;
        const bound = binomialUpperBound(events, trials);
        assert.ok(bound > events / trials && bound <= 1);
        assert.ok(binomialUpperBound(events, trials + 10) < bound);
        assert.ok(binomialUpperBound(events + 1, trials) > bound || bound === 1);
      }),
    );
  });

  it("refuses what is no count", () => {
    assert.throws(() => binomialUpperBound(3, 2), RangeError);
    assert.throws(() => binomialUpperBound(0.5, 2), RangeError);
  });
});
