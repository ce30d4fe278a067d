import assert from "node:assert/strict";
import { test } from "node:test";
import { SkylinkDaemon } from "../../../agent/daemon/daemon.js";
import { knownPlace } from "../../../agent/daemon/start-hint.js";
import type { NavigationPosition } from "../../../agent/navigation/solution.js";
import type { VehicleStatus } from "../../../agent/vehicle/vehicle-state.js";
import { FakeVehicle, fakeParts } from "./fakes.js";

const GOOD: VehicleStatus = {
  ...new FakeVehicle().status,
  armed: true,
  gps_fix_type: 3,
  ekf_position_valid: true,
  position: { lat_deg: 46, lon_deg: 7, alt_m: 500 },
};
const START = { lat_deg: 45, lon_deg: 8, radius_m: 100 };

test("GPS counts only while it is good, and only where it is to be believed", () => {
  const config = { start: null, near_gps_m: 50 };
  assert.deepEqual(knownPlace(config, GOOD), { lat_deg: 46, lon_deg: 7, radius_m: 50 });
  assert.equal(knownPlace({ ...config, near_gps_m: 0 }, GOOD), null);
  for (const bad of [{ gps_fix_type: 2 }, { gps_fix_type: null }, { ekf_position_valid: null }, { position: null }]) {
    assert.equal(knownPlace(config, { ...GOOD, ...bad }), null);
  }
});

test("the place where it stands counts until it is armed", () => {
  const config = { start: START, near_gps_m: 0 };
  assert.equal(knownPlace(config, GOOD), null);
  assert.equal(knownPlace(config, { ...GOOD, armed: null }), null);
  assert.deepEqual(knownPlace(config, { ...GOOD, armed: false }), START);
  assert.equal(knownPlace({ ...config, near_gps_m: 50 }, { ...GOOD, armed: false })?.radius_m, 50);
});

test("navigation is told as long as it has no position", async () => {
  const { parts, scheduler, navigator } = fakeParts();
  const settings = {
    pose_wait_ms: 150,
    heading_sigma_deg: 5,
    velocity_sigma_mps: 1,
    watchdog: null,
    frame_silence_s: 5,
  };
  const daemon = new SkylinkDaemon(parts, { ...settings, start_hint: { start: START, near_gps_m: 0 } });
  await daemon.start();
  await scheduler.pass(1100);
  assert.deepEqual(navigator.inputs, ["near 45 100", "near 45 100", "near 45 100"]);
  navigator.position = { eph_m: 3, protection_level_m: 9 } as NavigationPosition;
  await scheduler.pass(1000);
  assert.equal(navigator.inputs.length, 3);
  await daemon.stop();
});
