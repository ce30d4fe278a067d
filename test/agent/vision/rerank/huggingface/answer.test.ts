import assert from "node:assert/strict";
import { test } from "node:test";
import { logSumExp, yesMinusNo } from "../../../../../agent/vision/rerank/huggingface/answer.js";

test("the logit of an answer is that of any of its spellings", () => {
  assert.ok(Math.abs(logSumExp([Math.log(0.25), Math.log(0.5)]) - Math.log(0.75)) < 1e-12);
  assert.equal(logSumExp([1000, Number.NEGATIVE_INFINITY]), 1000);
  const logits = Float32Array.from([0, Math.log(2), Math.log(6), 0]);
  assert.ok(Math.abs(yesMinusNo(logits, { yes: [1, 2], no: [0, 3] }) - Math.log(4)) < 1e-6);
});
