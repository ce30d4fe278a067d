import { part, percentile } from "../../agent/report/statistics.js";
import type { FlightOutcome } from "./outcome.js";

/** How near the published positions of a flight were to the truth all the way. */
export interface AllTheWay {
  /** frames from the first position on: those without one count as far off */
  readonly frames: number;
  readonly without: number;
  readonly within_5m: number | null;
  readonly error_m: {
    readonly median: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
    readonly max: number | null;
  };
}

const NEAR_M = 5;

export function allTheWay({ frames }: FlightOutcome): AllTheWay {
  const from = frames.findIndex(({ fix }) => fix !== null);
  const flown = from < 0 ? [] : frames.slice(from);
  const errors = flown.flatMap(({ fix }) => (fix?.error_m == null ? [] : [fix.error_m]));
  return {
    frames: flown.length,
    without: flown.length - errors.length,
    within_5m: part(flown, ({ fix }) => fix?.error_m != null && fix.error_m <= NEAR_M),
    error_m: {
      median: percentile(errors, 0.5),
      p95: percentile(errors, 0.95),
      p99: percentile(errors, 0.99),
      max: percentile(errors, 1),
    },
  };
}
