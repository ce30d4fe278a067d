import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common } from "node-mavlink";
import { encodeMessage } from "../../../../../agent/mavlink/codec.js";
import type { Vehicle } from "../../../../../agent/mavlink/identity.js";
import {
  ExternalPositionFlight,
  type ExternalPositionOptions,
} from "../../../../../agent/mavlink/publishers/flight/external-position.js";
import { GpsHealth } from "../../../../../agent/mavlink/publishers/flight/gps-health.js";
import { ackFrame, arrives, COPTER, FakeFlight, failing, gpsFrame, ofType, PLANE, PX4, type Sent } from "./helpers.js";

const COMMAND = 43003;
const { MavResult } = common;
const STILL = { pitchspeed: 0, yawspeed: 0 } as const;

/** A plane, its GPS, and an autopilot that answers each command 20 ms later with the next of some results. */
class Bench {
  readonly flight: FakeFlight;
  readonly gps = new GpsHealth();
  readonly feed: ExternalPositionFlight;
  readonly vehicle: Vehicle;
  gpsFix = 1;
  answers: number[] = [];
  #answer: { at_us: number; result: number } | null = null;

  constructor(vehicle = PLANE, change: Partial<ExternalPositionOptions> = {}) {
    this.vehicle = vehicle;
    this.flight = new FakeFlight(vehicle);
    const options = { interval_s: 10, fixes: 3, max_protection_level_m: 50, max_fix_age_s: 3, ownComponent: 197 };
    this.feed = new ExternalPositionFlight({ ...options, ...change }, this.gps);
  }

