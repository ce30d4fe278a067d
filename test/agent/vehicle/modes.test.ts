import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { minimal } from "node-mavlink";
import { airframeOf, modeName } from "../../../agent/vehicle/modes.js";

const { MavAutopilot, MavType } = minimal;

describe("flight modes", () => {
  it("have the names that ground stations show", () => {
    const copter = { autopilot: MavAutopilot.ARDUPILOTMEGA, type: MavType.QUADROTOR };
    const plane = { autopilot: MavAutopilot.ARDUPILOTMEGA, type: MavType.FIXED_WING };
    const px4 = { autopilot: MavAutopilot.PX4, type: MavType.FIXED_WING };
    assert.equal(modeName(copter, 4), "GUIDED");
    assert.equal(modeName(copter, 9), "LAND");
    assert.equal(modeName(plane, 4), "ACRO");
    assert.equal(modeName(plane, 15), "GUIDED");
    assert.equal(modeName(px4, 393216), "OFFBOARD");
    assert.equal(modeName(px4, 131072), "ALTCTL");
    assert.equal(modeName(px4, 50593792), "AUTO.LOITER");
    assert.equal(modeName(px4, 0xff040000), "AUTO.255");
  });

  it("are numbers where the name is not known", () => {
    assert.equal(modeName({ autopilot: MavAutopilot.ARDUPILOTMEGA, type: MavType.QUADROTOR }, 99), "99");
    assert.equal(modeName({ autopilot: MavAutopilot.ARDUPILOTMEGA, type: MavType.GROUND_ROVER }, 4), "4");
    assert.equal(modeName({ autopilot: MavAutopilot.GENERIC, type: MavType.QUADROTOR }, 4), "4");
    assert.equal(modeName({ autopilot: MavAutopilot.PX4, type: MavType.QUADROTOR }, 4), "4");
  });

  it("tells copters from planes", () => {
    assert.equal(airframeOf(MavType.HEXAROTOR), "copter");
    assert.equal(airframeOf(MavType.VTOL_TILTROTOR), "plane");
    assert.equal(airframeOf(MavType.GROUND_ROVER), "other");
  });
});
