import assert from "node:assert/strict";
import { test } from "node:test";
import type { AutopilotReport } from "../../../agent/demo/flight-log.js";
import { autopilotTable, type DemoReport, failures } from "../../../agent/demo/verdict.js";
import { makeReport } from "../../../agent/report/report.js";

const AUTOPILOT: AutopilotReport = {
  flown_s: 160,
  route_finished: true,
  mode_kept: true,
  modes: ["AUTO"],
  failsafes: [],
  unplanned_resets: 0,
  without_position: 0,
  jam_to_vision_s: 0.8,
  source_sets: [2],
  ekf_error_m: {
    before_jam: { rmse: 1, median: 1, p95: 2, max: 2 },
    after_jam: { rmse: 2, median: 2, p95: 3, max: 4 },
  },
};

function reportOf(fixes: number, autopilot: Partial<AutopilotReport> = {}): DemoReport {
  const report = makeReport([], {
    mode: "sequence",
    flight: "demo",
    info: { pack: { name: "p", created: "", cells: 1 }, encoder: "e", reranker: null, registrar: "r" },
    bbox: { west: 0, south: 0, east: 1, north: 1 },
    cell_side_m: () => 70,
  });
  return { ...report, fixes, vision_hz: 4, availability_jammed: 1, autopilot: { ...AUTOPILOT, ...autopilot } };
}

test("a flight as it should be has no failures", () => {
  assert.deepEqual(failures(reportOf(100)), []);
});

test("each thing that goes wrong is told in a line of its own", () => {
  assert.deepEqual(failures(reportOf(0)), ["no position was ever found"]);
  assert.deepEqual(failures(reportOf(9, { mode_kept: false, modes: ["AUTO", "LAND"] })), [
    "the flight mode was not kept: AUTO, LAND",
  ]);
  const lost = { rmse: 60, median: 50, p95: 80, max: 90 };
  const ekf_error_m = { ...AUTOPILOT.ekf_error_m, after_jam: lost };
  assert.match(failures(reportOf(9, { ekf_error_m })).join(), /up to 90 m from the truth/);
  assert.equal(failures(reportOf(9, { jam_to_vision_s: null, without_position: 3, route_finished: false })).length, 3);
});

test("a computer that cannot keep up is told apart from an agent that fails", () => {
  const slow = { ...reportOf(0), vision_hz: 0.3 };
  assert.match(failures(slow).join(), /0\.3 frames a second: this computer is too slow/);
  assert.deepEqual(failures({ ...reportOf(9), vision_hz: 0.3 }), []);
});

test("the table tells what the EKF did before and after the jamming", () => {
  const table = autopilotTable(reportOf(100));
  assert.match(table, /EKF error jammed +rms 2\.0 m {3}p95 3\.0 m {3}max 4\.0 m/);
  assert.match(table, /mode +AUTO, kept/);
});
