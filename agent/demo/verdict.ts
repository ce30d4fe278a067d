import type { Report } from "../report/report.js";
import type { AutopilotReport, EkfError } from "./flight-log.js";

/** The report of a replay, and what the autopilot made of the positions. */
export interface DemoReport extends Report {
  /** Frames a second that vision has finished. */
  readonly vision_hz: number | null;
  /** Part of the frames since the jamming at whose moment a position was published. */
  readonly availability_jammed: number | null;
  readonly autopilot: AutopilotReport;
}

/** With fewer frames a second than this no flight can be expected to go well. */
const LEAST_VISION_HZ = 1;
/** The EKF is lost when it is farther from the truth than this, metres. */
const EKF_LOST_M = 50;

/** What went wrong in the flight, a line for each; none: the demo has shown what it is for. */
export function failures({ autopilot, ...report }: DemoReport): string[] {
  const { ekf_error_m, failsafes, modes } = autopilot;
  const worst_m = ekf_error_m.after_jam.max;
  const checks: readonly (readonly [boolean, string])[] = [
    [report.fixes === 0, "no position was ever found"],
    [(report.false_fixes ?? 0) > 0, `${report.false_fixes} positions were false`],
    [autopilot.jam_to_vision_s === null, "the EKF was never switched to vision after the jamming"],
    [autopilot.without_position > 0, "the EKF lost its position after the jamming"],
    [
      worst_m === null || worst_m > EKF_LOST_M,
      `the EKF was up to ${worst_m ?? "?"} m from the truth after the jamming`,
    ],
    [!autopilot.mode_kept, `the flight mode was not kept: ${modes.join(", ")}`],
    [failsafes.length > 0, `failsafe: ${failsafes.join(", ")}`],
    [autopilot.unplanned_resets > 0, `the EKF jumped ${autopilot.unplanned_resets} times without being asked`],
    [!autopilot.route_finished, "the route was not flown to its end"],
  ];
  const found = checks.flatMap(([failed, line]) => (failed ? [line] : []));
  const { vision_hz } = report;
  if (found.length > 0 && vision_hz !== null && vision_hz < LEAST_VISION_HZ) {
    found.push(`vision finished ${vision_hz} frames a second: this computer is too slow, or too busy, for real time`);
  }
  return found;
}

/** What the report has besides that of a replay, as lines of text for a terminal. */
export function autopilotTable({ autopilot, availability_jammed: share, vision_hz }: DemoReport): string {
  const { ekf_error_m, jam_to_vision_s, flown_s, modes, failsafes } = autopilot;
  const rows: [string, string][] = [
    ["flown", flown_s === null ? "not to the end" : `${flown_s} s, the whole route`],
    ["jammed → on vision", jam_to_vision_s === null ? "never" : `${jam_to_vision_s} s`],
    ["vision", vision_hz === null ? "-" : `${vision_hz.toFixed(1)} frames/s`],
    ["positions jammed", share === null ? "-" : `${(share * 100).toFixed(1)} % of the frames`],
    ["EKF error with GPS", errorWords(ekf_error_m.before_jam)],
    ["EKF error jammed", errorWords(ekf_error_m.after_jam)],
    ["mode", `${modes.join(", ")}${autopilot.mode_kept ? ", kept" : ""}`],
    ["failsafes, resets", `${failsafes.length}, ${autopilot.unplanned_resets} unplanned`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join("\n");
}

function errorWords({ rmse, p95, max }: EkfError): string {
  const metres = (value: number | null): string => (value === null ? "-" : `${value.toFixed(1)} m`);
  return `rms ${metres(rmse)}   p95 ${metres(p95)}   max ${metres(max)}`;
}
