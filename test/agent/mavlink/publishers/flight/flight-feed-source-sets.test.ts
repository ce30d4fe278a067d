import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common } from "node-mavlink";
import type { FeedOptions } from "../../../../../agent/mavlink/publishers/flight/feed-options.js";
import { FlightFeed } from "../../../../../agent/mavlink/publishers/flight/flight-feed.js";
import { FakeAutopilot, texts } from "./fake-autopilot.js";
import { between, COPTER, ofType, POSITION } from "./helpers.js";

const SETS: FeedOptions = { answersTimesync: false, sourceSets: {} };

describe("copter, jammed in flight", () => {
  /** GPS for 20 s, jam, and 40 s more; what was sent and the autopilot afterwards. */
  function jammed(change: Partial<FeedOptions> = {}, prepare: (autopilot: FakeAutopilot) => void = () => {}) {
    const autopilot = new FakeAutopilot(COPTER);
    prepare(autopilot);
    const feed = new FlightFeed({ ...SETS, ...change });
    const from_us = autopilot.flight.now_us;
    const sent = autopilot.run(feed, 60, (t_s) => {
      if (t_s === 20) autopilot.gpsFix = 1;
    });
    return { autopilot, feed, sent, from_us };
  }

  test("the feed flows before; the set is switched within 2 s of the loss; the EKF keeps its position", () => {
    const { autopilot, feed, sent, from_us } = jammed();
    assert.ok(ofType(between(sent, from_us, 10, 20), common.VisionPositionEstimate).length >= 99);
    assert.deepEqual(
      autopilot.selected.map(({ set }) => set),
      [2],
    );
    const switched_s = ((autopilot.selected[0]?.t_us ?? 0) - from_us) / 1e6;
    assert.ok(switched_s > 20 && switched_s < 22, `${switched_s}`);
    assert.ok(autopilot.positioned);
    assert.equal(feed.status.fused, true);
    assert.equal(feed.status.state, "active");
    assert.equal(feed.gps.state, "lost");
    const said = texts(sent);
    assert.ok(said.some((text) => /GPS lost, flying on vision \(set 2\)/.test(text)));
    assert.ok(said.some((text) => /EKF uses vision_position_estimate/.test(text)));
    assert.equal(said.length, 2, said.join("\n"));
  });

  test("with ODOMETRY just so", () => {
    const { autopilot, sent } = jammed({ publisher: "odometry" });
    assert.ok(autopilot.positioned && autopilot.set === 2);
    assert.ok(ofType(sent, common.Odometry).every(({ message }) => message.frameId === 20));
  });

  test("an unconfigured set is never switched to; the operator is told what to set", () => {
    const { autopilot, feed, sent } = jammed({}, ({ parameters }) => {
      parameters.EK3_SRC2_POSXY = 0;
    });
    assert.deepEqual(autopilot.selected, []);
    assert.equal(feed.sourceSet?.state, "stopped");
    assert.ok(texts(sent).some((text) => /source set not switched: parameters: EK3_SRC2_POSXY is 0, set 6/.test(text)));
    assert.ok(
      texts(sent).some((text) => /EKF does not use vision_position_estimate: EK3_SRC2_POSXY is 0, set 6/.test(text)),
    );
    assert.equal(feed.status.fused, false);
  });

  test("switching off in the configuration means off", () => {
    const { autopilot, feed } = jammed({ sourceSets: null });
    assert.deepEqual(autopilot.selected, []);
    assert.equal(feed.sourceSet, null);
  });

  test("every answer: denied is told, temporarily rejected and lost answers are asked again", () => {
    const denied = jammed({}, (autopilot) => {
      autopilot.setResult = common.MavResult.DENIED;
    });
    assert.ok(texts(denied.sent).some((text) => /source set not switched: answer: set 2: denied/.test(text)));
    for (const result of [common.MavResult.TEMPORARILY_REJECTED, common.MavResult.FAILED, undefined]) {
      const autopilot = new FakeAutopilot(COPTER);
      const feed = new FlightFeed(SETS);
      autopilot.setResult = result;
      autopilot.run(feed, 26, (t_s) => {
        if (t_s === 20) autopilot.gpsFix = 1;
        if (t_s === 23) autopilot.setResult = 0;
      });
      assert.equal(autopilot.set, 2, `after ${result}`);
    }
  });

  test("nothing is fed: not switched, because nothing could be fused", () => {
    const { autopilot } = jammed({}, ({ flight }) => {
      flight.position = null;
    });
    assert.deepEqual(autopilot.selected, []);
  });

  test("a position that comes 5 s after the loss is still switched to", () => {
    const autopilot = new FakeAutopilot(COPTER);
    autopilot.flight.position = null;
    const feed = new FlightFeed(SETS);
    autopilot.run(feed, 30, (t_s) => {
      if (t_s === 20) autopilot.gpsFix = 1;
      if (t_s === 25) autopilot.flight.position = { ...POSITION, fix_t_us: autopilot.flight.now_us - 300_000 };
    });
    assert.equal(autopilot.set, 2);
    assert.ok(autopilot.positioned);
  });

  test("rejected for long: told, with the ratio", () => {
    const autopilot = new FakeAutopilot(COPTER);
    const feed = new FlightFeed(SETS);
    const sent = autopilot.run(feed, 60, (t_s) => {
      if (t_s === 10) autopilot.gpsFix = 1;
      if (t_s === 40) autopilot.ratio = 2.4;
    });
    assert.ok(
      texts(sent).some((text) => /EKF does not use .*rejected by the EKF: test ratio 2\.4/.test(text)),
      texts(sent).join(),
    );
  });
});

