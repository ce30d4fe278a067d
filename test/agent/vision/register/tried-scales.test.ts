import assert from "node:assert/strict";
import { test } from "node:test";
import { triedScales } from "../../../../agent/vision/register/tried-scales.js";

const scales = [0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3];
const at = (...tried: number[]) => tried.map((scale) => ({ heading_deg: 0, scale }));

test("with the reported height alone, all heights of the sigma are tried", () => {
  assert.deepEqual(triedScales(scales, 1, at(1, 1, 1)), scales);
});

test("each candidate's heights reach to the hypotheses next to its own; together they cover all", () => {
  const hypotheses = at(1, 1, 0.8, 1.25);
  assert.deepEqual(triedScales(scales, 0.8, hypotheses), [0.7, 0.8, 0.9, 1]);
  assert.deepEqual(triedScales(scales, 1, hypotheses), [0.8, 0.9, 1, 1.1, 1.2]);
  assert.deepEqual(triedScales(scales, 1.25, hypotheses), [1, 1.1, 1.2, 1.3]);
});

test("a hypothesis beyond all heights is tried itself", () => {
  assert.deepEqual(triedScales([1], 1.4, at(1, 1.2, 1.4)), [1.4]);
  assert.deepEqual(triedScales([], 1, at(1)), [1]);
});
