import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { common } from "node-mavlink";
import { encodeMessage } from "../../../../../agent/mavlink/codec.js";
import { ARDUPILOT_FRAME } from "../../../../../agent/mavlink/local-frame.js";
import {
  ArdupilotLocalFlight,
  type ArdupilotLocalOptions,
} from "../../../../../agent/mavlink/publishers/flight/ardupilot-local.js";
import { covarianceForArdupilot } from "../../../../../agent/mavlink/publishers/flight/local-position.js";
import { ParameterReader } from "../../../../../agent/mavlink/publishers/flight/parameter-reader.js";
import {
  COPTER,
  FakeFlight,
  failing,
  globalPosition,
  ORIGIN,
  ofType,
  originFrame,
  PLANE,
  PX4,
  parametersOf,
  run,
} from "./helpers.js";

const OPTIONS: ArdupilotLocalOptions = {
  message: "vision_position_estimate",
  rate_hz: 10,
  latency_ms: 250,
  refresh_s: 1,
  origin: null,
};

function vision(change: Partial<ArdupilotLocalOptions> = {}): ArdupilotLocalFlight {
  return new ArdupilotLocalFlight({ ...OPTIONS, ...change }, new ParameterReader());
}

describe("timing", () => {
  test("2 Hz of fixes become 10 Hz: one new position each, repeated with the same usec", () => {
    const flight = new FakeFlight(COPTER);
    const sent = ofType(
      run(vision(), flight, 10, (t_s) => {
        if (t_s > 0 && (t_s * 2) % 1 === 0) flight.fix();
      }),
      common.VisionPositionEstimate,
    );
    assert.ok(sent.length >= 99 && sent.length <= 101, `${sent.length}`);
    const stamps = [...new Set(sent.map(({ message }) => message.usec))];
    assert.ok(Math.abs(stamps.length - 20) <= 1, `${stamps.length} new positions`);
    assert.deepEqual(
      [...stamps].sort((a, b) => Number(a - b)),
      stamps,
      "stamps never go back",
    );
  });

  test("a new position is exactly the latency old, and stands where the vehicle then was", () => {
    const flight = new FakeFlight(COPTER);
    let last = 0n;
    const feed = vision();
    run(feed, flight, 0.1);
    for (let i = 0; i < 20; i++) {
      flight.fix(180_000 + i * 10_000);
      for (const { t_us, message } of ofType(run(feed, flight, 0.5), common.VisionPositionEstimate)) {
        if (message.usec === last) continue;
        last = message.usec;
        assert.equal(t_us - Number(message.usec), 250_000);
        const { position } = flight;
        assert.ok(position !== null);
        const dt_s = (Number(message.usec) - position.fix_t_us) / 1e6;
        const there = ARDUPILOT_FRAME.toLocal(ORIGIN, position);
        assert.ok(Math.abs(message.x - (there.north_m + 10 * dt_s)) < 0.01);
        assert.ok(Math.abs(message.y - (there.east_m - 4 * dt_s)) < 0.01);
      }
    }
  });

  test("with no latency configured the positions are as old as VISO_DELAY_MS says, 250 ms at most", () => {
    for (const [delay_ms, age_ms] of [
      [10, 10],
      [180, 180],
      [400, 250],
    ] as const) {
      const parameters = parametersOf(COPTER, { VISO_DELAY_MS: delay_ms });
      const feed = new ArdupilotLocalFlight({ ...OPTIONS, latency_ms: null }, parameters);
      const [first] = ofType(run(feed, new FakeFlight(COPTER), 0.1), common.VisionPositionEstimate);
      assert.equal((first?.t_us ?? 0) - Number(first?.message.usec), age_ms * 1000);
    }
    const unread = vision({ latency_ms: null });
    assert.equal(run(unread, new FakeFlight(COPTER), 1).length, 0);
    assert.deepEqual(failing(unread), ["latency"]);
  });

  test("without a fix a carried position is new information every second", () => {
    const flight = new FakeFlight(COPTER);
    const sent = ofType(run(vision(), flight, 6), common.VisionPositionEstimate);
    assert.equal(new Set(sent.map(({ message }) => message.usec)).size, 6);
  });

  test("no gap reaches 300 ms while there is a position", () => {
    for (const rate_hz of [5, 10]) {
      const flight = new FakeFlight(COPTER);
      const sent = run(vision({ rate_hz }), flight, 10, () => {}, 25);
      const gaps = sent.slice(1).map(({ t_us }, at) => t_us - (sent[at]?.t_us ?? 0));
      assert.ok(Math.max(...gaps) < 300_000, `${Math.max(...gaps)} us at ${rate_hz} Hz`);
    }
  });
});

