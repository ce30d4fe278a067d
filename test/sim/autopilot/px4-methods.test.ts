import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PRESETS, PX4_WITHOUT_GPS } from "../../../sim/autopilot/parameters/presets.js";
import { flight } from "../../twin/assertions.js";
import { COPTER_SQUARE, type Flight, flightOf, PX4_SQUARE } from "../../twin/flying.js";
import type { StandInOptions } from "../../twin/stand-in.js";

// The rows of the flights that were measured on PX4: 5 m of noise an axis, 300 ms late, without GPS.

const GLOBAL: StandInOptions = { message: "global_position_sensor", rate_hz: 2, stated_m: 5 };
const SHORT = PRESETS["px4-global"];
const LONG = { ...SHORT, EKF2_AGP0_DELAY: 300, EKF2_DELAY_MAX: 400 };
const ODOMETRY: StandInOptions = { message: "odometry", rate_hz: 10, stated_m: 5, clockAhead_us: 7e8 };
const VISION = { ...PRESETS["px4-odometry"], ...PX4_WITHOUT_GPS };

function withoutGps(
  feed: StandInOptions,
  parameters: Readonly<Record<string, number>>,
  more: { seed?: number; heading_deg?: number } = {},
) {
  const { seed = 1, heading_deg = null } = more;
  const options = { seed, compassOffset_deg: heading_deg, mission: PX4_SQUARE };
  return flightOf("px4-copter", { ...options, parameters: { ...parameters, ...PX4_WITHOUT_GPS } }, feed);
}

describe("PX4 with GLOBAL_POSITION_SENSOR, never any GPS", () => {
  it("flies at 2 Hz, extrapolated with a short delay or as captured with a long one", () => {
    const short = withoutGps({ ...GLOBAL, extrapolate: true }, SHORT).fly(200).twin.log;
    const long = withoutGps(GLOBAL, LONG).fly(200).twin.log;
    flight(short, { from_s: 4 }).noFailsafe().resets(0).modeKept("OFFBOARD").horizontalError({ rms_m: 6 });
    flight(long, { from_s: 4 }).noFailsafe().resets(0).modeKept("OFFBOARD").horizontalError({ rms_m: 6.2 });
    assert.ok(short.horizontalError().rms_m < long.horizontalError().rms_m, "an old sample pulls back");
  });

  it("with a heading that is 12 degrees off, slow feeds lose the position in turns and 2 Hz does not", () => {
    const failsafes = (feed: StandInOptions, parameters: Readonly<Record<string, number>>) =>
      [1, 4, 5].map(
        (seed) => withoutGps(feed, parameters, { seed, heading_deg: 12 }).fly(140).twin.log.failsafes().length,
      );
    const sum = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
    assert.equal(sum(failsafes({ ...GLOBAL, extrapolate: true }, SHORT)), 0, "2 Hz");
    const once = sum(failsafes({ ...GLOBAL, rate_hz: 1 }, LONG));
    const half = sum(failsafes({ ...GLOBAL, rate_hz: 0.5 }, LONG));
    assert.ok(once >= 1, "1 Hz as captured");
    assert.ok(half >= once, `0.5 Hz: ${half} against ${once}`);
  });

  it("drops samples that are more than 100 ms older than the horizon, without a word", () => {
    const { twin } = withoutGps(GLOBAL, { ...SHORT, EKF2_AGP0_DELAY: 300 }).fly(20);
    assert.equal(twin.vehicle.ekf.positionOk, false);
  });
});

