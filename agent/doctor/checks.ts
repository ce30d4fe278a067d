/** What is looked at, in this order. */
export const AREAS = ["system", "pack", "models", "camera", "vehicle", "parameters"] as const;
export type Area = (typeof AREAS)[number];

/**
 * ok; warning: worth knowing, flying is possible; problem: it will not work, or not safely; skipped: not looked at.
 */
export type Verdict = "ok" | "warning" | "problem" | "skipped";

/** One line of the doctor's report. */
export interface Check {
  readonly area: Area;
  /** What was looked at: "disk", "VISO_POS_M_NSE". */
  readonly name: string;
  readonly verdict: Verdict;
  /** What was found, and what to do if it is not ok. */
  readonly detail: string;
}

/** Makes the checks of one area. */
export function checksOf(area: Area): (name: string, verdict: Verdict, detail: string) => Check {
  return (name, verdict, detail) => ({ area, name, verdict, detail });
}
