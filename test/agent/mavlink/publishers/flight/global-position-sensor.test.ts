import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common } from "node-mavlink";
import { GlobalPositionSensor } from "../../../../../agent/mavlink/messages/global-position-sensor.js";
import { GlobalPositionSensorFlight } from "../../../../../agent/mavlink/publishers/flight/global-position-sensor.js";
import { ParameterReader } from "../../../../../agent/mavlink/publishers/flight/parameter-reader.js";
import { COPTER, FakeFlight, failing, ofType, POSITION, PX4, parametersOf, run } from "./helpers.js";

function publisher(change: { rate_hz?: number; eph_floor_m?: number } = {}): GlobalPositionSensorFlight {
  return new GlobalPositionSensorFlight({ rate_hz: 5, sensorId: 3, eph_floor_m: 5, ...change }, new ParameterReader());
}

test("5 positions a second, each moved on to the time of sending", () => {
  const flight = new FakeFlight(PX4);
  const sent = ofType(run(publisher(), flight, 10), GlobalPositionSensor);
  assert.ok(sent.length === 50 || sent.length === 51, `${sent.length}`);
  for (const { t_us, message } of sent) {
    const { position } = flight.solutionAt(t_us);
    assert.ok(position !== null);
    assert.equal(Number(message.timeUsec), t_us);
    assert.equal(message.lat, Math.round(position.lat_deg * 1e7));
    assert.equal(message.lon, Math.round(position.lon_deg * 1e7));
    assert.deepEqual([message.id, message.source, message.flags], [3, 2, 0]);
    assert.ok(Number.isNaN(message.alt) && Number.isFinite(message.eph));
  }
});

test("one id a link, whatever happens", () => {
  const flight = new FakeFlight(PX4);
  const sent = run(publisher(), flight, 20, (t_s) => {
    if (t_s === 5) flight.position = null;
    if (t_s === 8) flight.fix(300_000, { reset_counter: 8 });
  });
  assert.deepEqual([...new Set(ofType(sent, GlobalPositionSensor).map(({ message }) => message.id))], [3]);
});

describe("nothing at all is sent", () => {
  test("while there is no position; the reason is named, and it goes on at once", () => {
    const flight = new FakeFlight(PX4);
    const feed = publisher();
    flight.position = null;
    assert.equal(run(feed, flight, 5).length, 0);
    assert.equal(feed.status.state, "starting");
    assert.deepEqual(failing(feed), ["position"]);
    flight.position = { ...POSITION, fix_t_us: flight.now_us - 100_000 };
    assert.equal(run(feed, flight, 0.1).length, 1);
    assert.equal(feed.status.state, "active");
    flight.position = null;
    assert.equal(run(feed, flight, 5).length, 0);
  });

  const never: [string, Partial<typeof POSITION>][] = [
    ["NaN", { lat_deg: Number.NaN }],
    ["0/0", { lat_deg: 0, lon_deg: 0, velocity_ne_mps: { north: 0, east: 0 } }],
    ["INT32_MAX", { lon_deg: 214.7483647 }],
    ["eph NaN", { eph_m: Number.NaN }],
    ["no covariance", { cov_ne_m2: { nn: -1, ne: 0, ee: 1 } }],
  ];
  for (const [what, change] of never) {
    test(`for ${what}`, () => {
      const flight = new FakeFlight(PX4);
      flight.position = { ...POSITION, fix_t_us: flight.now_us - 100_000, ...change };
      const feed = publisher();
      assert.equal(run(feed, flight, 2).length, 0);
      assert.equal(feed.status.state, "starting");
    });
  }

  test("to ArduPilot, which ignores it", () => {
    const feed = publisher();
    assert.equal(run(feed, new FakeFlight(COPTER), 2).length, 0);
    assert.equal(feed.status.state, "stopped");
  });

  test("when navigation stands still", () => {
    const flight = new FakeFlight(PX4);
    const feed = publisher();
    const frozen = flight.solutionAt(flight.now_us);
    let sent = 0;
    for (let i = 0; i < 100; i++) {
      flight.now_us += 20_000;
      sent += feed.tick({ ...flight.moment(), solutionAt: () => frozen }).length;
    }
    // What is up to half a second old is moved on, then it ends.
    assert.ok(sent >= 2 && sent <= 3, `${sent}`);
    assert.deepEqual(failing(feed), ["position"]);
  });
});

