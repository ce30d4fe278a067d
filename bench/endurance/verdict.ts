import type { EnduranceReport } from "./report.js";

/** Limits: the twin suite's for the EKF, the link's for heartbeats, the daemon's for its end. */
const EKF_RMS_M = 5;
const HEARTBEAT_P99_MS = 20;
const END_S = 2;
/** Memory that grows faster would be seen within a day of standing ready on the ground. */
const RSS_MIB_PER_H = 50;
/** Files and threads may come and go by a few: a page that is open, a name that is looked up. */
const MORE_FILES = 8;
const MORE_THREADS = 4;
/** The vehicle's clock falls behind on a computer that is busy: then less was flown than was watched. */
const FLOWN_SHARE = 0.99;

/** What went wrong in a flight, a line each; none: it went without attention. */
export function enduranceFailures(report: Omit<EnduranceReport, "failures">): string[] {
  const { autopilot, positions, heartbeats, minutes, end } = report;
  const { first, last, rss_slope_mib_per_h: growth } = report.process;
  const rms_m = autopilot.ekf_error_m.after_jam.rmse;
  const p99_ms = heartbeats.jitter_ms.p99;
  const broken = report.components.filter(({ restarts, states }) => restarts > 0 || (states.failed ?? 0) > 0);
  const checks: readonly (readonly [boolean, string])[] = [
    [report.ended_early !== null, `the flight was over early: ${report.ended_early}`],
    [minutes.flown < FLOWN_SHARE * minutes.asked, `${minutes.flown} of ${minutes.asked} minutes were flown`],
    [positions.positions === 0, "no position was ever found"],
    [positions.false_fixes > 0, `${positions.false_fixes} positions were false`],
    [autopilot.jam_to_vision_s === null, "the EKF was never switched to vision after the jamming"],
    [autopilot.without_position > 0, `the EKF was without a position for ${autopilot.without_position / 10} s`],
    [rms_m === null || rms_m > EKF_RMS_M, `the EKF's error after the jamming is ${rms_m} m RMS, of ${EKF_RMS_M}`],
    [!autopilot.mode_kept, `the flight mode was not kept: ${autopilot.modes.join(", ")}`],
    [autopilot.failsafes.length > 0, `failsafe: ${autopilot.failsafes.join(", ")}`],
    [autopilot.unplanned_resets > 0, `the EKF jumped ${autopilot.unplanned_resets} times without being asked`],
    [report.unanswered > 0, `/api/state did not answer ${report.unanswered} times`],
    [broken.length > 0, `started again or failed: ${broken.map(({ name }) => name).join(", ")}`],
    [heartbeats.received === 0 || heartbeats.gaps > 0, `${heartbeats.gaps} gaps in ${heartbeats.received} heartbeats`],
    [p99_ms !== null && p99_ms >= HEARTBEAT_P99_MS, `heartbeats: p99 of ${p99_ms} ms, of ${HEARTBEAT_P99_MS}`],
    [growth !== null && growth > RSS_MIB_PER_H, `memory grows by ${growth} MiB an hour`],
    [(last?.files ?? 0) > (first?.files ?? 0) + MORE_FILES, `open files: ${first?.files} first, ${last?.files} last`],
    [(last?.threads ?? 0) > (first?.threads ?? 0) + MORE_THREADS, `threads: ${first?.threads}, then ${last?.threads}`],
    [end !== null && end.seconds >= END_S, `SIGTERM took ${end?.seconds} s`],
    [end !== null && end.exit_code !== 0, `the exit code after SIGTERM was ${end?.exit_code ?? "none: a signal"}`],
  ];
  return checks.flatMap(([failed, line]) => (failed ? [line] : []));
}