describe("PX4, GPS jammed in flight", () => {
  const options = (parameters: Readonly<Record<string, number>>) => ({ parameters, mission: PX4_SQUARE, jamAt_s: 60 });

  it("stays in OFFBOARD on GLOBAL_POSITION_SENSOR at 2 Hz", () => {
    const { twin } = flightOf("px4-copter", options(LONG), GLOBAL).fly(200);
    flight(twin.log, { from_s: 60 })
      .noFailsafe()
      .noFlapBack()
      .resets(0)
      .modeKept("OFFBOARD")
      .horizontalError({ rms_m: 9 });
  });

  it("is without a position 4 s later when nothing is sent, and lands", () => {
    const { twin } = flightOf("px4-copter", options({}), null).fly(120);
    const [failsafe] = twin.log.failsafes();
    assert.ok(failsafe !== undefined && Math.abs(failsafe.t_s - 64) < 0.7, `failsafe at ${failsafe?.t_s}`);
    assert.ok(twin.log.horizontalError({ from_s: 90 }).rms_m > 20);
    assert.equal(twin.vehicle.commander.modeName, "AUTO.LAND");
  });

  it("lands on 43003 too: it bounds the error and is no aiding", () => {
    const feed: StandInOptions = { message: "external_position", rate_hz: 1 };
    const made = flightOf("px4-copter", { ...options({}), mission: { ...PX4_SQUARE, mode: "auto" } }, feed).fly(90);
    assert.ok(made.feed?.results.slice(-25).every((result) => result === 0));
    assert.equal(made.twin.vehicle.commander.modeName, "AUTO.LAND");
    assert.ok(made.twin.log.horizontalError({ from_s: 60 }).rms_m < 10);
  });
});

describe("PX4 with external vision, never any GPS", () => {
  function seen(feed: StandInOptions, parameters: Readonly<Record<string, number>>, timesync = false): Flight {
    const made = flightOf("px4-copter", { parameters, mission: { ...COPTER_SQUARE, mode: "guided" } }, feed);
    made.twin.vehicle.ekf.setOrigin(made.twin.vehicle.options.home);
    if (timesync) made.companion.timesyncAhead_us = feed.clockAhead_us ?? 0;
    return made;
  }
  const works: readonly [string, StandInOptions, Readonly<Record<string, number>>, boolean][] = [
    ["ODOMETRY at 10 Hz, TIMESYNC not answered, EV_DELAY 300", ODOMETRY, VISION, false],
    ["ODOMETRY at 10 Hz, TIMESYNC answered, EV_DELAY 0", ODOMETRY, { ...VISION, EKF2_EV_DELAY: 0 }, true],
    [
      "ODOMETRY at 20 Hz with velocity",
      { ...ODOMETRY, rate_hz: 20, velocity: true },
      { ...VISION, EKF2_EV_CTRL: 5 },
      false,
    ],
    ["VISION_POSITION_ESTIMATE at 10 Hz", { ...ODOMETRY, message: "vision_position_estimate" }, VISION, false],
  ];
  for (const [name, feed, parameters, timesync] of works) {
    it(`flies: ${name}`, () => {
      const { twin } = seen(feed, parameters, timesync).fly(120);
      flight(twin.log, { from_s: 4 }).noFailsafe().resets(0).modeKept("OFFBOARD").horizontalError({ rms_m: 4.8 });
    });
  }

  it("stops aiding after about 52 s with EV_DELAY 300 and TIMESYNC answered together, and lands blindly", () => {
    const { twin } = seen(ODOMETRY, VISION, true).fly(120);
    const [failsafe] = twin.log.failsafes();
    assert.ok(failsafe !== undefined && failsafe.t_s > 50 && failsafe.t_s < 57, `failsafe at ${failsafe?.t_s}`);
    assert.ok(twin.log.horizontalError({ from_s: 80 }).max_m > 20);
  });

  it("never starts at 2 Hz", () => {
    const { twin } = seen({ ...ODOMETRY, rate_hz: 2 }, VISION).fly(30);
    assert.equal(twin.log.events("position_ok").length, 0);
    assert.equal(twin.vehicle.ekf.flags, 229);
  });

  it("has no handler for GPS_INPUT", () => {
    const { twin } = seen({ message: "gps_input", rate_hz: 5 }, VISION).fly(15);
    assert.equal(twin.vehicle.ekf.positionOk, false);
  });
});
