import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { judgeGate } from "../../../bench/matching/gate.js";

describe("a gate chosen on wrong places", () => {
  const right = [
    { score: 30, good: true },
    { score: 9, good: true },
    { score: 12, good: false },
    { score: 4, good: true },
  ];

  test("lies one above the most convincing wrong one and accepts what reaches it", () => {
    assert.deepEqual(judgeGate(right, [3, 8, 0], 1), { threshold: 9, wrong_pairs: 3, accepted: 0.75, accepted_off: 1 });
  });

  test("without wrong places it asks for one step: no fit at all is never accepted", () => {
    assert.equal(judgeGate([{ score: 0, good: false }], [], 1).accepted, 0);
  });
});