describe("origin", () => {
  test("nothing is sent before the vehicle has told its origin; a configured one is offered every second", () => {
    const flight = new FakeFlight(COPTER, { origin: null });
    const feed = vision({ origin: ORIGIN });
    const sent = run(feed, flight, 5);
    assert.equal(ofType(sent, common.VisionPositionEstimate).length, 0);
    const offers = ofType(sent, common.SetGpsGlobalOrigin).length;
    assert.ok(offers === 5 || offers === 6, `${offers} offers`);
    assert.equal(ofType(sent, common.CommandLong).length, offers);
    assert.equal(ofType(sent, common.SetGpsGlobalOrigin)[0]?.message.latitude, 490000000);
    assert.equal(feed.status.state, "starting");
    assert.deepEqual(failing(feed), ["origin"]);
    feed.receive(originFrame(ORIGIN, COPTER));
    const after = run(feed, flight, 1);
    assert.equal(feed.status.state, "active");
    assert.equal(after.length, ofType(after, common.VisionPositionEstimate).length);
  });

  test("0/0 is no origin, another system's neither", () => {
    const feed = vision();
    const flight = new FakeFlight(COPTER, { origin: null });
    run(feed, flight, 0.1);
    feed.receive(originFrame({ lat_deg: 0, lon_deg: 0, alt_m: 0 }, COPTER));
    feed.receive(originFrame(ORIGIN, { ...COPTER, sysid: 2 }));
    run(feed, flight, 0.1);
    assert.deepEqual(failing(feed), ["origin"]);
  });

  test("a vehicle that restarts has forgotten it: nothing more is sent, and it is offered again", () => {
    const flight = new FakeFlight(COPTER);
    const feed = vision({ origin: ORIGIN });
    assert.ok(run(feed, flight, 1).length > 0);
    flight.status = { ...flight.status, origin: null };
    const sent = run(feed, flight, 2);
    assert.equal(ofType(sent, common.VisionPositionEstimate).length, 0);
    assert.ok(ofType(sent, common.SetGpsGlobalOrigin).length >= 2);
  });

  test("a vehicle that told its origin and shows itself at 0/0 has lost it by a restart that nobody saw: it is offered again", () => {
    const flight = new FakeFlight(COPTER, { origin: null });
    const feed = vision({ origin: ORIGIN });
    run(feed, flight, 0.1);
    feed.receive(originFrame(ORIGIN, COPTER));
    const nowhere = globalPosition({ lat_deg: 0, lon_deg: 0 }, 0, 80);
    // One that was under way when the vehicle took its origin says nothing.
    for (let k = 0; k < 5; k++) feed.receive(nowhere);
    feed.receive(globalPosition(ORIGIN, 380, 80));
    for (let k = 0; k < 5; k++) feed.receive(nowhere);
    assert.ok(ofType(run(feed, flight, 1), common.VisionPositionEstimate).length > 0);
    for (let k = 0; k < 5; k++) feed.receive(nowhere);
    const sent = run(feed, flight, 2);
    assert.equal(ofType(sent, common.VisionPositionEstimate).length, 0);
    assert.ok(ofType(sent, common.SetGpsGlobalOrigin).length >= 2);
    feed.receive(originFrame(ORIGIN, COPTER));
    assert.ok(ofType(run(feed, flight, 1), common.VisionPositionEstimate).length > 0);
  });

  test("100 km from it nothing is sent", () => {
    const feed = vision();
    assert.equal(run(feed, new FakeFlight(COPTER, { origin: { ...ORIGIN, lat_deg: 51 } }), 1).length, 0);
    assert.deepEqual(failing(feed), ["near_origin"]);
  });
});

describe("reset_counter", () => {
  test("changes in exactly the message that jumps, and with a new origin", () => {
    const flight = new FakeFlight(COPTER);
    const feed = vision();
    const sent = ofType(
      run(feed, flight, 9, (t_s) => {
        if (t_s === 2 || t_s === 6) flight.fix();
        if (t_s === 4) {
          const lat_deg = (flight.position?.lat_deg ?? 0) + 0.001;
          flight.fix(300_000, { reset_counter: 200, lat_deg });
        }
        if (t_s === 8) feed.receive(originFrame({ ...ORIGIN, lat_deg: 49.0005 }, COPTER));
      }),
      common.VisionPositionEstimate,
    );
    for (const { message } of sent.slice(0, 1)) assert.equal(message.resetCounter, 0);
    for (let i = 1; i < sent.length; i++) {
      const before = sent[i - 1]?.message;
      const now = sent[i]?.message;
      assert.ok(before !== undefined && now !== undefined);
      const jumped = Math.abs(now.x - before.x) > 30;
      assert.equal(now.resetCounter !== before.resetCounter, jumped, `message ${i}`);
    }
    assert.equal(sent.at(-1)?.message.resetCounter, 2);
  });

  test("goes round after 255", () => {
    const flight = new FakeFlight(COPTER);
    let reset = 0;
    const sent = ofType(
      run(vision(), flight, 30, () => {
        reset = (reset + 1) % 256;
        flight.fix(300_000, { reset_counter: reset });
      }),
      common.VisionPositionEstimate,
    );
    for (let i = 1; i < sent.length; i++) {
      assert.equal(sent[i]?.message.resetCounter, ((sent[i - 1]?.message.resetCounter ?? 0) + 1) % 256);
    }
    assert.ok(sent.length > 257);
  });
});

