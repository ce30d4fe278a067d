import { mean, part, percentile } from "../../agent/report/statistics.js";
import { binomialUpperBound } from "./binomial.js";
import type { FlightOutcome, FrameOutcome } from "./outcome.js";

/** Part of the errors within 1, 2 and 3 eph; null without fixes whose truth is known. */
export interface Coverage {
  readonly sigma1: number | null;
  readonly sigma2: number | null;
  readonly sigma3: number | null;
}

/** What a set of flights came to. */
export interface Summary {
  readonly flights: number;
  readonly frames: number;
  readonly fixes: number;
  readonly availability: number;
  readonly error_m: { readonly median: number | null; readonly p95: number | null; readonly max: number | null };
  /** published positions whose error exceeds max(3 eph, 50 m) */
  readonly false_fixes: number;
  /** one-sided 95 % bound of the false fixes among the fixes; null without a fix */
  readonly false_fix_rate_upper95: number | null;
  readonly coverage: Coverage;
  /** mean of e' P^-1 e; 2 when the covariances are right */
  readonly nees: number | null;
  /** from a flight's first frame to its first fix: the median and the longest over the flights that had one, seconds */
  readonly time_to_first_fix_s: {
    readonly median: number | null;
    readonly max: number | null;
    readonly without: number;
  };
  /** how many frames gave no fix, by reason */
  readonly no_fix: Readonly<Record<string, number>>;
}

export function summarise(flights: readonly FlightOutcome[]): Summary {
  const frames = flights.flatMap((flight) => flight.frames);
  const fixes = frames.flatMap(({ fix }) => (fix === null ? [] : [fix]));
  const errors = fixes.flatMap(({ error_m }) => (error_m === null ? [] : [error_m]));
  const false_fixes = fixes.filter((fix) => fix.false_fix).length;
  const firsts = flights.map(firstFix_s);
  const had = firsts.flatMap((time) => (time === null ? [] : [time]));
  return {
    flights: flights.length,
    frames: frames.length,
    fixes: fixes.length,
    availability: frames.length === 0 ? 0 : fixes.length / frames.length,
    error_m: { median: percentile(errors, 0.5), p95: percentile(errors, 0.95), max: percentile(errors, 1) },
    false_fixes,
    false_fix_rate_upper95: fixes.length === 0 ? null : binomialUpperBound(false_fixes, fixes.length),
    coverage: coverageOf(frames),
    nees: mean(fixes.flatMap(({ nees }) => (nees === null ? [] : [nees]))),
    time_to_first_fix_s: {
      median: percentile(had, 0.5),
      max: percentile(had, 1),
      without: firsts.length - had.length,
    },
    no_fix: reasonsOf(frames),
  };
}

/** Part of the published positions whose error is within 1, 2 and 3 times the eph that they stated. */
export function coverageOf(frames: readonly FrameOutcome[]): Coverage {
  const ratios = frames.flatMap(({ fix }) => (fix === null || fix.error_m === null ? [] : [fix.error_m / fix.eph_m]));
  const within = (sigmas: number): number | null => part(ratios, (ratio) => ratio <= sigmas);
  return { sigma1: within(1), sigma2: within(2), sigma3: within(3) };
}

function firstFix_s({ frames }: FlightOutcome): number | null {
  const first = frames.find(({ fix }) => fix !== null);
  return first === undefined ? null : (first.t_us - (frames[0]?.t_us ?? 0)) / 1e6;
}

function reasonsOf(frames: readonly FrameOutcome[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { fix, reason } of frames) {
    if (fix === null) counts.set(reason ?? "unknown", (counts.get(reason ?? "unknown") ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}
