import assert from "node:assert/strict";
import { test } from "node:test";
import { Heartbeats } from "../../../bench/endurance/heartbeats.js";

test("jitter is how far the intervals are from a second, early or late", () => {
  const heartbeats = new Heartbeats();
  for (const t_ms of [0, 1000, 2010, 3000]) heartbeats.beat(t_ms * 1000);
  const { received, gaps, jitter_ms } = heartbeats.report;
  assert.equal(received, 4);
  assert.equal(gaps, 0);
  assert.equal(jitter_ms.p50, 10);
  assert.equal(jitter_ms.max, 10);
});

test("one that is left out is a gap", () => {
  const heartbeats = new Heartbeats();
  for (const t_ms of [0, 1000, 3000]) heartbeats.beat(t_ms * 1000);
  assert.equal(heartbeats.report.gaps, 1);
});

test("nothing heard says nothing of jitter", () => {
  assert.deepEqual(new Heartbeats().report, { received: 0, gaps: 0, jitter_ms: { p50: null, p99: null, max: null } });
});
