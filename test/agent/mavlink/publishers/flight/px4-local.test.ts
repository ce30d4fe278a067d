import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common } from "node-mavlink";
import { PX4_FRAME } from "../../../../../agent/mavlink/local-frame.js";
import { ParameterReader } from "../../../../../agent/mavlink/publishers/flight/parameter-reader.js";
import { Px4LocalFlight, type Px4LocalOptions } from "../../../../../agent/mavlink/publishers/flight/px4-local.js";
import {
  arrives,
  COPTER,
  FakeFlight,
  failing,
  ORIGIN,
  ofType,
  originFrame,
  PX4,
  parametersOf,
  paramFrame,
  run,
} from "./helpers.js";

const OPTIONS: Px4LocalOptions = {
  message: "odometry",
  rate_hz: 15,
  latency_ms: 200,
  answersTimesync: false,
  origin: null,
};

function odometry(delay_ms: number | null, change: Partial<Px4LocalOptions> = {}): Px4LocalFlight {
  const reader = delay_ms === null ? new ParameterReader() : parametersOf(PX4, { EKF2_EV_DELAY: delay_ms });
  return new Px4LocalFlight({ ...OPTIONS, ...change }, reader);
}

describe("time base", () => {
  test("TIMESYNC not answered: the position of EV_DELAY ago, stamped when it is sent", () => {
    const flight = new FakeFlight(PX4);
    flight.fix(400_000);
    const feed = odometry(300);
    for (const { t_us, message } of ofType(run(feed, flight, 1), common.Odometry)) {
      assert.equal(Number(message.timeUsec), t_us);
      const { position } = flight.solutionAt(t_us - 300_000);
      assert.ok(position !== null);
      const there = PX4_FRAME.toLocal(ORIGIN, position);
      assert.ok(Math.hypot(message.x - there.north_m, message.y - there.east_m) < 0.01);
    }
    assert.equal(feed.status.state, "active");
  });

  test("TIMESYNC answered and EV_DELAY 0: the stamp is the time of the position", () => {
    const flight = new FakeFlight(PX4);
    const sent = ofType(run(odometry(0, { answersTimesync: true }), flight, 1), common.Odometry);
    assert.ok(sent.length >= 15);
    for (const { t_us, message } of sent) {
      assert.equal(t_us - Number(message.timeUsec), 200_000);
      const { position } = flight.solutionAt(Number(message.timeUsec));
      assert.ok(position !== null);
      const there = PX4_FRAME.toLocal(ORIGIN, position);
      assert.ok(Math.hypot(message.x - there.north_m, message.y - there.east_m) < 0.01);
    }
  });

  test("never with both: it stops, says what to set, and goes on when that is set", () => {
    const flight = new FakeFlight(PX4);
    const reader = parametersOf(PX4, { EKF2_EV_DELAY: 300 });
    const feed = new Px4LocalFlight({ ...OPTIONS, answersTimesync: true }, reader);
    assert.equal(run(feed, flight, 60).length, 0);
    assert.equal(feed.status.state, "stopped");
    assert.match(feed.status.conditions.find(({ holds }) => !holds)?.detail ?? "", /set EKF2_EV_DELAY 0/);
    reader.receive(paramFrame("EKF2_EV_DELAY", 0, PX4));
    assert.ok(run(feed, flight, 1).length >= 14);
  });

  test("nothing before EV_DELAY is known, nor stamps before TIMESYNC works", () => {
    const unread = odometry(null);
    assert.equal(run(unread, new FakeFlight(PX4), 1).length, 0);
    assert.deepEqual(failing(unread), ["time_base"]);
    const flight = new FakeFlight(PX4);
    flight.autopilot_offset_us = null;
    const unsynced = odometry(0, { answersTimesync: true });
    assert.equal(run(unsynced, flight, 1).length, 0);
    assert.deepEqual(failing(unsynced), ["timesync"]);
  });
});

test("gaps stay under 200 ms, also when it is ticked at 25 Hz or a fix is late", () => {
  for (const tick_hz of [25, 50]) {
    const flight = new FakeFlight(PX4);
    const sent = run(odometry(100), flight, 10, () => {}, tick_hz);
    const gaps = sent.slice(1).map(({ t_us }, at) => t_us - (sent[at]?.t_us ?? 0));
    assert.ok(Math.max(...gaps) < 200_000 && sent.length >= 100, `${Math.max(...gaps)} us`);
  }
});

test("frame as recorded: NED, unknown attitude", () => {
  const [first] = ofType(run(odometry(0), new FakeFlight(PX4), 0.1), common.Odometry);
  assert.ok(first !== undefined);
  const { message } = first;
  assert.deepEqual([message.frameId, message.childFrameId, message.estimatorType], [1, 1, 2]);
  assert.ok(message.q.every(Number.isNaN) && Number.isNaN(message.yawspeed));
  assert.deepEqual([message.poseCovariance[0], message.poseCovariance[6], message.poseCovariance[11]], [9, 16, 1e4]);
  assert.ok(message.quality > 0);
});

test("PX4 takes each velocity for new: the variance says how many of them have one error", () => {
  const [slow, fast] = [15, 30].map((rate_hz) => {
    const [first] = ofType(run(odometry(0, { rate_hz }), new FakeFlight(PX4), 0.1), common.Odometry);
    return first?.message.velocityCovariance ?? [];
  });
  assert.ok(slow !== undefined && fast !== undefined);
  assert.equal(slow[11], 1e4);
  for (const k of [0, 6]) {
    assert.ok((slow[k] ?? 0) > 0.5 ** 2 / 2, `${slow[k]}`);
    assert.ok(Math.abs((fast[k] ?? 0) / (slow[k] ?? 1) - 2) < 1e-6);
  }
});

test("the velocity of the position's time goes with it; the vertical one is the autopilot's own", () => {
  const flight = new FakeFlight(PX4);
  flight.fix(400_000);
  const feed = odometry(300);
  feed.receive(
    arrives(
      Object.assign(new common.LocalPositionNed(), { timeBootMs: 1, x: 0, y: 0, z: 0, vx: 9, vy: 9, vz: -1.5 }),
      PX4,
    ),
  );
  const [first] = ofType(run(feed, flight, 0.1), common.Odometry);
  assert.deepEqual([first?.message.vx, first?.message.vy, first?.message.vz], [10, -4, -1.5]);
});

test("VISION_POSITION_ESTIMATE in its place", () => {
  const feed = odometry(0, { message: "vision_position_estimate" });
  const sent = run(feed, new FakeFlight(PX4), 1);
  assert.equal(ofType(sent, common.VisionPositionEstimate).length, sent.length);
  assert.ok(sent.length >= 15);
});

test("needs the origin, and jumps with it", () => {
  const flight = new FakeFlight(PX4, { origin: null });
  const feed = odometry(0, { origin: ORIGIN });
  assert.equal(ofType(run(feed, flight, 2), common.Odometry).length, 0);
  feed.receive(originFrame(ORIGIN, PX4));
  const [first] = ofType(run(feed, flight, 0.1), common.Odometry);
  feed.receive(originFrame({ ...ORIGIN, lon_deg: 16.001 }, PX4));
  const moved = ofType(run(feed, flight, 0.1), common.Odometry).at(-1);
  assert.equal(moved?.message.resetCounter, (first?.message.resetCounter ?? 0) + 1);
});

test("ArduPilot needs another feed", () => {
  const feed = odometry(0);
  assert.equal(run(feed, new FakeFlight(COPTER), 1).length, 0);
  assert.equal(feed.status.state, "stopped");
});
