import type { Hypothesis } from "../encode/hypotheses.js";

/**
 * The heights that are tried at a candidate, as ratios of true to reported height: those between the hypotheses next to
 * its own, both included, so that all candidates together cover what one alone would. Where the query has one height
 * hypothesis only, all of them; where none lies between, the hypothesis' own.
 *
 * @param scales all that the height's sigma allows, ascending
 */
export function triedScales(scales: readonly number[], scale: number, hypotheses: readonly Hypothesis[]): number[] {
  const others = hypotheses.map((one) => one.scale);
  const low = Math.max(Number.NEGATIVE_INFINITY, ...others.filter((other) => other < scale));
  const high = Math.min(Number.POSITIVE_INFINITY, ...others.filter((other) => other > scale));
  const tried = scales.filter((one) => one >= low && one <= high);
  return tried.length > 0 ? tried : [scale];
}
