import assert from "node:assert/strict";
import { test } from "node:test";
import { agreement, cosines, hits, median, rank } from "../../../bench/precision/compare.js";

const unit = (angle_deg: number): Float32Array => {
  const angle = (angle_deg * Math.PI) / 180;
  return Float32Array.of(Math.cos(angle), Math.sin(angle));
};

test("cells are ranked by their cosine", () => {
  const cells = [unit(90), unit(10), unit(180), unit(10)];
  assert.deepEqual(rank([unit(0)], cells, 3), [[1, 3, 0]]);
});

test("two rankings agree by what they share, not by its order", () => {
  const a = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const b = [
    [2, 1, 9],
    [4, 7, 8],
  ];
  assert.equal(agreement(a, b, 1), 0.5);
  assert.equal(agreement(a, b, 3), 0.5);
  assert.equal(agreement(a, a, 3), 1);
});

test("a hit is on the same image and within the radius on both axes", () => {
  const cells = [
    { image: 0, x: 100, y: 100 },
    { image: 1, x: 100, y: 100 },
  ];
  const at = (x: number, y: number) => [{ image: 0, x, y }];
  assert.equal(hits([[0]], at(150, 60), cells, 50), 1);
  assert.equal(hits([[0]], at(151, 100), cells, 50), 0);
  assert.equal(hits([[1]], at(100, 100), cells, 50), 0);
  assert.equal(hits([[]], at(100, 100), cells, 50), 0);
});

test("cosines and medians", () => {
  const { mean, least } = cosines([unit(0), unit(0)], [unit(0), unit(60)]);
  assert.ok(Math.abs(mean - 0.75) < 1e-6 && Math.abs(least - 0.5) < 1e-6);
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});