  /** Runs with fixes at 2 Hz; `each` is called before every tick. */
  run(seconds: number, each: (t_s: number) => void = () => {}): { t_us: number; message: common.CommandInt }[] {
    const out: Sent[] = [];
    const { flight, feed, gps, vehicle } = this;
    const from_us = flight.now_us;
    for (let i = 0; i < seconds * 50; i++) {
      flight.now_us = from_us + i * 20_000;
      each(i / 50);
      if (i % 25 === 0 && flight.position !== null) flight.fix(200_000);
      if (i % 10 === 0) gps.receive(gpsFrame(vehicle, this.gpsFix), flight.now_us);
      gps.update(flight.now_us, flight.status);
      if (this.#answer !== null && flight.now_us >= this.#answer.at_us) {
        feed.receive(ackFrame(vehicle, COMMAND, this.#answer.result), flight.now_us);
        this.#answer = null;
      }
      for (const message of feed.tick(flight.moment())) {
        out.push({ t_us: flight.now_us, message });
        const result = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
        if (result !== undefined) this.#answer = { at_us: flight.now_us + 20_000, result };
      }
    }
    flight.now_us = from_us + seconds * 1e6;
    return ofType(out, common.CommandInt);
  }
}

test("COMMAND_INT as the plane took it: frame 0, z NaN, accuracy, degE7", () => {
  const bench = new Bench();
  bench.answers = [MavResult.ACCEPTED];
  const [first] = bench.run(4);
  assert.ok(first !== undefined);
  const { message, t_us } = first;
  assert.deepEqual([message.command, message.frame, message.targetSystem, message.targetComponent], [COMMAND, 0, 1, 1]);
  assert.ok(Number.isNaN(message._param7));
  assert.equal(message._param3, 5);
  assert.equal(message._param2, 0);
  assert.ok(Math.abs(message._param1 - (t_us - 100_000_000) / 1e6) < 1e-6, "seconds since the start");
  assert.ok(Math.abs(message._param5 - 490010000) < 20_000);
  encodeMessage(message, { sysid: 1, compid: 197, seq: 0 });
});

test("every 10 s while they are accepted, each with a new fix", () => {
  const bench = new Bench();
  bench.answers = [MavResult.ACCEPTED];
  const sent = bench.run(60);
  assert.ok(sent.length === 6 || sent.length === 5, `${sent.length}`);
  const gaps = sent.slice(1).map(({ t_us }, at) => t_us - (sent[at]?.t_us ?? 0));
  assert.ok(
    gaps.every((gap) => gap >= 10e6 && gap < 10.3e6),
    `${gaps}`,
  );
  assert.equal(bench.feed.status.fused, true);
});

test("PX4 gets frame 5", () => {
  const bench = new Bench(PX4, { interval_s: 1 });
  bench.answers = [MavResult.ACCEPTED];
  const sent = bench.run(5);
  assert.ok(sent.length >= 2 && sent.every(({ message }) => message.frame === 5));
});

describe("the autopilot has no gate, so it is not sent", () => {
  test("while GPS is healthy, nor while nothing is known of it", () => {
    const bench = new Bench();
    bench.gpsFix = 3;
    assert.equal(bench.run(20).length, 0);
    assert.deepEqual(failing(bench.feed), ["gps_lost"]);
  });

  test("before fixes have agreed, and again after a jump or a loss", () => {
    const bench = new Bench(PLANE, { fixes: 5, interval_s: 0.5 });
    bench.answers = [MavResult.ACCEPTED];
    const first = bench.run(3)[0]?.t_us ?? Number.NaN;
    assert.ok(first - 100_000_000 >= 2_000_000, "5 fixes at 2 Hz");
    let jumped_us = Number.NaN;
    const after = bench
      .run(4, (t_s) => {
        if (t_s !== 1) return;
        jumped_us = bench.flight.now_us;
        bench.flight.fix(200_000, { reset_counter: 99 });
      })
      .filter(({ t_us }) => t_us >= jumped_us);
    assert.ok((after[0]?.t_us ?? Number.NaN) - jumped_us >= 1_500_000);
    const kept = bench.flight.position;
    bench.flight.position = null;
    assert.equal(bench.run(1).length, 0);
    bench.flight.position = kept;
    assert.equal(bench.run(1).length, 0);
  });

  test("with a large protection level", () => {
    const bench = new Bench(PLANE, { max_protection_level_m: 20 });
    assert.equal(bench.run(10).length, 0);
    assert.deepEqual(failing(bench.feed), ["protection_level"]);
  });

  test("with an old fix", () => {
    const bench = new Bench(PLANE, { max_fix_age_s: 0.1 });
    assert.equal(bench.run(10).length, 0);
    assert.deepEqual(failing(bench.feed), ["fresh_fix"]);
  });

  test("with a fix of a sharp turn, for ten seconds at most", () => {
    const attitude = (roll: number, rollspeed: number) =>
      arrives(
        Object.assign(new common.Attitude(), { timeBootMs: 0, roll, pitch: 0, yaw: 0, rollspeed, ...STILL }),
        PLANE,
      );
    const flown = (turn: (t_s: number) => readonly [roll: number, rollspeed: number]) => {
      const bench = new Bench(PLANE, { interval_s: 0.5 });
      bench.answers = [MavResult.ACCEPTED];
      bench.run(10);
      const from_us = bench.flight.now_us;
      const sent = bench.run(20, (t_s) => bench.feed.receive(attitude(...turn(t_s)), bench.flight.now_us));
      return sent.map(({ t_us }) => (t_us - from_us) / 1e6);
    };
    const none = (times: readonly number[], from_s: number, to_s: number) =>
      times.every((t_s) => t_s < from_s || t_s > to_s);
    const circling = flown(() => [0.55, 0]);
    assert.ok(circling.length > 15, "a plane that circles at 32 degrees of bank");
    const banked = flown((t_s) => [t_s >= 4 && t_s < 8 ? 0.9 : 0, 0]);
    assert.ok(none(banked, 4.1, 8.5) && !none(banked, 8.5, 10), `${banked}`);
    const rolled = flown((t_s) => [0, t_s >= 4 && t_s < 5 ? -1.2 : 0]);
    assert.ok(none(rolled, 4.1, 5.5) && !none(rolled, 5.5, 7), `${rolled}`);
    const spiral = flown((t_s) => [t_s >= 4 ? 0.9 : 0, 0]);
    assert.ok(none(spiral, 4.1, 13.9) && !none(spiral, 14, 16), `${spiral}`);
  });

  test("on the ground, where a GPS that searches looks like one that is lost", () => {
    const bench = new Bench();
    bench.flight.status = { ...bench.flight.status, armed: false };
    assert.equal(bench.run(10).length, 0);
    assert.deepEqual(failing(bench.feed), ["armed"]);
  });

  test("to a copter, which lands on it", () => {
    const bench = new Bench(COPTER);
    assert.equal(bench.run(10).length, 0);
    assert.equal(bench.feed.status.state, "stopped");
  });
});

describe("every answer", () => {
  const count = (answers: number[], seconds = 20) => {
    const bench = new Bench();
    bench.answers = answers;
    const sent = bench.run(seconds);
    return { bench, sent, gaps_s: sent.slice(1).map(({ t_us }, at) => (t_us - (sent[at]?.t_us ?? 0)) / 1e6) };
  };

  test("FAILED (the autopilot still believes its GPS): again after a second, then as usual", () => {
    const { sent, gaps_s, bench } = count([4, 4, 4, MavResult.ACCEPTED], 15);
    assert.ok(sent.length >= 4);
    assert.ok(
      gaps_s.slice(0, 3).every((gap) => gap >= 1 && gap < 1.6),
      `${gaps_s}`,
    );
    assert.ok((gaps_s[3] ?? 10) >= 10);
    assert.equal(bench.feed.lastOutcome, "accepted");
  });

  test("TEMPORARILY_REJECTED: again after two seconds", () => {
    const { gaps_s } = count([MavResult.TEMPORARILY_REJECTED]);
    assert.ok(gaps_s.length >= 6 && gaps_s.every((gap) => gap >= 2 && gap < 2.7), `${gaps_s}`);
  });

  test("DENIED: once with the other frame, then seldom", () => {
    const { sent, gaps_s, bench } = count([MavResult.DENIED], 80);
    assert.deepEqual(
      sent.slice(0, 3).map(({ message }) => message.frame),
      [0, 5, 5],
    );
    assert.ok((gaps_s[1] ?? 0) >= 30);
    assert.equal(bench.feed.status.fused, false);
  });

  test("wrong frame (result 9): the other one", () => {
    const { sent } = count([9, MavResult.ACCEPTED]);
    assert.deepEqual(
      sent.slice(0, 2).map(({ message }) => message.frame),
      [0, 5],
    );
  });

  test("UNSUPPORTED three times: given up, and said", () => {
    const { sent, bench } = count([MavResult.UNSUPPORTED], 300);
    assert.equal(sent.length, 3);
    assert.equal(bench.feed.status.state, "stopped");
    assert.match(bench.feed.status.conditions.find(({ holds }) => !holds)?.detail ?? "", /unsupported/);
  });

  test("IN_PROGRESS: the final answer is waited for", () => {
    const { sent } = count([MavResult.IN_PROGRESS], 5);
    assert.equal(sent.length, 1);
  });

  test("none: again after two seconds, one to wait and one to rest", () => {
    const { sent, bench } = count([], 20);
    assert.ok(sent.length >= 6 && sent.length <= 10, `${sent.length}`);
    assert.equal(bench.feed.lastOutcome, "no_answer");
  });

  test("an answer for somebody else, or to another command, is not ours", () => {
    const bench = new Bench();
    bench.run(4);
    const { flight, feed } = bench;
    feed.receive(ackFrame(PLANE, COMMAND, MavResult.ACCEPTED, 190), flight.now_us);
    feed.receive(ackFrame(PLANE, 42007, MavResult.ACCEPTED), flight.now_us);
    assert.notEqual(feed.lastOutcome, "accepted");
  });
});
