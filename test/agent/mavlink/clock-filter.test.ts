import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { common } from "node-mavlink";
import { ClockFilter, type ClockSample } from "../../../agent/mavlink/clock-filter.js";
import { decodeAs } from "../../../agent/mavlink/codec.js";
import { RECORDINGS, type Recording, readFrames, readIndex } from "./fixtures.js";

/** Answers of a vehicle whose clock is `offset(t)` ahead, with the times of the ways there and back. */
function samples(
  count: number,
  offset: (t_us: number) => number,
  ways: (at: number) => readonly [number, number],
  every_us = 1_000_000,
): ClockSample[] {
  return Array.from({ length: count }, (_, at) => {
    const sent_us = 5_000_000 + at * every_us;
    const [there_us, back_us] = ways(at);
    const answered_us = sent_us + there_us;
    return { sent_us, received_us: answered_us + back_us, other_us: answered_us + offset(answered_us) };
  });
}

/** A number from 0 to 1 that looks random and is always the same. */
function noise(at: number): number {
  const x = Math.sin(at * 12.9898) * 43758.5453;
  return x - Math.floor(x);
}

describe("the clock filter", () => {
  test("a serial link with jitter: within the stated uncertainty, better than a millisecond", () => {
    const offset = (t_us: number) => -3_000_000_000 + 40e-6 * t_us;
    const filter = new ClockFilter();
    for (const sample of samples(60, offset, (at) => [1500 + 4000 * noise(at), 1500 + 4000 * noise(at + 0.5)])) {
      filter.add(sample);
    }
    const t_us = 5_000_000 + 60e6;
    const estimate = filter.estimateAt(t_us);
    assert.ok(estimate);
    const error_us = Math.abs(estimate.offset_us - offset(t_us));
    assert.ok(error_us < 1000, `${error_us} us`);
    assert.ok(error_us <= estimate.uncertainty_us && estimate.uncertainty_us < 5000, `${estimate.uncertainty_us} us`);
    assert.equal(filter.steps, 0);
  });

  test("follows a clock that runs 2 % slow", () => {
    const offset = (t_us: number) => 1000 - 0.02 * t_us;
    const filter = new ClockFilter();
    for (const sample of samples(10, offset, () => [100, 100], 100_000)) filter.add(sample);
    for (const sample of samples(30, offset, () => [100, 100])) {
      filter.add({
        ...sample,
        sent_us: sample.sent_us + 1e6,
        received_us: sample.received_us + 1e6,
        other_us: sample.other_us + 1e6 - 0.02e6,
      });
    }
    const t_us = 5_000_000 + 32e6;
    const estimate = filter.estimateAt(t_us);
    assert.ok(estimate);
    assert.ok(Math.abs(estimate.drift_ppm + 20_000) < 200, `${estimate.drift_ppm} ppm`);
    assert.ok(Math.abs(estimate.offset_us - offset(t_us)) < 1000);
  });

  test("a long round trip is not used, a longer one for ever is", () => {
    const offset = () => 7000;
    const filter = new ClockFilter();
    for (const sample of samples(10, offset, () => [200, 200])) filter.add(sample);
    const [slow] = samples(1, offset, () => [200, 30_000]);
    assert.ok(slow);
    const later = (by_us: number) => ({
      sent_us: slow.sent_us + by_us,
      received_us: slow.received_us + by_us,
      other_us: slow.other_us + by_us,
    });
    assert.equal(filter.add(later(10e6)), "slow");
    const verdicts = Array.from({ length: 30 }, (_, at) => filter.add(later(11e6 + at * 1e6)));
    assert.equal(verdicts[0], "slow");
    assert.equal(verdicts.at(-1), "used");
    const estimate = filter.estimateAt(40e6);
    assert.ok(estimate && Math.abs(estimate.offset_us - 7000) <= estimate.uncertainty_us);
  });

  test("one wrong answer changes nothing; a restart of the other clock is found with the second answer", () => {
    const filter = new ClockFilter();
    for (const sample of samples(
      20,
      () => 90_000_000,
      () => [300, 300],
    ))
      filter.add(sample);
    const answer = (t_us: number, other_us: number) => filter.add({ sent_us: t_us, received_us: t_us + 600, other_us });
    assert.equal(answer(26e6, 26e6 + 50_000_000), "suspect");
    assert.equal(filter.doubtful, true);
    assert.ok((filter.estimateAt(26e6)?.uncertainty_us ?? 0) > 30e6, "the doubt shows");
    assert.equal(answer(27e6, 27e6 + 300 + 90_000_000), "used");
    assert.equal(filter.doubtful, false);

    assert.equal(answer(28e6, 1e6), "suspect");
    assert.equal(answer(28.1e6, 1.1e6), "step");
    assert.equal(filter.steps, 1);
    const estimate = filter.estimateAt(28.1e6);
    assert.ok(estimate && Math.abs(estimate.offset_us + 27e6) < 1000);
  });

  test("nothing is known before the first answer, nor half a minute after the last", () => {
    const filter = new ClockFilter();
    assert.equal(filter.estimateAt(0), null);
    for (const sample of samples(
      5,
      () => 10,
      () => [100, 100],
    ))
      filter.add(sample);
    const near = filter.estimateAt(10e6)?.uncertainty_us ?? 0;
    const far = filter.estimateAt(30e6)?.uncertainty_us ?? 0;
    assert.ok(far > near, "the uncertainty grows with time");
    assert.equal(filter.estimateAt(40e6), null);
  });

  test("in 98 of 100 runs with delays of any length and asymmetry the error is within the uncertainty", () => {
    let inside = 0;
    const runs = 500;
    for (let run = 0; run < runs; run++) {
      const longest_us = 20_000 * noise(run);
      const skew = noise(run + 0.3);
      const offset = (t_us: number) => 123_456 + (200 * noise(run + 0.6) - 100) * 1e-6 * t_us;
      const filter = new ClockFilter();
      const all = samples(8 + (run % 30), offset, (at) => [
        50 + longest_us * noise(run * 100 + at),
        50 + longest_us * skew * noise(run * 100 + at + 0.5),
      ]);
      for (const sample of all) filter.add(sample);
      const t_us = all.at(-1)?.received_us ?? 0;
      const estimate = filter.estimateAt(t_us);
      assert.ok(estimate);
      if (Math.abs(estimate.offset_us - offset(t_us)) <= estimate.uncertainty_us) inside++;
    }
    assert.ok(inside >= 0.98 * runs, `${inside} of ${runs}`);
  });

  test("whatever the delays: no NaN, no runaway", () => {
    const way = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(way, way), { minLength: 1, maxLength: 40 }), (ways) => {
        const offset = () => 123_456;
        const filter = new ClockFilter();
        const all = samples(ways.length, offset, (at) => ways[at] ?? [0, 0]);
        for (const sample of all) filter.add(sample);
        const estimate = filter.estimateAt(all.at(-1)?.received_us ?? 0);
        assert.ok(estimate && Number.isFinite(estimate.drift_ppm) && estimate.uncertainty_us >= 0);
        // No answer says more than half its round trip, so a line through them cannot be off by much more.
        assert.ok(Math.abs(estimate.offset_us - 123_456) <= 150_000);
      }),
    );
  });
});

