import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PRESETS } from "../../../sim/autopilot/parameters/presets.js";
import { flight } from "../../twin/assertions.js";
import { COPTER_SQUARE, type Flight, flightOf, PLANE_SQUARE, switchAt } from "../../twin/flying.js";
import type { StandInOptions } from "../../twin/stand-in.js";

// The rows of the flights that were measured on ArduPilot: 5 m of noise an axis, 300 ms late. Errors may be up to half as
// large again as the measured ones; what did not work must not work.

const VISION: StandInOptions = { message: "vision_position_estimate", rate_hz: 2, send_hz: 5 };
const VISION_ONLY = PRESETS["ardupilot-vision-only"];
const SET_2 = PRESETS["ardupilot-vision-set-2"];

/** A copter that never has GPS: the origin comes from the companion. */
function withoutGps(feed: StandInOptions, parameters: Readonly<Record<string, number>> = {}, until_s = 230): Flight {
  const made = flightOf(
    "ardupilot-copter",
    { parameters: { ...VISION_ONLY, ...parameters }, mission: COPTER_SQUARE },
    feed,
  );
  made.twin.vehicle.ekf.setOrigin(made.twin.vehicle.options.home);
  return made.fly(until_s);
}

function jammedCopter(
  feed: StandInOptions | null,
  switch_s: number | null,
  parameters = SET_2 as Readonly<Record<string, number>>,
) {
  const each = switch_s === null ? undefined : switchAt(switch_s, 2);
  const options = { parameters, mission: COPTER_SQUARE, jamAt_s: 60 };
  return flightOf("ardupilot-copter", options, feed, each).fly(230);
}

describe("ArduPilot copter that never has GPS", () => {
  const works: readonly [string, StandInOptions, Readonly<Record<string, number>>, number][] = [
    ["VISION_POSITION_ESTIMATE at 2 Hz", { ...VISION, send_hz: 2 }, {}, 3.1],
    ["each fix sent again at 5 Hz with the same time", VISION, {}, 3],
    ["repeats with a new time", { ...VISION, newTime: true }, {}, 3.6],
    ["VISO_DELAY_MS 0", VISION, { VISO_DELAY_MS: 0 }, 3.6],
    ["ODOMETRY", { ...VISION, message: "odometry" }, {}, 3],
    ["a fix every 2 s", { ...VISION, rate_hz: 0.5, send_hz: 0.5 }, {}, 5.8],
    ["a fix every 5 s", { ...VISION, rate_hz: 0.2, send_hz: 0.2 }, {}, 7.8],
  ];
  for (const [name, feed, parameters, measured_m] of works) {
    it(`flies a square: ${name}`, () => {
      const { twin } = withoutGps(feed, parameters);
      assert.equal(twin.vehicle.phase, "done");
      flight(twin.log, { from_s: 5 })
        .noFailsafe()
        .resets(0)
        .modeKept("AUTO")
        .horizontalError({ rms_m: 1.5 * measured_m });
    });
  }

  it("is worse with a latency that nobody told it", () => {
    const told = withoutGps(VISION).twin.log.horizontalError().rms_m;
    const untold = withoutGps(VISION, { VISO_DELAY_MS: 0 }).twin.log.horizontalError().rms_m;
    assert.ok(untold > told * 1.1, `${untold} against ${told}`);
  });

  it("cannot be armed with VISO_POS_M_NSE 0.2 and noisy fixes", () => {
    const { twin } = withoutGps(VISION, { VISO_POS_M_NSE: 0.2 }, 60);
    assert.equal(twin.vehicle.phase, "waiting");
    assert.ok(twin.log.events("text").some(({ text }) => text === "PreArm: EKF position variance"));
  });

  it("does not work with GLOBAL_VISION_POSITION_ESTIMATE", () => {
    const { twin } = withoutGps({ ...VISION, message: "global_vision_position_estimate" }, {}, 90);
    assert.ok(!(twin.log.horizontalError().rms_m < 50));
  });

  it("takes no ODOMETRY in other frames or of quality -1", () => {
    for (const wrong of [{ childFrame: 8 }, { quality: -1 }]) {
      const { twin } = withoutGps({ ...VISION, message: "odometry", ...wrong }, {}, 15);
      assert.equal(twin.vehicle.ekf.positionOk, false);
    }
  });
});

