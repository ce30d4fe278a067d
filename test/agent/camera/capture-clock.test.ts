import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { CaptureClock } from "../../../agent/camera/capture-clock.js";

const PERIOD_US = 100_000;
const ZERO_US = 5_000_000_000;

/** Feeds frames captured every 100 ms whose arrivals are late by the given times; returns the errors of the times given. */
function errors(clock: CaptureClock, late_us: readonly number[], constant_us = 0): (number | null)[] {
  return late_us.map((late, i) => {
    const capture_us = ZERO_US + i * PERIOD_US;
    const t_us = clock.capture_us(BigInt(i * PERIOD_US) * 1000n, capture_us + constant_us + late);
    return t_us === null ? null : t_us - capture_us;
  });
}

describe("CaptureClock", () => {
  it("finds the zero of the stream: the error is the smallest lateness of the window, whatever the jitter", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 10, maxLength: 80 }), (jitter) => {
        const got = errors(new CaptureClock({ pts_clock: "stream", latency_ms: 30 }), jitter, 30_000);
        jitter.forEach((_, i) => {
          if (i < 4) assert.equal(got[i], null);
          else assert.equal(got[i], Math.min(...jitter.slice(0, i + 1)));
        });
      }),
    );
  });

  it("follows a drifting stream: what is older than the window no longer counts", () => {
    const clock = new CaptureClock({ pts_clock: "stream", latency_ms: 0, window_s: 2 });
    // 100 parts per million, over ten minutes: 60 ms.
    const drift = Array.from({ length: 6000 }, (_, i) => i * 10 + (i % 7) * 500);
    const got = errors(clock, drift);
    assert.ok(Math.abs((got.at(-1) ?? 0) - 59_990) < 300, `${got.at(-1)}`);
  });

  it("begins anew when the times go back, and is ready after a second even at a low rate", () => {
    const clock = new CaptureClock({ pts_clock: "stream", latency_ms: 0 });
    errors(clock, [0, 0, 0, 0, 0, 0]);
    assert.equal(clock.capture_us(0n, ZERO_US + 900_000), null);
    assert.equal(clock.capture_us(1_000_000_000n, ZERO_US + 1_900_000), ZERO_US + 1_900_000);
  });

  it("takes monotonic times as they are, less the latency, and refuses those of another clock", () => {
    const clock = new CaptureClock({ pts_clock: "monotonic", latency_ms: 12.5 });
    assert.equal(clock.capture_us(77_000_000_999n, 77_050_000), 77_000_000 - 12_500);
    assert.equal(clock.capture_us(5_000_000n, 77_050_000), null);
    assert.equal(clock.capture_us(78_000_000_000n, 77_050_000), null);
  });

  it("counts from the arrival where a buffer has no time", () => {
    const clock = new CaptureClock({ pts_clock: "stream", latency_ms: 20 });
    assert.equal(clock.capture_us(null, 1_000_000), 980_000);
  });
});
