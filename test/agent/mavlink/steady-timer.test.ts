import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Scheduler } from "../../../agent/mavlink/scheduler.js";
import { SteadyTimer } from "../../../agent/mavlink/steady-timer.js";
import { FakeScheduler } from "./fake-scheduler.js";

describe("a steady timer", () => {
  test("ticks at start and every period, however late single ticks are", async () => {
    const clock = new FakeScheduler(0);
    const at_us: number[] = [];
    const timer = new SteadyTimer(1000, (now_us) => at_us.push(now_us), clock);
    clock.delays_us.push(3_000, 250_000, 0, 0, 40_000);
    timer.start();
    await clock.advance(6_000);
    timer.stop();
    assert.deepEqual(at_us, [0, 1_003_000, 2_250_000, 3_000_000, 4_000_000, 5_040_000, 6_000_000]);
    assert.deepEqual(timer.lateness, { ticks: 7, missed: 0, p50_us: 0, p99_us: 250_000, max_us: 250_000 });
    await clock.advance(5_000);
    assert.equal(at_us.length, 7, "nothing after stop");
    assert.equal(clock.pending, 0);
  });

  test("leaves out what was missed and keeps to its times", async () => {
    const clock = new FakeScheduler(0);
    const at_us: number[] = [];
    const timer = new SteadyTimer(100, (now_us) => at_us.push(now_us), clock);
    clock.delays_us.push(350_000);
    timer.start();
    await clock.advance(700);
    timer.stop();
    assert.deepEqual(at_us, [0, 450_000, 500_000, 600_000, 700_000]);
    assert.equal(timer.lateness.missed, 3);
    assert.equal(timer.lateness.max_us, 350_000);
  });

  test("a day of ticks that are each up to 15 ms late does not drift", async () => {
    let now_us = 0;
    let due: { at_us: number; run: () => void } | null = null;
    const clock: Scheduler = {
      now_us: () => now_us,
      after(delay_ms, run) {
        due = { at_us: now_us + delay_ms * 1000, run };
        return () => undefined;
      },
    };
    let ticks = 0;
    let worst_us = 0;
    const timer = new SteadyTimer(
      1000,
      (at_us) => {
        worst_us = Math.max(worst_us, at_us - ticks * 1_000_000);
        ticks++;
      },
      clock,
    );
    timer.start();
    for (let i = 0; i < 86_400; i++) {
      const next = due as { at_us: number; run: () => void } | null;
      assert.ok(next);
      now_us = next.at_us + ((i * 7919) % 15_001);
      next.run();
    }
    assert.equal(ticks, 86_401);
    assert.equal(worst_us, timer.lateness.max_us);
    // Timers count whole milliseconds.
    assert.ok(worst_us <= 16_000, `${worst_us} us`);
    assert.equal(timer.lateness.missed, 0);
  });

  test("a timer of the system that comes early is waited for again", async () => {
    const clock = new FakeScheduler(0);
    const at_us: number[] = [];
    const timer = new SteadyTimer(100, (now_us) => at_us.push(now_us), {
      now_us: () => clock.now_us(),
      after: (delay_ms, run) => clock.after(delay_ms > 2 ? delay_ms - 1 : delay_ms, run),
    });
    timer.start();
    await clock.advance(250);
    timer.stop();
    assert.deepEqual(at_us, [0, 100_000, 200_000]);
  });
});
