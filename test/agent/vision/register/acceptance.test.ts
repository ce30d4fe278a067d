import assert from "node:assert/strict";
import { test } from "node:test";
import { Acceptance } from "../../../../agent/vision/register/acceptance.js";

const measures = {
  peak: 0.8,
  peak_to_second: 0.1,
  peak_to_other: 0.2,
  entropy: 0.5,
  similarity: 0.9,
  logit: 1,
  logit_margin: 0.5,
  visible: 1,
  overlap: 1,
  at_border: 0,
};

test("quality is the logistic of the weighed measures", () => {
  const model = new Acceptance({ bias: -8, weights: { peak: 10, peak_to_second: 20 }, threshold: 0.85 }, "m");
  // -8 + 8 + 2 = 2
  const { quality, accepted } = model.judge(measures);
  assert.ok(Math.abs(quality - 1 / (1 + Math.exp(-2))) < 1e-12);
  assert.equal(accepted, true);
  assert.equal(new Acceptance({ bias: 0, weights: {}, threshold: 0.6 }, "m").judge(measures).accepted, false);
});

test("a weight for something that is not measured is refused", () => {
  assert.throws(
    () => new Acceptance({ bias: 0, weights: { peek: 1 }, threshold: 0.5 }, "model.json"),
    /^UserError: model\.json: acceptance: unknown measure "peek"; did you mean "peak"\?/,
  );
});