test("an error below the floor is stated as the floor, one above as it is", () => {
  const flight = new FakeFlight(PX4);
  flight.position = { ...POSITION, fix_t_us: flight.now_us, eph_m: 2 };
  const feed = publisher();
  const [small] = ofType(run(feed, flight, 0.02), GlobalPositionSensor);
  assert.equal(small?.message.eph, 5);
  flight.fix(0, { eph_m: 12 });
  const [large] = ofType(run(feed, flight, 0.2), GlobalPositionSensor);
  assert.equal(large?.message.eph, 12);
});

test("ticked late or early it never goes faster than its rate, and not below 2 Hz", () => {
  for (const tick_hz of [5, 7, 23, 200]) {
    const sent = ofType(
      run(publisher(), new FakeFlight(PX4), 10, () => {}, tick_hz),
      GlobalPositionSensor,
    );
    assert.ok(sent.length <= 51 && sent.length >= 35, `${sent.length} at ${tick_hz} Hz`);
    const gaps = sent.slice(1).map(({ t_us }, at) => t_us - (sent[at]?.t_us ?? 0));
    assert.ok(Math.max(...gaps) <= 500_000);
  }
});

describe("velocities beside the positions", () => {
  const beside = (values: Readonly<Record<string, number>>) =>
    new GlobalPositionSensorFlight({ rate_hz: 5, sensorId: 3, eph_floor_m: 5 }, parametersOf(PX4, values));

  test("where PX4 takes them: ODOMETRY without a position, 10 a second, of the time that PX4 takes off", () => {
    const flight = new FakeFlight(PX4);
    flight.fix(400_000);
    const sent = run(beside({ EKF2_EV_CTRL: 4, EKF2_EV_DELAY: 150 }), flight, 10);
    const velocities = ofType(sent, common.Odometry);
    assert.ok(velocities.length >= 99 && velocities.length <= 101, `${velocities.length}`);
    const gaps = velocities.slice(1).map(({ t_us }, at) => t_us - (velocities[at]?.t_us ?? 0));
    assert.ok(Math.max(...gaps) < 200_000, `${Math.max(...gaps)} us`);
    for (const { t_us, message } of velocities) {
      assert.equal(Number(message.timeUsec), t_us);
      assert.ok([message.x, message.y, message.z, ...message.q].every(Number.isNaN));
      assert.deepEqual([message.vx, message.vy, message.vz], [10, -4, 0]);
      assert.ok((message.velocityCovariance[0] ?? 0) >= 0.5 ** 2 / 2);
    }
    const positions = ofType(sent, GlobalPositionSensor).length;
    assert.ok(positions === 50 || positions === 51, `${positions}`);
  });

  test("none where PX4 does not, nor of a time that it cannot reach back to", () => {
    for (const values of [
      { EKF2_EV_CTRL: 1, EKF2_EV_DELAY: 150 },
      { EKF2_EV_CTRL: 4, EKF2_EV_DELAY: 500 },
      { EKF2_EV_CTRL: 4 },
    ]) {
      const sent = run(beside(values), new FakeFlight(PX4), 5);
      assert.equal(ofType(sent, common.Odometry).length, 0);
      assert.ok(ofType(sent, GlobalPositionSensor).length >= 25);
    }
  });

  test("none without a position", () => {
    const flight = new FakeFlight(PX4);
    flight.position = null;
    assert.equal(run(beside({ EKF2_EV_CTRL: 4, EKF2_EV_DELAY: 150 }), flight, 5).length, 0);
  });
});
