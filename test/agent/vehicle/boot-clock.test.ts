import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ArrivalClock, bootTimeAt } from "../../../agent/vehicle/boot-clock.js";

/** Feeds a clock that runs `rate` times as fast as ours, 20 messages a second, each delayed. */
function run(seconds: number, rate: number, offset_us: number, delay_us: (i: number) => number): ArrivalClock {
  const clock = new ArrivalClock();
  for (let i = 0; i < seconds * 20; i++) {
    const sent_us = i * 50_000;
    clock.observe(offset_us + rate * sent_us, sent_us + delay_us(i));
  }
  return clock;
}

describe("ArrivalClock", () => {
  it("knows nothing before the first message", () => {
    assert.equal(new ArrivalClock().toAgent_us(5), null);
  });

  it("finds the clock under jitter, never earlier than the truth and late by no more than the usual least delay", () => {
    const delays = fc.array(fc.integer({ min: 2000, max: 60_000 }), { minLength: 200, maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), delays, (offset_us, list) => {
        // Every fifth message comes through at once, as on a link that is not full.
        const delay = (i: number) => (i % 5 === 0 ? 2000 : (list[i % list.length] ?? 2000));
        const clock = run(8, 1, offset_us, delay);
        const now_us = 8e6;
        const error_us = (clock.toAgent_us(offset_us + now_us) ?? Number.NaN) - now_us;
        assert.ok(error_us >= 1999 && error_us <= 2001, `${error_us}`);
      }),
    );
  });

  it("follows a clock that runs a few per cent slow, as simulated vehicles do", () => {
    for (const rate of [0.96, 0.99, 1.0001, 1.02]) {
      const clock = run(10, rate, 7e6, (i) => 500 + ((i * 7919) % 13) * 300);
      const error_us = (clock.toAgent_us(7e6 + rate * 9.9e6) ?? Number.NaN) - 9.9e6;
      assert.ok(Math.abs(error_us) < 4000, `rate ${rate}: ${error_us}`);
    }
  });

  it("follows a step of the clock in little more than a second, back at once", () => {
    const clock = new ArrivalClock();
    const errorAt = (i: number, step_us: number) => {
      clock.observe(i * 50_000 - step_us, i * 50_000);
      return Math.abs((clock.toAgent_us(i * 50_000 - step_us) ?? Number.NaN) - i * 50_000);
    };
    for (let i = 0; i < 200; i++) errorAt(i, 0);
    for (let i = 200; i < 230; i++) errorAt(i, 80_000);
    assert.ok(errorAt(230, 80_000) < 1000);
    // A queue on the link that empties after a second looked like a step: the first message without it says so.
    assert.ok(errorAt(231, 0) < 1000);
  });

  it("takes a second of a full link for what it is once it is over", () => {
    const clock = run(10, 1, 0, (i) => (i >= 140 && i < 152 ? 70_000 : 1000));
    assert.ok(Math.abs((clock.toAgent_us(9.9e6) ?? Number.NaN) - 9.9e6 - 1000) < 100);
  });

  it("can be read backwards", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.95, max: 1.05, noNaN: true }),
        fc.integer({ min: 0, max: 20e6 }),
        (rate, at_us) => {
          const map = { toAgent_us: (boot_us: number) => boot_us / rate + 12_345 };
          const boot_us = bootTimeAt(map, at_us, 1e6) ?? Number.NaN;
          assert.ok(Math.abs(map.toAgent_us(boot_us) - at_us) < 1);
        },
      ),
    );
    assert.equal(bootTimeAt({ toAgent_us: () => null }, 0, 0), null);
  });
});
