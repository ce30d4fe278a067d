import assert from "node:assert/strict";
import { test } from "node:test";
import { common } from "node-mavlink";
import { GpsInputFlight } from "../../../../../agent/mavlink/publishers/flight/gps-input.js";
import { COPTER, FakeFlight, failing, ofType, PX4, parametersOf, run } from "./helpers.js";

const PLACE = { lat_deg: 49, lon_deg: 16, alt_m: 341.5 };

function gpsInput(ground_alt_m: number | null = null, type = 14): GpsInputFlight {
  return new GpsInputFlight({ rate_hz: 5, latency_ms: 250, ground_alt_m }, parametersOf(COPTER, { GPS1_TYPE: type }));
}

function grounded(): FakeFlight {
  const flight = new FakeFlight(COPTER, { armed: false, position: PLACE });
  flight.fix(300_000, { eph_m: 4 });
  return flight;
}

test("5 Hz, no velocity, a 3D fix of enough satellites, the vehicle's altitude, a constant age", () => {
  const flight = grounded();
  const sent = ofType(run(gpsInput(), flight, 4), common.GpsInput);
  assert.ok(sent.length === 20 || sent.length === 21, `${sent.length}`);
  for (const { t_us, message } of sent) {
    assert.equal(message.ignoreFlags, 8 | 16 | 32);
    assert.deepEqual([message.fixType, message.gpsId], [3, 0]);
    assert.ok(message.satellitesVisible >= 6 && message.horizAccuracy < 5);
    assert.equal(message.alt, 341.5);
    assert.equal(t_us - Number(message.timeUsec), 250_000);
  }
});

test("without a real altitude it is stopped and says so; a configured one serves on the ground only", () => {
  const flight = grounded();
  flight.status = { ...flight.status, position: null };
  const stopped = gpsInput();
  assert.equal(run(stopped, flight, 2).length, 0);
  assert.equal(stopped.status.state, "stopped");
  assert.deepEqual(failing(stopped), ["altitude"]);
  const feed = gpsInput(305);
  assert.equal(ofType(run(feed, flight, 1), common.GpsInput)[0]?.message.alt, 305);
  flight.status = { ...flight.status, armed: true };
  assert.equal(run(feed, flight, 1).length, 0);
});

test("as a second GPS that takes over in flight a copter lands on it: only the first, and only from the ground on", () => {
  const second = gpsInput(null, 1);
  assert.equal(run(second, grounded(), 2).length, 0);
  assert.equal(second.status.state, "stopped");
  const flight = grounded();
  flight.status = { ...flight.status, armed: true };
  const late = gpsInput();
  assert.equal(run(late, flight, 2).length, 0);
  assert.deepEqual(failing(late), ["on_ground"]);
});

test("begins with an error that passes the checks; afterwards it states what is true", () => {
  const flight = grounded();
  flight.fix(300_000, { eph_m: 6 });
  const feed = gpsInput();
  assert.equal(run(feed, flight, 1).length, 0);
  assert.deepEqual(failing(feed), ["accuracy"]);
  flight.fix(300_000, { eph_m: 4.5 });
  assert.ok(run(feed, flight, 1).length >= 5);
  flight.status = { ...flight.status, armed: true };
  flight.fix(300_000, { eph_m: 9 });
  assert.equal(ofType(run(feed, flight, 1), common.GpsInput).at(-1)?.message.horizAccuracy, 9);
});

test("PX4 has no handler for it; without a position nothing is sent", () => {
  const px4 = gpsInput();
  assert.equal(run(px4, new FakeFlight(PX4, { armed: false, position: PLACE }), 1).length, 0);
  assert.equal(px4.status.state, "stopped");
  const flight = grounded();
  flight.position = null;
  assert.equal(run(gpsInput(), flight, 2).length, 0);
});
