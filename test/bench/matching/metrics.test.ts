import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { averagePrecision, rankMetrics, wilson } from "../../../bench/matching/metrics.js";

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-4, `${actual}, expected ${expected}`);

describe("Wilson's interval", () => {
  test("81 of 263, the example of Newcombe (1998): .2553 to .3662", () => {
    const { value, low, high } = wilson(81, 263);
    near(value, 81 / 263);
    near(low, 0.2553);
    near(high, 0.3662);
  });

  test("none of 20 and all of 20 stay within 0 and 1", () => {
    near(wilson(0, 20).low, 0);
    near(wilson(0, 20).high, 0.1611);
    near(wilson(20, 20).low, 0.8389);
    near(wilson(20, 20).high, 1);
  });

  test("nothing says nothing", () => {
    assert.deepEqual([wilson(0, 0).low, wilson(0, 0).high], [0, 1]);
  });
});

describe("ranks", () => {
  test("average precision is 1 for the first place, 1 / (2 rank) beyond, 0 when it is not in the list", () => {
    assert.deepEqual([1, 2, 5, null].map(averagePrecision), [1, 0.25, 0.1, 0]);
  });

  test("recall at 1, 5, 10 and within the list of five queries by hand", () => {
    const metrics = rankMetrics([1, 1, 4, 11, null]);
    assert.equal(metrics.at_1, 0.4);
    assert.equal(metrics.at_5, 0.6);
    assert.equal(metrics.at_10, 0.6);
    assert.equal(metrics.within, 0.8);
    near(metrics.ap, (1 + 1 + 1 / 8 + 1 / 22) / 5);
  });
});
