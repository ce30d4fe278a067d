import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { common } from "node-mavlink";
import { encodeMessage } from "../../../../../agent/mavlink/codec.js";
import { GlobalPositionSensor } from "../../../../../agent/mavlink/messages/global-position-sensor.js";
import type { FeedOptions } from "../../../../../agent/mavlink/publishers/flight/feed-options.js";
import { FlightFeed } from "../../../../../agent/mavlink/publishers/flight/flight-feed.js";
import { UserError } from "../../../../../tiles/errors.js";
import { FakeAutopilot, texts } from "./fake-autopilot.js";
import { arrives, COPTER, FakeFlight, ORIGIN, ofType, PLANE, POSITION, PX4, paramFrame, run } from "./helpers.js";

const SETS: FeedOptions = { answersTimesync: false, sourceSets: {} };

test("never any GPS: the configured origin is offered, then fed, used and never switched", () => {
  const autopilot = new FakeAutopilot(COPTER, { origin: null, armed: false });
  Object.assign(autopilot.parameters, { GPS1_TYPE: 0, EK3_SRC1_POSXY: 6, EK3_SRC1_VELXY: 0 });
  autopilot.gpsFix = 0;
  const feed = new FlightFeed({ answersTimesync: false, origin: ORIGIN });
  const sent = autopilot.run(feed, 30);
  const [offer] = ofType(sent, common.SetGpsGlobalOrigin);
  const [first] = ofType(sent, common.VisionPositionEstimate);
  assert.ok(offer !== undefined && first !== undefined && offer.t_us < first.t_us);
  assert.equal(feed.status.fused, true);
  assert.deepEqual(autopilot.selected, []);
});

test("a vision set that is not configured is told before the take-off", () => {
  const autopilot = new FakeAutopilot(COPTER, { armed: false });
  autopilot.parameters.EK3_SRC2_POSXY = 3;
  const sent = autopilot.run(new FlightFeed(SETS), 10);
  assert.ok(texts(sent).some((text) => /source set not switched: parameters: EK3_SRC2_POSXY is 3, set 6/.test(text)));
});

test("beside a healthy GPS that the EKF does not use, use of the feed can be told all the same", () => {
  const autopilot = new FakeAutopilot(COPTER);
  Object.assign(autopilot.parameters, { EK3_SRC1_POSXY: 6, EK3_SRC1_VELXY: 0 });
  const feed = new FlightFeed({ answersTimesync: false });
  autopilot.run(feed, 20);
  assert.deepEqual([feed.gps.state, feed.status.fused], ["healthy", true]);
});

test("a set that flies on GPS, with GPS gone and no switching: the operator is told which parameter", () => {
  const autopilot = new FakeAutopilot(COPTER);
  const feed = new FlightFeed({ answersTimesync: false });
  const sent = autopilot.run(feed, 40, (t_s) => {
    if (t_s === 10) autopilot.gpsFix = 1;
  });
  assert.equal(feed.status.fused, false);
  assert.ok(texts(sent).some((text) => /EKF does not use .*EK3_SRC1_POSXY is 3, set 6/.test(text)));
});

test("VISO_POS_M_NSE too small for the fixes: rejected, and the operator is told so", () => {
  const autopilot = new FakeAutopilot(COPTER);
  autopilot.parameters.VISO_POS_M_NSE = 0.2;
  const feed = new FlightFeed(SETS);
  const sent = autopilot.run(feed, 50, (t_s) => {
    if (t_s === 10) autopilot.gpsFix = 1;
    if (t_s === 12) autopilot.ratio = 3;
  });
  assert.equal(feed.status.fused, false);
  assert.ok(
    texts(sent).some((text) => /EKF does not use .*VISO_POS_M_NSE is 0\.20, set 5/.test(text)),
    texts(sent).join(),
  );
});

test("a publisher that this vehicle cannot use is stopped, and the operator is told at once", () => {
  const autopilot = new FakeAutopilot(COPTER);
  const feed = new FlightFeed({ ...SETS, publisher: "external_position_estimate" });
  const sent = autopilot.run(feed, 3);
  assert.equal(feed.status.state, "stopped");
  assert.ok(texts(sent).some((text) => /no external_position_estimate: autopilot: .*lands on this command/.test(text)));
});

