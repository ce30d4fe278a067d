/** How a gate does: fits are accepted where their score is at least the threshold. */
export interface GateResult {
  readonly threshold: number;
  /** Wrong-place pairs that the threshold was chosen on; none of them is accepted. */
  readonly wrong_pairs: number;
  /** Share of the right pairs that is accepted. */
  readonly accepted: number;
  /** Accepted ones of the right pairs whose position is off by more than the tolerance. */
  readonly accepted_off: number;
}

/** The least threshold that refuses all of these scores: just above the highest. */
export function thresholdAbove(wrong: readonly number[], step: number): number {
  return Math.max(0, ...wrong) + step;
}

/**
 * @param right score and whether the position is within tolerance, for each right pair
 * @param wrong scores of the wrong-place pairs
 * @param step scores are counted in these: the threshold lies one above the best wrong score
 */
export function judgeGate(
  right: readonly { readonly score: number; readonly good: boolean }[],
  wrong: readonly number[],
  step: number,
): GateResult {
  const threshold = thresholdAbove(wrong, step);
  const accepted = right.filter(({ score }) => score >= threshold);
  return {
    threshold,
    wrong_pairs: wrong.length,
    accepted: right.length === 0 ? Number.NaN : accepted.length / right.length,
    accepted_off: accepted.filter(({ good }) => !good).length,
  };
}
