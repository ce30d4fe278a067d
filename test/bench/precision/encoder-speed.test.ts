import assert from "node:assert/strict";
import { test } from "node:test";
import { encoderTimesText, timeEncoders } from "../../../bench/precision/encoder-speed.js";
import { shippedModel } from "../../../models/runtime/paths.js";
import { modelsMissing } from "../../agent/helpers/small-pack.js";

test("two exports are timed in turn and compared by their medians", { skip: modelsMissing() }, async () => {
  const both = await timeEncoders(shippedModel("encoder"), 1, 3);
  assert.ok(both.float !== null && both.ratio !== null);
  assert.ok(Math.abs(both.ratio - both.float.median_ms / both.shipped.median_ms) < 1e-12);
  assert.ok(both.shipped.least_ms > 0 && both.shipped.least_ms <= both.shipped.median_ms);
  assert.match(encoderTimesText(both), /one patch of 224 px, 1 threads, 3 runs.*float \/ shipped \d/s);
});

test("without a float export the shipped one is timed alone", () => {
  const time = { median_ms: 6.04, least_ms: 5 };
  const text = encoderTimesText({ side_px: 224, threads: 2, runs: 60, shipped: time, float: null, ratio: null });
  assert.equal(text.split("\n").length, 3);
  assert.match(text, /shipped {4}p50 {5}6\.0 {3}least {5}5\.0/);
});
