import type { EkfError } from "../../agent/demo/flight-log.js";
import type { EnduranceReport } from "./report.js";

/** A report as lines of text for a terminal. */
export function enduranceTable(report: EnduranceReport): string {
  const { minutes, frames, positions, autopilot, heartbeats, end } = report;
  const { first, last, rss_slope_mib_per_h, by_minute } = report.process;
  const { jitter_ms } = heartbeats;
  const rss = by_minute.map(({ rss_mib }) => rss_mib);
  const rows: [string, string][] = [
    ["flown", `${minutes.flown} of ${minutes.asked} min`],
    [
      "frames",
      `${frames.camera} of the camera (${frames.dropped} dropped), ${frames.vision} looked at (${frames.vision_hz}/s), ${frames.skipped} left out`,
    ],
    ["positions", `${report.fixes} fixes taken, ${report.sent} messages sent`],
    ["availability", `${percent(positions.availability)}, jammed ${percent(positions.availability_jammed)}`],
    ["position error", errorWords(positions.error_m)],
    ["false fixes", String(positions.false_fixes)],
    ["EKF error with GPS", errorWords(autopilot.ekf_error_m.before_jam)],
    ["EKF error jammed", errorWords(autopilot.ekf_error_m.after_jam)],
    ["without position", `${autopilot.without_position / 10} s`],
    ["mode", `${autopilot.modes.join(", ")}${autopilot.mode_kept ? ", kept" : ""}`],
    ["failsafes, resets", `${autopilot.failsafes.length}, ${autopilot.unplanned_resets} unplanned`],
    ["heartbeats", `${heartbeats.received} received, ${heartbeats.gaps} gaps`],
    ["heartbeat jitter", `p50 ${ms(jitter_ms.p50)}   p99 ${ms(jitter_ms.p99)}   max ${ms(jitter_ms.max)}`],
    [
      "memory",
      rss.length === 0 ? "-" : `${Math.min(...rss)} to ${Math.max(...rss)} MiB, ${growth(rss_slope_mib_per_h)}`,
    ],
    [
      "files, threads",
      `${first?.files ?? "-"}, ${first?.threads ?? "-"} → ${last?.files ?? "-"}, ${last?.threads ?? "-"}`,
    ],
    ["SIGTERM", end === null ? "-" : `${end.seconds} s, exit code ${end.exit_code ?? "none"}`],
  ];
  for (const { name, restarts, changes, states } of report.components) {
    const looks = Object.entries(states).map(([state, count]) => `${state} ${count}`);
    rows.push([name, `${restarts} restarts, ${changes} changes (${looks.join(", ")})`]);
  }
  const counted = { "log warn": report.log.warn, "log error": report.log.error, "log other": report.log.other };
  for (const [name, texts] of Object.entries({ ...counted, "to the operator": report.operator_texts })) {
    for (const [text, count] of Object.entries(texts)) rows.push([name, `${count} x ${text}`]);
  }
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join("\n");
}

function errorWords({ median, p95, rmse, max }: EkfError): string {
  const metres = (value: number | null): string => (value === null ? "-" : `${value.toFixed(1)} m`);
  return `median ${metres(median)}   p95 ${metres(p95)}   rms ${metres(rmse)}   max ${metres(max)}`;
}

function percent(share: number | null): string {
  return share === null ? "-" : `${(share * 100).toFixed(2)} %`;
}

function ms(value: number | null): string {
  return value === null ? "-" : `${value.toFixed(1)} ms`;
}

function growth(mib: number | null): string {
  return mib === null ? "too short to tell a trend" : `${mib} MiB/h after the first ten minutes`;
}
