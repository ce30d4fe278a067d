import { csvField } from "../flight/csv.js";
import { fixError, hitRank, type JudgedFrame, truePatchCentre } from "../report/report.js";
import { MEASURE_NAMES } from "../vision/result.js";

const COLUMNS = [
  "t_us",
  "file",
  "published",
  "reason",
  "lat_deg",
  "lon_deg",
  "eph_m",
  "cov_nn_m2",
  "cov_ne_m2",
  "cov_ee_m2",
  "quality",
  "level",
  "heading_correction_deg",
  "scale",
  "error_north_m",
  "error_east_m",
  "error_m",
  "nees",
  "rank_before",
  "rank_after",
  ...MEASURE_NAMES,
  "verdict",
  "protection_level_m",
  "odometry_north_m",
  "odometry_east_m",
  "odometry_refused",
] as const;

/**
 * Per-frame results as CSV: the position (also when it was not published), its error where the truth is known, at
 * which place of the candidate lists the truth stood (empty = not among them), and all measures of the acceptance
 * model. Nothing in it depends on the clock.
 */
export function framesTable(frames: readonly JudgedFrame[], cell_side_m: (level: number) => number): string {
  const lines = [COLUMNS.join(",")];
  for (const frame of frames) lines.push(row(frame, cell_side_m).map(cell).join(","));
  return `${lines.join("\n")}\n`;
}

type Value = string | number | null;

function row(frame: JudgedFrame, cell_side_m: (level: number) => number): Value[] {
  const { result, truth } = frame;
  const position = frame.published ?? result?.estimate ?? null;
  const error = position === null || truth === null ? null : fixError(position, truth);
  const patch = truePatchCentre(frame);
  return [
    frame.t_us,
    frame.file,
    frame.published === null ? 0 : 1,
    frame.reason,
    position?.lat_deg.toFixed(8) ?? null,
    position?.lon_deg.toFixed(8) ?? null,
    fixed(position?.eph_m),
    fixed(position?.cov_ne_m2.nn),
    fixed(position?.cov_ne_m2.ne),
    fixed(position?.cov_ne_m2.ee),
    fixed(position?.quality),
    result?.level ?? null,
    fixed(result?.heading_correction_deg),
    fixed(result?.scale),
    fixed(error?.north_m),
    fixed(error?.east_m),
    fixed(error?.error_m),
    fixed(error?.nees),
    patch === null || result === null ? null : hitRank(result.retrieved, patch, cell_side_m),
    patch === null || result === null ? null : hitRank(result.ranked, patch, cell_side_m),
    ...MEASURE_NAMES.map((name) => fixed(result?.measures?.[name])),
    frame.verdict,
    fixed(frame.navigation?.position?.protection_level_m),
    frame.odometry?.refused === null ? frame.odometry.north_m.toFixed(5) : null,
    frame.odometry?.refused === null ? frame.odometry.east_m.toFixed(5) : null,
    frame.odometry?.refused ?? null,
  ];
}

function fixed(value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : value.toFixed(5);
}

function cell(value: Value): string {
  return value === null ? "" : csvField(String(value));
}
