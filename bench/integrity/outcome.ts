import { fixError, isFalseFix, type JudgedFrame } from "../../agent/report/report.js";

/** What became of one frame, as data that goes from process to process. */
export interface FrameOutcome {
  readonly t_us: number;
  /** the published position, or null; its error is null where the truth is unknown */
  readonly fix: {
    readonly error_m: number | null;
    readonly eph_m: number;
    readonly nees: number | null;
    readonly false_fix: boolean;
  } | null;
  readonly reason: string | null;
}

/** One flight that was replayed. */
export interface FlightOutcome {
  readonly frames: readonly FrameOutcome[];
  /** of replaying, without opening models and pack */
  readonly seconds: number;
}

/** What the benches count of a judged frame. */
export function outcomeOf({ t_us, published, truth, reason }: JudgedFrame): FrameOutcome {
  if (published === null) return { t_us, fix: null, reason };
  const error = truth === null ? null : fixError(published, truth);
  return {
    t_us,
    reason,
    fix: {
      error_m: error?.error_m ?? null,
      eph_m: published.eph_m,
      nees: error?.nees ?? null,
      false_fix: error !== null && isFalseFix(published, error.error_m),
    },
  };
}
