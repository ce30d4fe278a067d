import assert from "node:assert/strict";
import { test } from "node:test";
import { common } from "node-mavlink";
import { ArdupilotLocalFlight } from "../../../../../agent/mavlink/publishers/flight/ardupilot-local.js";
import { OwnHeight } from "../../../../../agent/mavlink/publishers/flight/own-height.js";
import { ParameterReader } from "../../../../../agent/mavlink/publishers/flight/parameter-reader.js";
import { COPTER, FakeFlight, globalPosition, ORIGIN, ofType, run, vehicleStatus } from "./helpers.js";

/** EKF_STATUS_REPORT as recorded: in constant-position mode, and with a position. */
const [CONSTANT, POSITIONED] = [167, 831];
const HERE = { lat_deg: 49.001, lon_deg: 16.002, alt_m: 376 };

test("a copter that never had a position: its altitude stands still on the origin's, its height over the ground counts", () => {
  const height = new OwnHeight();
  assert.equal(height.down_m(ORIGIN), 0);
  height.receive(globalPosition(HERE, 300, 76.7));
  height.update(vehicleStatus(COPTER, { ekf_flags: CONSTANT }));
  assert.equal(height.down_m(ORIGIN), -76.7);
  // An agent that has just started knows no flags yet, and does not take the altitude for one that holds.
  height.update(vehicleStatus(COPTER, { position: HERE }));
  assert.equal(height.down_m(ORIGIN), -76.7);
});

test("home above or below the origin is known from when there was a position, and still holds when that is lost", () => {
  const height = new OwnHeight();
  height.receive(globalPosition(HERE, 376, 88));
  height.update(vehicleStatus(COPTER, { ekf_flags: POSITIONED, position: HERE }));
  assert.equal(height.down_m(ORIGIN), -76);
  height.receive(globalPosition(HERE, 376, 98));
  height.update(vehicleStatus(COPTER, { ekf_flags: CONSTANT }));
  assert.equal(height.down_m(ORIGIN), -86);
});

test("both messages tell ArduPilot its own height: where it begins to use vision it takes it for true", () => {
  for (const message of ["vision_position_estimate", "odometry"] as const) {
    const options = { message, rate_hz: 10, latency_ms: 250, refresh_s: 1, origin: null };
    const feed = new ArdupilotLocalFlight(options, new ParameterReader());
    const flight = new FakeFlight(COPTER, { ekf_flags: CONSTANT });
    const sent = run(feed, flight, 3, (t_s) => feed.receive(globalPosition(HERE, 300, 76 + t_s)));
    const told =
      message === "odometry"
        ? ofType(sent, common.Odometry).map(({ t_us, message: { z } }) => ({ t_us, z }))
        : ofType(sent, common.VisionPositionEstimate).map(({ t_us, message: { z } }) => ({ t_us, z }));
    assert.ok(told.length > 20);
    const from_us = told[0]?.t_us ?? 0;
    // A position is sent again, height and all, until there is a new one.
    for (const { t_us, z } of told) {
      const higher_m = (t_us - from_us) / 1e6;
      assert.ok(z <= -76 && z >= -76 - higher_m - 0.1 && z < -76 - higher_m + 1.1, `${z} after ${higher_m} s`);
    }
  }
});
