import { percentile } from "../../agent/report/statistics.js";
import type { FlightOutcome } from "./outcome.js";

/** A start without a position must have one after this time, seconds. */
export const FIRST_FIX_LIMIT_S = 20;

/** The first position of a flight; times are null when there was none. */
export interface FirstFix {
  readonly time_s: number | null;
  readonly error_m: number | null;
  readonly eph_m: number | null;
}

/** The first positions of several starts. */
export interface FirstFixes {
  readonly starts: readonly FirstFix[];
  /** starts that had a position within the limit, and that position was no false fix */
  readonly in_time: number;
  readonly median_s: number | null;
  readonly max_s: number | null;
  /** false fixes among all positions of these flights, and how many those were */
  readonly false_fixes: number;
  readonly fixes: number;
}

export function firstFixes(flights: readonly FlightOutcome[]): FirstFixes {
  const starts = flights.map(({ frames }) => {
    const first = frames.find(({ fix }) => fix !== null);
    if (first?.fix == null) return { time_s: null, error_m: null, eph_m: null, false_fix: false };
    const { error_m, eph_m, false_fix } = first.fix;
    return { time_s: (first.t_us - (frames[0]?.t_us ?? 0)) / 1e6, error_m, eph_m, false_fix };
  });
  const times = starts.flatMap(({ time_s }) => (time_s === null ? [] : [time_s]));
  const fixes = flights.flatMap(({ frames }) => frames.flatMap(({ fix }) => (fix === null ? [] : [fix])));
  return {
    starts: starts.map(({ time_s, error_m, eph_m }) => ({ time_s, error_m, eph_m })),
    in_time: starts.filter(({ time_s, false_fix }) => time_s !== null && time_s <= FIRST_FIX_LIMIT_S && !false_fix)
      .length,
    median_s: percentile(times, 0.5),
    max_s: percentile(times, 1),
    false_fixes: fixes.filter(({ false_fix }) => false_fix).length,
    fixes: fixes.length,
  };
}

/** One line a start, and one that sums them up. */
export function firstFixTable(results: readonly (FirstFixes & { readonly name: string })[]): string {
  const number = (value: number | null, unit: string): string => (value === null ? "-" : `${value.toFixed(1)} ${unit}`);
  return results
    .flatMap((result) => [
      result.name,
      ...result.starts.map(
        (start, k) =>
          `  start ${String(k + 1).padStart(2)}: first fix after ${number(start.time_s, "s").padStart(6)}` +
          `, error ${number(start.error_m, "m").padStart(7)}, eph ${number(start.eph_m, "m").padStart(6)}`,
      ),
      `  ${result.in_time} of ${result.starts.length} starts within ${FIRST_FIX_LIMIT_S} s; ` +
        `median ${number(result.median_s, "s")}, longest ${number(result.max_s, "s")}; ` +
        `${result.false_fixes} false fixes of ${result.fixes}`,
    ])
    .join("\n");
}