/** The answers of the autopilot in a recording: the clock of the agent is the time of the record. */
function recordedAnswers(name: Recording): ClockSample[] {
  return readFrames(name).flatMap(({ t_us, direction, frame }) => {
    if (direction !== "from" || frame.msgid !== common.TimeSync.MSG_ID) return [];
    const { tc1, ts1 } = decodeAs(frame, common.TimeSync);
    return tc1 === 0n ? [] : [{ sent_us: Number(ts1) / 1000, received_us: t_us, other_us: Number(tc1) / 1000 }];
  });
}

describe("recorded TIMESYNC", () => {
  /** How far the next answer is from what is expected of it beyond half its round trip: half and nine tenths of them. */
  const limits: Record<Recording, { p50_ms: number; p90_ms: number; steps: number }> = {
    "ardupilot-copter": { p50_ms: 0.1, p90_ms: 1, steps: 0 },
    "ardupilot-plane": { p50_ms: 0.1, p90_ms: 5, steps: 0 },
    "ardupilot-signed": { p50_ms: 1, p90_ms: 7, steps: 0 },
    // This simulation ran 1.6 % slow, unevenly; the other one also stood still for a fifth of a second now and then.
    "px4-quad": { p50_ms: 2.5, p90_ms: 7.5, steps: 6 },
    "px4-quad-dropout": { p50_ms: 4, p90_ms: 160, steps: 20 },
  };

  for (const name of RECORDINGS) {
    test(name, () => {
      const { timesync } = readIndex(name);
      const answers = recordedAnswers(name);
      assert.equal(answers.length, timesync.answers_of_the_autopilot);
      const filter = new ClockFilter();
      const errors_us: number[] = [];
      let explained = 0;
      const windows = new Map<
        number,
        { rtt_us: number; offset_us: number; estimate_us: number; uncertainty_us: number }
      >();
      for (const sample of answers) {
        const t_us = (sample.sent_us + sample.received_us) / 2;
        const rtt_us = sample.received_us - sample.sent_us;
        const offset_us = sample.other_us - t_us;
        const expected = filter.estimateAt(t_us);
        if (expected !== null && filter.samples >= 3) {
          const error_us = Math.abs(expected.offset_us - offset_us);
          errors_us.push(Math.max(0, error_us - rtt_us / 2));
          if (error_us <= expected.uncertainty_us + rtt_us / 2) explained++;
        }
        filter.add(sample);
        const now = filter.estimateAt(t_us);
        assert.ok(now);
        const from_s = 10 * Math.floor(sample.received_us / 1e7);
        if (rtt_us < (windows.get(from_s)?.rtt_us ?? Number.POSITIVE_INFINITY)) {
          windows.set(from_s, { rtt_us, offset_us, estimate_us: now.offset_us, uncertainty_us: now.uncertainty_us });
        }
      }
      // The best sample of each ten seconds is the one of the index, and what the filter says then fits it.
      assert.equal(windows.size, timesync.windows.length);
      for (const window of timesync.windows) {
        const found = windows.get(window.from_s);
        assert.ok(found);
        assert.ok(Math.abs(found.rtt_us - window.min_rtt_us) <= 1, `${found.rtt_us} ${window.min_rtt_us}`);
        assert.ok(Math.abs(found.offset_us - window.offset_us) <= 1);
        const off_us = Math.abs(found.estimate_us - window.offset_us);
        assert.ok(off_us <= found.uncertainty_us + window.min_rtt_us / 2 + 500, `${window.from_s} s: ${off_us} us off`);
      }
      errors_us.sort((a, b) => a - b);
      const at = (share: number) => (errors_us[Math.floor(errors_us.length * share)] ?? 0) / 1000;
      const limit = limits[name];
      assert.ok(at(0.5) <= limit.p50_ms && at(0.9) <= limit.p90_ms, `p50 ${at(0.5)} ms, p90 ${at(0.9)} ms`);
      assert.ok(filter.steps <= limit.steps, `${filter.steps} steps`);
      assert.ok(explained >= 0.75 * errors_us.length, `${explained} of ${errors_us.length} explained`);
    });
  }
});