test("ODOMETRY: frame 20, child 12, quality above 0, no velocity, the same counter discipline", () => {
  const flight = new FakeFlight(COPTER);
  const feed = vision({ message: "odometry" });
  const sent = ofType(run(feed, flight, 2), common.Odometry);
  assert.ok(sent.length >= 19);
  for (const { message } of sent) {
    assert.deepEqual([message.frameId, message.childFrameId, message.estimatorType], [20, 12, 2]);
    assert.ok(message.quality >= 1 && message.quality <= 100);
    assert.ok(Number.isNaN(message.vx) && Number.isNaN(message.vz));
    assert.deepEqual(message.q, [1, 0, 0, 0]);
  }
});

test("the covariance is stated so that ArduPilot's formula gives the error of one axis; its shape is kept", () => {
  const sigma = fc.double({ min: 1.5, max: 60, noNaN: true });
  const correlation = fc.double({ min: -0.95, max: 0.95, noNaN: true });
  fc.assert(
    fc.property(sigma, sigma, correlation, (north, east, r) => {
      const cov = { nn: north * north, ne: r * north * east, ee: east * east };
      const stated = covarianceForArdupilot(cov);
      const taken_m = Math.cbrt(stated.nn ** 2 + stated.ee ** 2 + 1);
      assert.ok(Math.abs(taken_m - Math.sqrt((cov.nn + cov.ee) / 2)) < 1e-6);
      assert.ok(Math.abs(stated.ee / stated.nn - cov.ee / cov.nn) < 1e-6 * (cov.ee / cov.nn));
      assert.ok(stated.ne ** 2 <= stated.nn * stated.ee);
    }),
  );
  for (const nn of [0, 1e-12, 0.01, 1]) {
    const stated = covarianceForArdupilot({ nn, ne: 0, ee: nn });
    assert.ok(stated.nn >= 0 && Number.isFinite(stated.nn));
  }
});

test("a plane that never had GPS is not fed: its EKF refuses", () => {
  const flight = new FakeFlight(PLANE, { gps_fix_type: 1 });
  const feed = vision();
  assert.equal(run(feed, flight, 3).length, 0);
  assert.deepEqual(failing(feed), ["gps_before"]);
  flight.status = { ...flight.status, gps_fix_type: 6 };
  run(feed, flight, 0.1);
  flight.status = { ...flight.status, gps_fix_type: 1 };
  assert.ok(run(feed, flight, 1).length >= 9);
});

test("PX4 needs another feed", () => {
  const feed = vision();
  assert.equal(run(feed, new FakeFlight(PX4), 1).length, 0);
  assert.equal(feed.status.state, "stopped");
});

test("silence of the vehicle, and before its first HEARTBEAT: nothing is sent", () => {
  const flight = new FakeFlight(COPTER, { alive: false });
  assert.equal(run(vision(), flight, 1).length, 0);
  assert.equal(run(vision({ origin: ORIGIN }), new FakeFlight(null), 3).length, 0);
});

test("whatever navigation says: at most the rate, only with a position, never NaN, counters only with jumps", () => {
  const event = fc.record({
    kind: fc.constantFrom("fix", "jump", "lost", "nothing"),
    ticks: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 30 }),
      fc.constantFrom("odometry", "vision_position_estimate"),
      (events, message) => {
        const flight = new FakeFlight(COPTER);
        const feed = vision({ message: message === "odometry" ? "odometry" : "vision_position_estimate" });
        let counter: number | null = null;
        let reset: number | null = null;
        for (const { kind, ticks } of events) {
          if (kind === "fix") flight.fix();
          if (kind === "jump")
            flight.fix(300_000, { reset_counter: ((flight.position?.reset_counter ?? 0) + 1) % 256 });
          if (kind === "lost") flight.position = null;
          const sent = run(feed, flight, ticks / 50);
          if (flight.position === null) assert.equal(sent.length, 0);
          assert.ok(sent.length <= Math.ceil(ticks / 5) + 1);
          for (const { message: out } of sent) {
            assert.ok(out instanceof common.VisionPositionEstimate || out instanceof common.Odometry);
            assert.ok(Number.isFinite(out.x) && Number.isFinite(out.y) && Number.isFinite(out.z));
            encodeMessage(out, { sysid: 1, compid: 197, seq: 0 });
            if (counter !== null) assert.equal(out.resetCounter !== counter, flight.position?.reset_counter !== reset);
            counter = out.resetCounter;
            reset = flight.position?.reset_counter ?? null;
          }
        }
      },
    ),
    { numRuns: 30 },
  );
});