test("a plane without vision on set 2 gets 43003 once GPS is lost", () => {
  const autopilot = new FakeAutopilot(PLANE);
  autopilot.parameters.VISO_TYPE = 0;
  const feed = new FlightFeed(SETS);
  const sent = autopilot.run(feed, 30, (t_s) => {
    if (t_s === 10) autopilot.gpsFix = 1;
  });
  assert.equal(feed.name, "external_position_estimate");
  const commands = ofType(sent, common.CommandInt);
  assert.ok(commands.length > 0 && commands.every(({ t_us }) => t_us >= 110_500_000));
  assert.ok(
    texts(sent).every((text) => !/source set/.test(text)),
    "it needs none",
  );
});

test("a plane with vision on set 2 flies on it after GPS", () => {
  const autopilot = new FakeAutopilot(PLANE);
  const feed = new FlightFeed(SETS);
  autopilot.run(feed, 40, (t_s) => {
    if (t_s === 15) autopilot.gpsFix = 1;
  });
  assert.equal(feed.name, "vision_position_estimate");
  assert.equal(autopilot.set, 2);
  assert.ok(autopilot.positioned);
});

test("PX4: nothing until it has answered, then GLOBAL_POSITION_SENSOR at 5 Hz", () => {
  const flight = new FakeFlight(PX4);
  const feed = new FlightFeed({ answersTimesync: true });
  const before = run(feed, flight, 2);
  assert.ok(before.every(({ message }) => message instanceof common.ParamRequestRead) && before.length >= 4);
  assert.equal(feed.status.state, "starting");
  feed.receive(paramFrame("EKF2_AGP0_CTRL", 1, PX4), flight.now_us);
  assert.ok(ofType(run(feed, flight, 4), GlobalPositionSensor).length >= 20);
  assert.equal(feed.name, "global_position_sensor");
});

test("an autopilot that restarts has forgotten its set, origin and parameters: all is done again", () => {
  const autopilot = new FakeAutopilot(COPTER, { origin: null });
  autopilot.gpsFix = 1;
  const feed = new FlightFeed({ ...SETS, origin: ORIGIN });
  const attitude = (timeBootMs: number) => {
    const zero = { roll: 0, pitch: 0, yaw: 0, rollspeed: 0, pitchspeed: 0, yawspeed: 0 };
    feed.receive(
      arrives(Object.assign(new common.Attitude(), { timeBootMs, ...zero }), COPTER),
      autopilot.flight.now_us,
    );
  };
  autopilot.run(feed, 5);
  attitude(60_000);
  autopilot.run(feed, 10);
  assert.deepEqual(
    autopilot.selected.map(({ set }) => set),
    [2],
  );
  autopilot.set = 1;
  for (const boot_ms of [500, 600, 700]) attitude(boot_ms);
  assert.equal(feed.sourceSet?.onVision, false);
  const sent = autopilot.run(feed, 15);
  assert.ok(ofType(sent, common.SetGpsGlobalOrigin).length >= 1);
  assert.ok(ofType(sent, common.ParamRequestRead).length >= 5);
  assert.deepEqual(
    autopilot.selected.map(({ set }) => set),
    [2, 2],
  );
  assert.equal(feed.status.state, "active");
});

test("another vehicle on the link is asked and fed anew", () => {
  const autopilot = new FakeAutopilot(COPTER);
  const feed = new FlightFeed(SETS);
  autopilot.run(feed, 5);
  assert.equal(feed.status.state, "active");
  const sent = feed.status.sent;
  const flight = new FakeFlight({ ...PX4, sysid: 9 });
  flight.now_us = autopilot.flight.now_us;
  assert.equal(
    run(feed, flight, 0.1).some(({ message }) => message instanceof GlobalPositionSensor),
    false,
  );
  feed.receive(paramFrame("EKF2_AGP0_CTRL", 1, { ...PX4, sysid: 9 }), flight.now_us);
  assert.ok(ofType(run(feed, flight, 1), GlobalPositionSensor).length >= 5);
  assert.ok(feed.status.sent >= sent + 5);
});

