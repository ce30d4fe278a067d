import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { minimal } from "node-mavlink";
import { DEFAULT_VEHICLE_CONFIG } from "../../../agent/vehicle/config.js";
import { EkfState, positionClaimed } from "../../../agent/vehicle/ekf.js";
import { ekfReport, estimatorStatus, frameOf } from "./frames.js";

const { ARDUPILOTMEGA, PX4 } = minimal.MavAutopilot;

describe("EKF flags", () => {
  it("of ArduPilot claim a position unless it is held or not begun", () => {
    for (const flags of [831, 895]) assert.equal(positionClaimed(flags, ARDUPILOTMEGA), true, `${flags}`);
    for (const flags of [0, 1024, 167, 231, 101, 303, 831 | 128]) {
      assert.equal(positionClaimed(flags, ARDUPILOTMEGA), false, `${flags}`);
    }
  });

  it("of PX4 claim a position while something is fused, at rest too", () => {
    for (const flags of [831, 895, 1023]) assert.equal(positionClaimed(flags, PX4), true, `${flags}`);
    for (const flags of [128, 165, 229, 255, 101, 869]) assert.equal(positionClaimed(flags, PX4), false, `${flags}`);
  });
});

describe("EkfState", () => {
  it("believes a position only after it was claimed for a while without a break", () => {
    const ekf = new EkfState(DEFAULT_VEHICLE_CONFIG);
    assert.equal(ekf.positionValid(0), null);
    const at = (t_s: number, flags: number) => {
      ekf.receive(frameOf(estimatorStatus(flags)), t_s * 1e6, PX4);
      return ekf.positionValid(t_s * 1e6);
    };
    // What PX4 said while it was fed with ODOMETRY at 2 Hz.
    assert.equal(at(10.9, 511), false);
    assert.equal(at(12.1, 511), false);
    assert.equal(at(12.2, 255), false);
    assert.equal(at(16.2, 229), false);
    // And with GLOBAL_POSITION_SENSOR.
    assert.equal(at(26.6, 1023), false);
    assert.equal(at(28.7, 1023), true);
    assert.equal(at(29.0, 101), false, "a loss counts at once");
  });

  it("says nothing when the reports stop, and begins anew after them", () => {
    const ekf = new EkfState(DEFAULT_VEHICLE_CONFIG);
    ekf.receive(frameOf(ekfReport(831)), 0, ARDUPILOTMEGA);
    ekf.receive(frameOf(ekfReport(831)), 2_500_000, ARDUPILOTMEGA);
    assert.equal(ekf.positionValid(2_500_000), true);
    assert.equal(ekf.flags(5_600_000), null);
    assert.equal(ekf.positionValid(5_600_000), null);
    ekf.receive(frameOf(ekfReport(831)), 6_000_000, ARDUPILOTMEGA);
    assert.equal(ekf.positionValid(6_000_000), false);
  });
});
