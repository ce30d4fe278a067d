import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { autopilotReport } from "../../../agent/demo/flight-log.js";
import { missionPoints } from "../../../sim/autopilot/missions.js";
import { Twin } from "../../../sim/autopilot/twin.js";

const state = (t_s: number, error_m: number | null, more: object = {}): object => ({
  kind: "state",
  t_s,
  error_m,
  position_ok: error_m !== null,
  mode: "AUTO",
  in_air: true,
  ...more,
});
const event = (t_s: number, name: string, more: object): object => ({ kind: "event", t_s, event: name, ...more });
const logOf = (...entries: object[]): string => entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");

describe("autopilotReport", () => {
  const flown = [
    state(1, 90, { in_air: false }),
    event(3, "phase", { phase: "takeoff" }),
    state(4, 3),
    state(5, 4),
    event(6, "gps", { jammed: true }),
    event(6.84, "source_set", { set: 2 }),
    event(6.84, "reset", { cause: "source_switch", jump_m: 2 }),
    state(7, 6),
    state(8, 8),
    event(9, "phase", { phase: "done" }),
    state(10, 500, { mode: "LAND" }),
  ];

  it("separates the time with GPS from that without, and leaves out ground and the time after the route", () => {
    const report = autopilotReport(logOf(...flown));
    assert.deepEqual(report.ekf_error_m.before_jam, { rmse: 3.54, median: 3.5, p95: 3.95, max: 4 });
    assert.deepEqual(report.ekf_error_m.after_jam, { rmse: 7.07, median: 7, p95: 7.9, max: 8 });
    assert.equal(report.flown_s, 6);
    assert.equal(report.jam_to_vision_s, 0.8);
    assert.deepEqual(report.modes, ["AUTO"]);
    assert.equal(report.unplanned_resets, 0);
    assert.equal(report.without_position, 0);
  });

  it("counts what should not be: positions lost, jumps, failsafes, other modes", () => {
    const bad = [
      event(8.1, "reset", { cause: "timeout", jump_m: 40 }),
      event(8.2, "failsafe", { what: "EKF" }),
      state(8.3, null, { mode: "LAND" }),
    ];
    const report = autopilotReport(logOf(...flown.slice(0, -2), ...bad));
    assert.equal(report.unplanned_resets, 1);
    assert.deepEqual(report.failsafes, ["EKF"]);
    assert.equal(report.without_position, 1);
    assert.equal(report.mode_kept, false);
    assert.equal(report.route_finished, false);
    assert.equal(report.flown_s, null);
  });

  it("reads what the twin writes, as the twin's own log judges it", () => {
    const mission = { points: missionPoints("square", 80), height_m: 10, speed_mps: 6, mode: "auto", laps: 1 } as const;
    const twin = new Twin({ kind: "ardupilot-copter", mission, jamAt_s: 25 });
    twin.run(35);
    const report = autopilotReport(twin.log.lines());
    assert.ok(twin.log.failsafes().length > 0, "nobody helps it");
    assert.deepEqual(
      report.failsafes,
      twin.log.failsafes().map(({ what }) => what),
    );
    assert.equal(report.unplanned_resets, twin.log.unplannedResets().length);
    const ekf = twin.log.horizontalError({ to_s: 24.95 });
    assert.equal(report.ekf_error_m.before_jam.rmse, Math.round(ekf.rms_m * 100) / 100);
    assert.equal(report.jam_to_vision_s, null);
  });
});
