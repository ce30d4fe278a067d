import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type MavLinkData, minimal } from "node-mavlink";
import { PRESETS } from "../../sim/autopilot/parameters/presets.js";
import { offsetToLonLat } from "../../tiles/geodesy/index.js";
import { estimatorStatus, frameOf, globalPosition, heartbeat, PX4_HEARTBEAT } from "../agent/vehicle/frames.js";
import { flight } from "../twin/assertions.js";
import { at, COPTER_SQUARE, type Flight, flightOf, switchAt } from "../twin/flying.js";
import type { StandInOptions } from "../twin/stand-in.js";
import { BlackBox } from "./black-box.js";

// The harness sees a vehicle from outside, by its messages. Here the vehicle is the twin, which keeps a log of its own: both
// must tell the same of one flight.

const VISION: StandInOptions = { message: "vision_position_estimate", rate_hz: 2, send_hz: 5 };
const VEHICLE = { sysid: 1, compid: 1, autopilot: 3, type: 2 };
/** ATTITUDE, GLOBAL_POSITION_INT, SIM_STATE, EKF_STATUS_REPORT with rates in Hz. */
const WANTED = [
  [30, 10],
  [33, 10],
  [108, 25],
  [193, 5],
] as const;

function watched(jamAt_s: number, each: (flight: Flight, box: BlackBox) => void, until_s: number) {
  const box = new BlackBox(() => VEHICLE);
  const made = flightOf(
    "ardupilot-copter",
    { seed: 4, parameters: PRESETS["ardupilot-vision-set-2"], start: "air", mission: COPTER_SQUARE, jamAt_s },
    VISION,
    (now) => {
      if (box.t_s >= jamAt_s && box.log.events("gps").length === 0) box.gpsJammed(true);
      each(now, box);
    },
  );
  made.companion.onFrame = (frame, t_us) => box.receive(frame, t_us);
  for (const [msgid, hz] of WANTED) made.companion.command(511, msgid, 1e6 / hz);
  made.fly(until_s);
  box.finish();
  return { box, twin: made.twin };
}

describe("a flight seen from outside", () => {
  it("that goes well: the error, the mode and the position are those of the vehicle's own log", () => {
    let told = false;
    const chooses = switchAt(22, 2);
    const { box, twin } = watched(
      20,
      (now, seen) => {
        chooses(now);
        if (told || now.twin.log.events("source_set").length === 0) return;
        told = true;
        seen.sourceSet(2);
      },
      120,
    );
    const span = { from_s: 20 };
    flight(box.log, span).modeKept("AUTO").resets(0).noFailsafe().noFlapBack();
    const [found, own] = [box.log.horizontalError(span), twin.log.horizontalError(span)];
    assert.equal(found.missing, 0);
    assert.ok(found.count > 900, `${found.count} states`);
    assert.ok(Math.abs(found.rms_m - own.rms_m) < 0.3, `RMS ${found.rms_m} from outside, ${own.rms_m} by the vehicle`);
    assert.ok(Math.abs(found.max_m - own.max_m) < 1, `max ${found.max_m} from outside, ${own.max_m} by the vehicle`);
  });

  it("whose vision is steadily wrong: the jump that the autopilot makes in the end is counted", () => {
    const wrong = at(60, ({ feed }) => {
      if (feed !== null) feed.offset = { north_m: 60, east_m: 0 };
    });
    const chooses = switchAt(22, 2);
    const { box, twin } = watched(
      20,
      (now) => {
        chooses(now);
        wrong(now);
      },
      90,
    );
    const span = { from_s: 30 };
    assert.equal(twin.log.unplannedResets(span).length, 1);
    assert.equal(box.log.unplannedResets(span).length, 1);
    assert.throws(() => flight(box.log, span).resets(0), /unplanned resets: timeout of \d+ m/);
  });

  it("on nothing: the failsafe, the mode and the lost position are told", () => {
    const { box } = watched(20, () => undefined, 60);
    const span = { from_s: 20 };
    assert.ok(box.log.failsafes(span).length > 0);
    assert.throws(() => flight(box.log, span).modeKept("AUTO"), /LAND/);
    assert.throws(() => flight(box.log, span).noFlapBack());
    assert.deepEqual(
      box.log.events("mode", span).map(({ mode, reason }) => `${mode} ${reason}`),
      ["LAND failsafe"],
    );
  });
});

/** A PX4 in flight that is at a place, north of its start, at each second. */
function px4Flight(): { readonly box: BlackBox; at(t_s: number, north_m: number): void } {
  const box = new BlackBox(() => ({ sysid: 1, compid: 1, autopilot: minimal.MavAutopilot.PX4, type: 2 }));
  const receive = (message: MavLinkData): void => box.receive(frameOf(message), box.t_s * 1e6);
  receive(heartbeat({ ...PX4_HEARTBEAT, baseMode: 128 as minimal.MavModeFlag }));
  receive(estimatorStatus(16 + 256));
  return {
    box,
    at: (t_s, north_m) => {
      const { lat_deg, lon_deg } = offsetToLonLat({ lat_deg: 48, lon_deg: 11 }, north_m, 0);
      const place = { lat: Math.round(lat_deg * 1e7), lon: Math.round(lon_deg * 1e7), vx: 0, vy: 0 };
      receive(globalPosition({ timeBootMs: t_s * 1000, ...place }));
    },
  };
}

describe("a PX4 on ODOMETRY whose GPS is jammed", () => {
  it("may go to the newest position of vision when it gives GPS up", () => {
    const { box, at } = px4Flight();
    at(21, 0);
    box.px4LeavesGps();
    for (let t_s = 22; t_s <= 28; t_s++) at(t_s, 0);
    at(28.5, 4);
    box.finish();
    assert.deepEqual(
      box.log.resets().map(({ cause }) => cause),
      ["source_switch"],
    );
    assert.equal(box.log.unplannedResets().length, 0);
  });

  it("has no reason to jump before, or later", () => {
    const { box, at } = px4Flight();
    at(21, 0);
    at(22, 4);
    box.px4LeavesGps();
    for (let t_s = 23; t_s <= 40; t_s++) at(t_s, 4);
    at(41, 8);
    box.finish();
    assert.deepEqual(
      box.log.unplannedResets().map(({ t_s }) => t_s),
      [22, 41],
    );
  });
});