describe("ArduPilot copter, GPS jammed in flight", () => {
  for (const [message, switch_s] of [
    ["vision_position_estimate", 62],
    ["vision_position_estimate", 66],
    ["odometry", 62],
  ] as const) {
    it(`flies on with ${message} on source set 2, ${switch_s - 60} s later`, () => {
      const { twin } = jammedCopter({ ...VISION, message }, switch_s);
      assert.equal(twin.vehicle.phase, "done");
      flight(twin.log, { from_s: 60 })
        .noFailsafe()
        .noFlapBack()
        .resets(0)
        .modeKept("AUTO")
        .horizontalError({ rms_m: 5 });
    });
  }

  it("lands 9 s later when nothing is sent", () => {
    const { twin } = flightOf("ardupilot-copter", { mission: COPTER_SQUARE, jamAt_s: 60 }, null).fly(75);
    const [failsafe] = twin.log.failsafes();
    assert.ok(failsafe !== undefined && Math.abs(failsafe.t_s - 69) < 0.5, `failsafe at ${failsafe?.t_s}`);
    assert.equal(twin.vehicle.commander.modeName, "LAND");
  });

  it("lands with MAV_CMD_EXTERNAL_POSITION_ESTIMATE, which is no aiding", () => {
    const made = flightOf(
      "ardupilot-copter",
      { mission: COPTER_SQUARE, jamAt_s: 60 },
      { message: "external_position", rate_hz: 1 },
    );
    made.fly(75);
    assert.ok(made.feed?.results.includes(0));
    assert.equal(made.twin.vehicle.commander.modeName, "LAND");
  });

  it("lands about 1 s after a second GPS without velocity took over", () => {
    const feed: StandInOptions = { message: "gps_input", rate_hz: 5 };
    const { twin } = jammedCopter(feed, null, { GPS2_TYPE: 14 });
    const [failsafe] = twin.log.failsafes();
    assert.ok(failsafe !== undefined && failsafe.t_s > 60.5 && failsafe.t_s < 62, `failsafe at ${failsafe?.t_s}`);
  });
});

describe("ArduPilot copter with GPS_INPUT for its GPS", () => {
  const options = { parameters: PRESETS["ardupilot-gps-input"], mission: COPTER_SQUARE };

  it("flies at 5 Hz", () => {
    const { twin } = flightOf("ardupilot-copter", options, { message: "gps_input", rate_hz: 5 }).fly(230);
    assert.equal(twin.vehicle.phase, "done");
    flight(twin.log).noFailsafe().horizontalError({ rms_m: 5.9 });
  });

  it("does not arm at 2 Hz", () => {
    const { twin } = flightOf("ardupilot-copter", options, { message: "gps_input", rate_hz: 2 }).fly(40);
    assert.equal(twin.vehicle.phase, "waiting");
  });
});

describe("ArduPilot plane", () => {
  it("flies on 43003 after GPS loss, every 10 s and at 2 Hz", () => {
    for (const [rate_hz, rms_m] of [
      [0.1, 16],
      [2, 12],
    ] as const) {
      const options = { mission: PLANE_SQUARE, jamAt_s: 40 };
      const { twin } = flightOf("ardupilot-plane", options, { message: "external_position", rate_hz }).fly(230);
      flight(twin.log, { from_s: 41 }).noFailsafe().modeKept("GUIDED").horizontalError({ rms_m });
    }
  });

  it("cannot begin without GPS: EKF3 refuses vision", () => {
    const options = { parameters: VISION_ONLY, mission: PLANE_SQUARE };
    const made = flightOf("ardupilot-plane", options, VISION);
    made.twin.vehicle.ekf.setOrigin(made.twin.vehicle.options.home);
    made.fly(30);
    assert.equal(made.twin.vehicle.ekf.positionOk, false);
    assert.equal(made.twin.vehicle.phase, "waiting");
  });

  it("flies on vision on source set 2 after GPS", () => {
    const options = { parameters: SET_2, mission: PLANE_SQUARE, jamAt_s: 40 };
    const { twin } = flightOf("ardupilot-plane", options, VISION, switchAt(42, 2)).fly(230);
    flight(twin.log, { from_s: 43 }).noFailsafe().noFlapBack().resets(0).horizontalError({ rms_m: 6, max_m: 20 });
  });
});