describe("back to GPS", () => {
  /** On vision at 30 s, GPS back at 30 s; `each` acts on. */
  function back(
    seconds: number,
    each: (t_s: number, autopilot: FakeAutopilot) => void,
    change: Partial<FeedOptions> = {},
  ) {
    const autopilot = new FakeAutopilot(COPTER);
    const feed = new FlightFeed({ ...SETS, ...change });
    const from_us = autopilot.flight.now_us;
    const sent = autopilot.run(feed, seconds, (t_s) => {
      if (t_s === 10) autopilot.gpsFix = 1;
      if (t_s === 30) autopilot.gpsFix = 6;
      each(t_s, autopilot);
    });
    const switches = autopilot.selected.map(({ t_us, set }) => [Math.round((t_us - from_us) / 1e6), set]);
    return { autopilot, feed, switches, sent, from_us };
  }

  test("only after it has been healthy for 10 s, and the feed goes on", () => {
    const { switches, sent, from_us } = back(60, () => {});
    assert.deepEqual(
      switches.map(([, set]) => set),
      [2, 1],
    );
    assert.ok((switches[1]?.[0] ?? 0) >= 40 && (switches[1]?.[0] ?? 0) <= 42, `${switches}`);
    assert.ok(ofType(between(sent, from_us, 45, 60), common.VisionPositionEstimate).length >= 140);
    assert.ok(texts(sent).some((text) => /GPS is back/.test(text)));
  });

  test("a GPS that comes and goes does not flap: no switch while it is never healthy for 10 s", () => {
    const { switches } = back(90, (t_s, autopilot) => {
      if (t_s > 30) autopilot.gpsFix = Math.floor(t_s / 4) % 2 === 0 ? 6 : 1;
    });
    assert.deepEqual(
      switches.map(([, set]) => set),
      [2],
    );
  });

  test("after each relapse it must be healthy twice as long", () => {
    const { switches } = back(300, (t_s, autopilot) => {
      if (t_s > 30) autopilot.gpsFix = t_s % 20 < 15 ? 6 : 1;
    });
    // Healthy for some 13 s at a time: gone back to once, and then no more.
    assert.deepEqual(
      switches.map(([, set]) => set),
      [2, 1, 2],
    );
  });

  test("a GPS that is somewhere else (spoofed) is not gone back to, until it agrees", () => {
    const { switches } = back(80, (t_s, autopilot) => {
      if (t_s === 30) autopilot.gpsPlace = { lat_deg: 49.02, lon_deg: 16 };
      if (t_s === 60) autopilot.gpsPlace = null;
    });
    assert.deepEqual(
      switches.map(([, set]) => set),
      [2, 1],
    );
    assert.ok((switches[1]?.[0] ?? 0) >= 60, `${switches}`);
  });

  test("when our position is lost and GPS is healthy it is gone back to at once", () => {
    const { switches, autopilot } = back(40, (t_s, { flight }) => {
      if (t_s === 34) flight.position = null;
    });
    assert.deepEqual(
      switches.map(([, set]) => set),
      [2, 1],
    );
    assert.ok((switches[1]?.[0] ?? 99) <= 36, `${switches}`);
    assert.ok(autopilot.positioned);
  });

  test("when both are lost it stays: there is nothing to go back to", () => {
    const autopilot = new FakeAutopilot(COPTER);
    const feed = new FlightFeed(SETS);
    autopilot.run(feed, 40, (t_s) => {
      if (t_s === 10) autopilot.gpsFix = 1;
      if (t_s === 20) autopilot.flight.position = null;
    });
    assert.deepEqual(
      autopilot.selected.map(({ set }) => set),
      [2],
    );
    assert.deepEqual(feed.beforeStop(autopilot.flight.now_us), []);
  });

  test("before the feed stops for good the set goes back, if GPS can take over", () => {
    const { feed, autopilot } = back(34, () => {});
    const [message, ...more] = feed.beforeStop(autopilot.flight.now_us);
    assert.ok(message instanceof common.CommandLong);
    assert.deepEqual([Number(message.command), message._param1, more.length], [42007, 1, 0]);
  });
});