test("PX4 that is not told to fuse it: said before the take-off, and no more in flight while GPS is there", () => {
  const flight = new FakeFlight(PX4, { armed: false });
  const feed = new FlightFeed({ answersTimesync: true });
  run(feed, flight, 0.1);
  for (const [name, value] of [
    ["EKF2_AGP0_CTRL", 1],
    ["EKF2_AGP0_ID", 3],
  ] as const) {
    feed.receive(paramFrame(name, value, PX4), flight.now_us);
    run(feed, flight, 0.1);
  }
  flight.now_us += 30_000_000;
  const said = texts(run(feed, flight, 10));
  assert.deepEqual(said, ["SkyLink: EKF will not use global_position_sensor: EKF2_AGP0_ID is 3, set 1 and reboot"]);
  flight.status = { ...flight.status, armed: true, gps_fix_type: 3 };
  assert.deepEqual(texts(run(feed, flight, 60)), []);
});

test("no autopilot, or a strange one: nothing is sent, and why is said in the status", () => {
  const feed = new FlightFeed(SETS);
  assert.equal(run(feed, new FakeFlight(null), 5).length, 0);
  assert.equal(feed.status.state, "starting");
  const strange = new FlightFeed(SETS);
  run(strange, new FakeFlight({ ...COPTER, autopilot: 8 }), 1);
  assert.equal(strange.status.state, "stopped");
  assert.match(strange.status.conditions[0]?.detail ?? "", /neither PX4 nor ArduPilot/);
});

test("options that cannot be are answered in a line", () => {
  for (const [options, pattern] of [
    [{ ...SETS, publisher: "global_position_sensor", rate_hz: 25 }, /2 to 20 Hz/],
    [{ ...SETS, latency_ms: 400 }, /latency_ms/],
    [{ ...SETS, sourceSets: { gps: 2, vision: 2 } }, /same set/],
    [{ ...SETS, externalPosition: { interval_s: 0.1 } }, /externalPosition\.interval_s/],
  ] as const) {
    assert.throws(
      () => new FlightFeed(options),
      (thrown) => thrown instanceof UserError && pattern.test(thrown.message) && !thrown.message.includes("\n"),
    );
  }
});

test("whatever happens: what is sent can be encoded, and no position leaves without one", () => {
  const event = fc.record({
    kind: fc.constantFrom("fix", "jump", "lost", "found", "gps on", "gps off", "silent", "alive", "disarm"),
    ticks: fc.integer({ min: 1, max: 100 }),
  });
  const positions = [
    common.VisionPositionEstimate,
    common.Odometry,
    common.GpsInput,
    common.CommandInt,
    GlobalPositionSensor,
  ];
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 25 }),
      fc.constantFrom(COPTER, PLANE, PX4),
      fc.constantFrom("auto", "odometry", "vision_position_estimate", "external_position_estimate", "gps_input"),
      (events, vehicle, publisher) => {
        const autopilot = new FakeAutopilot(vehicle);
        Object.assign(autopilot.parameters, { EKF2_AGP0_CTRL: 1, EKF2_EV_DELAY: 0, EKF2_EV_CTRL: 1 });
        const { flight } = autopilot;
        const feed = new FlightFeed({ answersTimesync: false, publisher, sourceSets: {} });
        for (const { kind, ticks } of events) {
          if (kind === "jump")
            flight.fix(300_000, { reset_counter: ((flight.position?.reset_counter ?? 0) + 1) % 256 });
          if (kind === "lost") flight.position = null;
          if (kind === "found") flight.position = { ...POSITION, fix_t_us: flight.now_us - 200_000 };
          if (kind === "gps on") autopilot.gpsFix = 6;
          if (kind === "gps off") autopilot.gpsFix = 1;
          flight.status = { ...flight.status, alive: kind !== "silent", armed: kind !== "disarm" };
          const sent = autopilot.run(feed, ticks / 50);
          for (const { message } of sent) {
            encodeMessage(message, { sysid: 1, compid: 197, seq: 0 });
            const isPosition = positions.some((type) => message instanceof type);
            assert.ok(!isPosition || (flight.position !== null && kind !== "silent"));
          }
        }
      },
    ),
    { numRuns: 20 },
  );
});
