import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { minimal } from "node-mavlink";
import { chooseSetup, type SetupChoice, type VehicleFacts } from "../../../agent/doctor/setups.js";

const { MavAutopilot, MavType } = minimal;
const CHOICE: SetupChoice = {
  publisher: "auto",
  kind: "auto",
  answersTimesync: false,
  switchesSets: false,
  visionSet: null,
  gpsSet: 1,
  agent: { vision_latency_ms: null, gps_latency_ms: 250, sensor_id: 1 },
};
const PX4: VehicleFacts = {
  vehicle: { autopilot: MavAutopilot.PX4, type: MavType.QUADROTOR },
  hasGlobalPositionSensor: true,
  hasGps: true,
};
const COPTER: VehicleFacts = { ...PX4, vehicle: { autopilot: MavAutopilot.ARDUPILOTMEGA, type: MavType.HEXAROTOR } };
const PLANE: VehicleFacts = { ...PX4, vehicle: { autopilot: MavAutopilot.ARDUPILOTMEGA, type: MavType.FIXED_WING } };

function chosen(choice: Partial<SetupChoice>, facts: VehicleFacts): string {
  const answer = chooseSetup({ ...CHOICE, ...choice }, facts);
  return "setup" in answer ? answer.setup.id : answer.reason;
}

describe("chooseSetup", () => {
  it("takes what the vehicle fuses", () => {
    assert.equal(chosen({}, PX4), "px4-global-position-sensor");
    assert.equal(chosen({}, { ...PX4, hasGlobalPositionSensor: false }), "px4-odometry-delay");
    assert.equal(chosen({}, COPTER), "ardupilot-copter-vision-beside-gps");
    assert.equal(chosen({}, { ...COPTER, hasGps: false }), "ardupilot-copter-vision-alone");
    assert.equal(chosen({}, PLANE), "ardupilot-plane-external-position");
    assert.equal(chosen({ switchesSets: true, visionSet: 2 }, PLANE), "ardupilot-plane-vision-beside-gps");
  });

  it("keeps answered TIMESYNC and EKF2_EV_DELAY apart", () => {
    assert.equal(chosen({ publisher: "odometry", answersTimesync: true }, PX4), "px4-odometry-timesync");
    assert.equal(chosen({ publisher: "odometry", answersTimesync: false }, PX4), "px4-odometry-delay");
  });

  it("checks the source sets that are configured", () => {
    const answer = chooseSetup({ ...CHOICE, switchesSets: true, visionSet: 3, gpsSet: 2 }, COPTER);
    assert.ok("setup" in answer);
    const names = answer.setup.rules.map(({ names: [name] }) => name);
    assert.ok(names.includes("EK3_SRC3_POSXY") && names.includes("EK3_SRC2_POSXY"));
    assert.equal(chosen({ visionSet: 1 }, COPTER), "ardupilot-copter-vision-alone");
    assert.equal(chosen({ switchesSets: true, visionSet: 1, gpsSet: 2 }, COPTER), "ardupilot-copter-vision-beside-gps");
  });

  it("says why some ways do not exist", () => {
    assert.match(chosen({ publisher: "gps_input" }, PX4), /PX4 ignores GPS_INPUT/);
    assert.match(chosen({ publisher: "external_position_estimate" }, PX4), /lands/);
    assert.match(chosen({ publisher: "external_position_estimate" }, COPTER), /copters land/);
    assert.match(chosen({ publisher: "global_position_sensor" }, COPTER), /#31738/);
    assert.match(chosen({ publisher: "vision_position_estimate", visionSet: 1 }, PLANE), /EKF3 does not begin/);
    assert.match(chosen({ kind: "px4" }, COPTER), /kind = "px4", but this is ArduPilot/);
    const rover = { autopilot: MavAutopilot.ARDUPILOTMEGA, type: MavType.GROUND_ROVER };
    assert.match(chosen({}, { ...COPTER, vehicle: rover }), /not supported/);
    const other = { autopilot: MavAutopilot.GENERIC, type: MavType.QUADROTOR };
    assert.match(chosen({}, { ...COPTER, vehicle: other }), /neither PX4/);
  });
});
