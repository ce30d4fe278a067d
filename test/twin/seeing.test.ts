import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { missionPoints } from "../../sim/autopilot/missions.js";
import { PRESETS } from "../../sim/autopilot/parameters/presets.js";
import type { Twin } from "../../sim/autopilot/twin.js";
import { flight } from "./assertions.js";
import { makePlace, type Place } from "./place.js";
import { flySeeing, type Published } from "./seeing.js";

// The whole agent on board of the twin, in simulated time. Three minutes take minutes: they are flown by `npm run test:twin`.
const LONG = process.env.SKYLINK_LONG_TESTS === "1";
const SETS = "source_sets = { gps = 1, vision = 2 }";
const JAM_S = 20;

/**
 * What was published while GPS was jammed is there nearly always and never false. Returns the figures of the flight in a
 * line: the same flight gives the same to the last digit.
 */
function judged(twin: Twin, published: readonly Published[]): string {
  const jammed = published.filter(({ t_s }) => t_s >= JAM_S);
  const errors = jammed.flatMap(({ error_m }) => error_m ?? []);
  const availability = errors.length / jammed.length;
  const worst_m = Math.max(...errors);
  assert.ok(availability > 0.95, `positions ${(availability * 100).toFixed(0)} % of the time`);
  assert.ok(worst_m < 20, `the worst position was ${worst_m.toFixed(1)} m off`);
  const { rms_m, p95_m, max_m } = twin.log.horizontalError({ from_s: JAM_S });
  const ekf = `EKF error RMS ${rms_m.toFixed(3)}, p95 ${p95_m.toFixed(3)}, max ${max_m.toFixed(3)} m`;
  return `${ekf}; positions ${(availability * 100).toFixed(1)} % of the time, the worst ${worst_m.toFixed(3)} m off`;
}

describe("the agent sees: 40 s without GPS", { skip: LONG }, () => {
  let place: Place;
  before(() => {
    place = makePlace(6, 500, 80);
  });
  after(() => place.remove());

  it("copter, jammed in flight: positions of vision keep the EKF on the truth", async (t) => {
    const { twin, published } = await flySeeing({
      kind: "ardupilot-copter",
      place,
      home: { north_m: -60, east_m: -60 },
      options: {
        parameters: PRESETS["ardupilot-vision-set-2"],
        mission: { points: missionPoints("square", 480), height_m: 80, speed_mps: 7, mode: "auto", laps: 9 },
        jamAt_s: JAM_S,
      },
      autopilot: SETS,
      until_s: JAM_S + 40,
    });
    t.diagnostic(judged(twin, published));
    flight(twin.log, { from_s: JAM_S })
      .modeKept("AUTO")
      .resets(0)
      .noFailsafe()
      .noFlapBack()
      .horizontalError({ rms_m: 5 });
  });
});

describe("the agent sees: three minutes without GPS", { skip: !LONG }, () => {
  let place: Place;
  before(() => {
    place = makePlace(6, 900, 90);
  });
  after(() => place.remove());

  it("copter, a square of 1 km: EKF error at most 5 m RMS, mode kept, no unplanned reset", async (t) => {
    const { twin, published } = await flySeeing({
      kind: "ardupilot-copter",
      place,
      home: { north_m: -125, east_m: -125 },
      options: {
        parameters: PRESETS["ardupilot-vision-set-2"],
        mission: { points: missionPoints("square", 1000), height_m: 80, speed_mps: 6, mode: "auto", laps: 9 },
        jamAt_s: JAM_S,
      },
      autopilot: SETS,
      until_s: JAM_S + 180,
    });
    t.diagnostic(judged(twin, published));
    flight(twin.log, { from_s: JAM_S })
      .modeKept("AUTO")
      .resets(0)
      .noFailsafe()
      .noFlapBack()
      .horizontalError({ rms_m: 5 });
  });

  it("plane at 22 m/s: EKF error at most 10 m RMS, mode kept, no unplanned reset", async (t) => {
    const { twin, published } = await flySeeing({
      kind: "ardupilot-plane",
      place,
      home: { north_m: -200, east_m: -200 },
      options: {
        parameters: PRESETS["ardupilot-vision-set-2"],
        mission: { points: missionPoints("square", 1600), height_m: 100, speed_mps: 22, mode: "guided", laps: 9 },
        jamAt_s: JAM_S,
      },
      autopilot: SETS,
      until_s: JAM_S + 180,
    });
    t.diagnostic(judged(twin, published));
    flight(twin.log, { from_s: JAM_S })
      .modeKept("GUIDED")
      .resets(0)
      .noFailsafe()
      .noFlapBack()
      .horizontalError({ rms_m: 10 });
  });
});
