import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common } from "node-mavlink";
import {
  EstimatorSensorFusionStatus,
  FUSION_SOURCES,
} from "../../../../../agent/mavlink/messages/estimator-sensor-fusion-status.js";
import { type EkfMoment, EkfWatch } from "../../../../../agent/mavlink/publishers/flight/ekf-watch.js";
import { arrives, COPTER, ekfFrame, PX4 } from "./helpers.js";

/** A watch that is run at 10 Hz with reports that some function gives. */
class Bench {
  readonly watch = new EkfWatch();
  now_us = 0;

  run(seconds: number, frame: () => ReturnType<typeof ekfFrame> | null, change: Partial<EkfMoment> = {}): void {
    for (let i = 0; i < seconds * 10; i++, this.now_us += 100_000) {
      const report = frame();
      if (report !== null) this.watch.receive(report, this.now_us);
      const moment = { feed: "ardupilot_vision", feeding: true, soleSource: true, suspects: [] } as const;
      this.watch.update({ ...moment, now_us: this.now_us, ...change });
    }
  }
}

function fusionFrame(active: number, intended: number, ratio = Number.NaN) {
  const message = new EstimatorSensorFusionStatus();
  const source = FUSION_SOURCES.aux_global_position;
  message.active[source] = active;
  message.intended[source] = intended;
  message.testRatio[source] = ratio;
  return arrives(message, PX4);
}

function px4Frame(flags: number, ratio: number) {
  const message = Object.assign(new common.EstimatorStatus(), {
    timeUsec: 0n,
    flags,
    velRatio: 0,
    posHorizRatio: ratio,
    posVertRatio: 0,
    magRatio: 0,
    haglRatio: 0,
    tasRatio: 0,
    posHorizAccuracy: 1,
    posVertAccuracy: 1,
  });
  return arrives(message, PX4);
}

describe("ArduPilot", () => {
  const good = () => ekfFrame(831);

  test("a position that rises while only we feed is proof after 3 s", () => {
    const bench = new Bench();
    bench.run(2, () => ekfFrame(167));
    assert.equal(bench.watch.fused, false);
    assert.match(bench.watch.reason, /constant position/);
    bench.run(2, good);
    assert.notEqual(bench.watch.fused, true);
    bench.run(2, good);
    assert.equal(bench.watch.fused, true);
  });

  test("one that it had before is proof only when it lasts longer than it could without us", () => {
    const bench = new Bench();
    bench.run(5, good, { soleSource: false });
    assert.equal(bench.watch.fused, null);
    assert.match(bench.watch.reason, /GPS is used as well/);
    bench.run(7.5, good);
    assert.equal(bench.watch.fused, null);
    bench.run(1, good);
    assert.equal(bench.watch.fused, true);
  });

  test("bad flags for a second, or rejection for three, are a loss; two outliers are none", () => {
    const bench = new Bench();
    bench.run(10, good);
    bench.run(2, () => ekfFrame(895, 2.1));
    assert.equal(bench.watch.fused, true);
    bench.run(1, good);
    bench.run(4, () => ekfFrame(895, 2.1));
    assert.equal(bench.watch.fused, false);
    assert.match(bench.watch.reason, /test ratio 2\.1, above 1/);
    bench.run(10, good);
    assert.equal(bench.watch.fused, true);
    bench.run(1.3, () => ekfFrame(101));
    assert.equal(bench.watch.fused, false);
    assert.match(bench.watch.reason, /no absolute position/);
  });

  test("what is known to be wrong elsewhere comes first", () => {
    const bench = new Bench();
    bench.run(3, () => ekfFrame(167), { suspects: ["EK3_SRC2_POSXY is 3, set 6"] });
    assert.equal(bench.watch.reason, "EK3_SRC2_POSXY is 3, set 6");
  });

  test("no reports, or nothing fed: not known", () => {
    const bench = new Bench();
    bench.run(20, () => null);
    assert.deepEqual([bench.watch.fused, bench.watch.reason], [null, "the vehicle sends no EKF status"]);
    bench.run(20, good, { feeding: false });
    assert.deepEqual([bench.watch.fused, bench.watch.reason], [null, "nothing is fed"]);
  });
});

describe("PX4", () => {
  test("on the ground the constant position bit stays set, however well it is aided", () => {
    const bench = new Bench();
    bench.run(2, () => px4Frame(229, Number.NaN), { feed: "px4_global" });
    bench.run(4, () => px4Frame(1023, 0.2), { feed: "px4_global" });
    assert.equal(bench.watch.fused, true);
  });

  test("external vision: flags that are good for a second are none", () => {
    const bench = new Bench();
    bench.run(2, () => px4Frame(229, Number.NaN), { feed: "px4_vision" });
    bench.run(1.2, () => px4Frame(511, 2), { feed: "px4_vision" });
    bench.run(4, () => px4Frame(255, Number.NaN), { feed: "px4_vision" });
    assert.equal(bench.watch.fused, false);
  });

  test("message 514 decides, also beside GPS", () => {
    const moment = { feed: "px4_global", soleSource: false } as const;
    const bench = new Bench();
    bench.run(1, () => fusionFrame(1, 1), moment);
    assert.equal(bench.watch.fused, true);
    bench.run(1, () => fusionFrame(0, 0), moment);
    assert.equal(bench.watch.fused, false);
    assert.match(bench.watch.reason, /EKF2_AGP0_CTRL does not let it/);
    bench.run(1, () => fusionFrame(0, 1, 1.8), moment);
    assert.match(bench.watch.reason, /test ratio 1\.8/);
    bench.run(1, () => fusionFrame(0, 1), moment);
    assert.match(bench.watch.reason, /too slow or too old/);
    // It ends: the flags decide again, and beside GPS they tell nothing.
    bench.run(5, () => px4Frame(895, 0.1), moment);
    assert.equal(bench.watch.fused, null);
  });
});

test("reports of another kind change nothing", () => {
  const watch = new EkfWatch();
  watch.receive(arrives(Object.assign(new common.SystemTime(), { timeUnixUsec: 1n, timeBootMs: 1 }), COPTER), 0);
  watch.update({ now_us: 0, feed: "ardupilot_vision", feeding: true, soleSource: true, suspects: [] });
  assert.equal(watch.fused, null);
});
