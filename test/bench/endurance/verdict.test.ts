import assert from "node:assert/strict";
import { test } from "node:test";
import { autopilotReport } from "../../../agent/demo/flight-log.js";
import { Observer } from "../../../bench/endurance/observer.js";
import { type EnduranceReport, rssSlope } from "../../../bench/endurance/report.js";
import { enduranceTable } from "../../../bench/endurance/table.js";
import { enduranceFailures } from "../../../bench/endurance/verdict.js";

type Judged = Omit<EnduranceReport, "failures">;

const { observed } = new Observer();
const ERROR = { rmse: 1, median: 1, p95: 2, max: 3 };
const FIGURES = { rss_mib: 400, threads: 20, files: 40 };
const GOOD: Judged = {
  format: "skylink-endurance",
  version: 1,
  node: "v20",
  cores: 2,
  minutes: { asked: 60, flown: 60 },
  ended_early: null,
  ...observed,
  positions: { ...observed.positions, looks: 9, positions: 9, availability: 1, availability_jammed: 1 },
  autopilot: {
    ...autopilotReport(""),
    jam_to_vision_s: 1,
    mode_kept: true,
    modes: ["AUTO"],
    ekf_error_m: { before_jam: ERROR, after_jam: ERROR },
  },
  components: [{ name: "camera", restarts: 0, changes: 0, states: { running: 9 } }],
  heartbeats: { received: 3600, gaps: 0, jitter_ms: { p50: 0, p99: 3, max: 9 } },
  process: { by_minute: [], rss_slope_mib_per_h: 1, first: FIGURES, last: FIGURES },
  log: { warn: {}, error: {}, other: {} },
  end: { exit_code: 0, seconds: 0.4 },
};

test("an hour as it should be has no failures, and a table that says so", () => {
  assert.deepEqual(enduranceFailures(GOOD), []);
  const table = enduranceTable({ ...GOOD, failures: [] });
  assert.match(table, /flown +60 of 60 min/);
  assert.match(table, /camera +0 restarts, 0 changes \(running 9\)/);
});

test("each thing that goes wrong is told", () => {
  const wrong: readonly (readonly [Partial<Judged>, RegExp])[] = [
    [{ ended_early: "the daemon has ended by itself" }, /over early: the daemon/],
    [{ minutes: { asked: 60, flown: 50 } }, /50 of 60 minutes/],
    [{ positions: { ...GOOD.positions, false_fixes: 2 } }, /2 positions were false/],
    [{ autopilot: { ...GOOD.autopilot, without_position: 12 } }, /without a position for 1.2 s/],
    [
      { autopilot: { ...GOOD.autopilot, ekf_error_m: { before_jam: ERROR, after_jam: { ...ERROR, rmse: 6 } } } },
      /6 m RMS, of 5/,
    ],
    [{ unanswered: 1 }, /did not answer 1 times/],
    [{ components: [{ name: "vision", restarts: 1, changes: 2, states: { running: 8 } }] }, /vision/],
    [{ components: [{ name: "camera", restarts: 0, changes: 1, states: { failed: 1 } }] }, /camera/],
    [{ heartbeats: { ...GOOD.heartbeats, jitter_ms: { p50: 1, p99: 20, max: 50 } } }, /p99 of 20 ms/],
    [{ process: { ...GOOD.process, rss_slope_mib_per_h: 200 } }, /200 MiB an hour/],
    [{ process: { ...GOOD.process, last: { ...FIGURES, files: 90 } } }, /open files: 40 first, 90 last/],
    [{ end: { exit_code: 0, seconds: 2.1 } }, /SIGTERM took 2.1 s/],
    [{ end: { exit_code: null, seconds: 1.8 } }, /a signal/],
  ];
  for (const [change, words] of wrong) {
    const found = enduranceFailures({ ...GOOD, ...change });
    assert.equal(found.length, 1, found.join("; "));
    assert.match(found[0] ?? "", words);
  }
});

test("memory is judged once it has settled", () => {
  const rows = Array.from({ length: 40 }, (_, k) => ({
    minute: k + 1,
    rss_mib: k < 9 ? 100 * k : 900 + k,
    threads: 20,
    files: 40,
  }));
  assert.equal(rssSlope(rows), 60);
  assert.equal(rssSlope(rows.slice(0, 12)), null);
});
