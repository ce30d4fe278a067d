import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FeedOptions } from "../../agent/mavlink/publishers/flight/feed-options.js";
import type { TwinKind } from "../../sim/autopilot/kinds.js";
import { missionPoints } from "../../sim/autopilot/missions.js";
import type { TwinOptions } from "../../sim/autopilot/options.js";
import { PRESETS, PX4_WITHOUT_GPS } from "../../sim/autopilot/parameters/presets.js";
import { flight } from "./assertions.js";
import { FeedingAgent } from "./feeding.js";
import { COPTER_SQUARE, flightOf, PLANE_SQUARE } from "./flying.js";
import { NAVIGATION_HOME } from "./navigation.js";

// The agent's publishers against the twin: three minutes of a square, GPS jammed in flight or never there. The limits are
// those that the agent is held to: EKF error at most 5 m RMS for copters and 10 m for planes, mode kept, no reset that
// nobody asked for, no failsafe, no change to and fro. In flights that begin in the air on GPS the agent's own navigator
// works on invented frames; without GPS from power-on positions are given: a vehicle on the ground sees nothing.

const SETS = { gps: 1, vision: 2 } as const;
const SLOW_SQUARE = { ...COPTER_SQUARE, points: missionPoints("square", 1000), speed_mps: 6.5 };

function fed(kind: TwinKind, options: Partial<TwinOptions>, feed: Partial<FeedOptions>, until_s: number, seed = 1) {
  const navigation = options.start === "air" ? "frames" : "given";
  let agent: FeedingAgent | null = null;
  const made = flightOf(kind, { seed, home: NAVIGATION_HOME, ...options }, null, () => agent?.step());
  agent = new FeedingAgent(made.companion, feed, seed, navigation);
  made.fly(until_s);
  return { twin: made.twin, companion: made.companion, agent };
}

describe("ArduPilot copter", () => {
  for (const publisher of ["vision_position_estimate", "odometry"] as const) {
    it(`jammed in flight, ${publisher} and the source set switched by the agent`, () => {
      const options: Partial<TwinOptions> = {
        parameters: PRESETS["ardupilot-vision-set-2"],
        start: "air",
        mission: SLOW_SQUARE,
        jamAt_s: 40,
      };
      const { twin } = fed("ardupilot-copter", options, { publisher, sourceSets: SETS }, 220);
      assert.equal(twin.vehicle.phase, "done");
      assert.deepEqual(
        twin.log.events("source_set").map(({ set }) => set),
        [2],
      );
      flight(twin.log, { from_s: 40 })
        .modeKept("AUTO")
        .resets(0)
        .noFailsafe()
        .noFlapBack()
        .horizontalError({ rms_m: 5 });
    });
  }

  it("never any GPS: the agent's origin, arming, take-off and the square", () => {
    const options: Partial<TwinOptions> = { parameters: PRESETS["ardupilot-vision-only"], mission: SLOW_SQUARE };
    const origin = NAVIGATION_HOME;
    const { twin } = fed("ardupilot-copter", options, { origin }, 220);
    assert.equal(twin.vehicle.phase, "done");
    flight(twin.log, { from_s: 5 }).modeKept("AUTO").resets(0).noFailsafe().noFlapBack().horizontalError({ rms_m: 5 });
  });

  it("GPS comes back: the agent returns to set 1, once, and the vehicle flies on", () => {
    const options: Partial<TwinOptions> = {
      parameters: PRESETS["ardupilot-vision-set-2"],
      start: "air",
      mission: SLOW_SQUARE,
      jamAt_s: 30,
      jamEnd_s: 80,
    };
    const { twin } = fed("ardupilot-copter", options, { sourceSets: SETS }, 130);
    assert.deepEqual(
      twin.log.events("source_set").map(({ set }) => set),
      [2, 1],
    );
    flight(twin.log, { from_s: 30 }).modeKept("AUTO").resets(0).noFailsafe().horizontalError({ rms_m: 5 });
  });
});

describe("ArduPilot plane at 22 m/s", () => {
  it("jammed in flight, MAV_CMD_EXTERNAL_POSITION_ESTIMATE", () => {
    const options: Partial<TwinOptions> = { start: "air", mission: PLANE_SQUARE, jamAt_s: 40 };
    const { twin, agent } = fed("ardupilot-plane", options, {}, 220);
    assert.equal(agent.feed.name, "external_position_estimate");
    flight(twin.log, { from_s: 45 }).modeKept("GUIDED").noFailsafe().horizontalError({ rms_m: 10 });
  });

  it("jammed in flight, vision on source set 2", () => {
    const options: Partial<TwinOptions> = {
      parameters: PRESETS["ardupilot-vision-set-2"],
      start: "air",
      mission: PLANE_SQUARE,
      jamAt_s: 40,
    };
    const { twin } = fed("ardupilot-plane", options, { sourceSets: SETS }, 220);
    flight(twin.log, { from_s: 40 })
      .modeKept("GUIDED")
      .resets(0)
      .noFailsafe()
      .noFlapBack()
      .horizontalError({ rms_m: 10 });
  });
});

describe("PX4 copter", () => {
  const mission = { ...SLOW_SQUARE, mode: "guided" } as const;

  it("never any GPS, GLOBAL_POSITION_SENSOR", () => {
    const options: Partial<TwinOptions> = { parameters: { ...PRESETS["px4-global"], ...PX4_WITHOUT_GPS }, mission };
    const { twin, agent } = fed("px4-copter", options, {}, 220);
    assert.equal(agent.feed.name, "global_position_sensor");
    assert.equal(twin.vehicle.phase, "done");
    flight(twin.log, { from_s: 10 })
      .modeKept("OFFBOARD")
      .resets(0)
      .noFailsafe()
      .noFlapBack()
      .horizontalError({ rms_m: 5 });
  });

  it("jammed in flight, GLOBAL_POSITION_SENSOR beside GPS", () => {
    const options: Partial<TwinOptions> = { parameters: PRESETS["px4-global"], start: "air", mission, jamAt_s: 40 };
    const { twin } = fed("px4-copter", options, {}, 220);
    flight(twin.log, { from_s: 40 })
      .modeKept("OFFBOARD")
      .resets(0)
      .noFailsafe()
      .noFlapBack()
      .horizontalError({ rms_m: 5 });
  });

  it("never any GPS, ODOMETRY", () => {
    const options: Partial<TwinOptions> = {
      parameters: { ...PRESETS["px4-odometry"], EKF2_EV_DELAY: 200, ...PX4_WITHOUT_GPS },
      mission,
    };
    const origin = NAVIGATION_HOME;
    const { twin } = fed("px4-copter", options, { publisher: "odometry", origin }, 220);
    assert.equal(twin.vehicle.phase, "done");
    flight(twin.log, { from_s: 10 })
      .modeKept("OFFBOARD")
      .resets(0)
      .noFailsafe()
      .noFlapBack()
      .horizontalError({ rms_m: 5 });
  });
});
