import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { TimeBuffer } from "../../../agent/vehicle/time-buffer.js";

const REACH = { gap_us: 250_000, hold_us: 100_000 };

/** Times that rise by 1 us to 250 ms. */
const times = fc.array(fc.integer({ min: 1, max: 250_000 }), { minLength: 2, maxLength: 200 }).map((steps) => {
  let t_us = 0;
  return steps.map((step) => {
    t_us += step;
    return t_us;
  });
});

describe("TimeBuffer", () => {
  it("gives back every linear course, at any time between its samples", () => {
    fc.assert(
      fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (stamps, share) => {
        const buffer = new TimeBuffer<{ t_us: number; value: number }>(1e9);
        for (const t_us of stamps) assert.equal(buffer.push({ t_us, value: 3 * t_us - 7 }), true);
        const first = stamps[0] ?? 0;
        const last = stamps[stamps.length - 1] ?? 0;
        const t_us = first + share * (last - first);
        const around = buffer.around(t_us, REACH);
        assert.ok(around);
        const after = around.after ?? around.before;
        const value = around.before.value + around.fraction * (after.value - around.before.value);
        assert.ok(Math.abs(value - (3 * t_us - 7)) < 1e-3);
        assert.ok(around.nearest_us >= 0 && around.nearest_us <= 125_000);
      }),
    );
  });

  it("has nothing before the oldest sample, in a gap, and long after the newest", () => {
    const buffer = new TimeBuffer<{ t_us: number }>(10e6);
    assert.equal(buffer.around(0, REACH), null);
    for (const t_us of [1_000_000, 1_200_000, 1_450_001]) buffer.push({ t_us });
    assert.equal(buffer.around(999_999, REACH), null);
    assert.notEqual(buffer.around(1_100_000, REACH), null);
    assert.equal(buffer.around(1_300_000, REACH), null, "250.001 ms apart");
    assert.notEqual(buffer.around(1_200_000, REACH), null, "a sample itself stands in no gap");
    assert.notEqual(buffer.around(1_550_001, REACH), null);
    assert.equal(buffer.around(1_550_002, REACH), null);
  });

  it("refuses what is not newer, and what has no time", () => {
    const buffer = new TimeBuffer<{ t_us: number }>(10e6);
    assert.equal(buffer.push({ t_us: 5 }), true);
    for (const t_us of [5, 4, Number.NaN, Number.POSITIVE_INFINITY]) assert.equal(buffer.push({ t_us }), false);
    assert.equal(buffer.length, 1);
  });

  it("stays within its span and its capacity, whatever comes", () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 20 }), (stamps, capacity) => {
        const buffer = new TimeBuffer<{ t_us: number }>(500_000, capacity);
        for (const t_us of stamps) {
          buffer.push({ t_us });
          assert.ok(buffer.length >= 1 && buffer.length <= capacity);
          assert.equal(buffer.newest?.t_us, t_us);
          assert.equal(buffer.around(t_us - 500_001, { gap_us: 1e9, hold_us: 0 }), null);
        }
      }),
    );
  });
});
