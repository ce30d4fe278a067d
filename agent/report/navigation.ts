import type { JudgedFrame } from "./report.js";

/** What navigation did over a flight. */
export interface NavigationReport {
  /** For each gate, in the order in which they are passed: frames at which it held, and did not. */
  readonly gates: Readonly<Record<string, { readonly held: number; readonly failed: number }>>;
  /** Deliberate jumps, the first position included. */
  readonly resets: number;
  /** What became of the positions that vision gave: accepted, or why not. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly odometry: { readonly steps: number; readonly refused: Readonly<Record<string, number>> };
  /** Published positions whose error exceeds their protection level; null without truth. */
  readonly beyond_protection_level: number | null;
}

/** Sums up navigation over the frames of a flight. */
export function navigationReport(
  frames: readonly JudgedFrame[],
  error_m: (frame: JudgedFrame) => number | null,
): NavigationReport {
  const gates: Record<string, { held: number; failed: number }> = {};
  const verdicts: Record<string, number> = {};
  const refused: Record<string, number> = {};
  let steps = 0;
  let resets = 0;
  let beyond = 0;
  let judged = 0;
  for (const frame of frames) {
    for (const { name, holds } of frame.navigation?.gates ?? []) {
      gates[name] ??= { held: 0, failed: 0 };
      gates[name][holds ? "held" : "failed"]++;
    }
    if (frame.verdict !== null) count(verdicts, frame.verdict);
    if (frame.odometry?.refused === null) steps++;
    else if (frame.odometry !== null) count(refused, frame.odometry.refused);
    if (frame.published?.reset === true) resets++;
    const error = error_m(frame);
    const level_m = frame.navigation?.position?.protection_level_m;
    if (error === null || level_m === undefined) continue;
    judged++;
    if (error > level_m) beyond++;
  }
  return {
    gates,
    resets,
    verdicts: sorted(verdicts),
    odometry: { steps, refused: sorted(refused) },
    beyond_protection_level: judged === 0 ? null : beyond,
  };
}

function count(into: Record<string, number>, name: string): void {
  into[name] = (into[name] ?? 0) + 1;
}

function sorted(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
