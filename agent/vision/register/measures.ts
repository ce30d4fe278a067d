import type { EncodedQuery } from "../encode/query-encoder.js";
import type { Measures, RankedCandidate } from "../result.js";
import type { Search } from "./search.js";
import { bestOutside } from "./volume.js";

/**
 * What the acceptance looks at.
 *
 * @param searches the searches that the winner was chosen from
 * @param ranked the candidates that it is compared with
 * @param entropy relative entropy of the winner's probability map
 * @param radius a second peak nearer than this to the first is the same peak, features
 */
export function measure(
  query: EncodedQuery,
  winner: Search,
  searches: readonly Search[],
  ranked: readonly RankedCandidate[],
  entropy: number,
  radius: number,
): Measures {
  const { candidate, peak, volume } = winner;
  const { shifts } = volume;
  const second = bestOutside(winner.best, shifts, peak.x, peak.y, radius);
  let other = Number.NEGATIVE_INFINITY;
  for (const search of searches) {
    if (search === winner) continue;
    // The winner's peak as a shift of this window: the same ground seen through it is not another place.
    const x = peak.x + winner.j0 - search.j0;
    const y = peak.y + winner.i0 - search.i0;
    other = Math.max(other, bestOutside(search.best, shifts, x, y, radius));
  }
  const rivals = ranked.filter((one) => one !== candidate).map((one) => one.logit ?? 0);
  const logit = candidate.logit ?? 0;
  const area = query.side * query.side;
  // Where nothing is there to compare with, nothing was beaten: no other place counts as a lead no better than over the
  // second peak of the window, no second peak as no lead.
  const peak_to_second = Number.isFinite(second) ? peak.score - second : 0;
  const peak_to_other = Number.isFinite(other) ? peak.score - other : peak_to_second;
  let seen = 0;
  for (const v of query.valid.subarray(winner.index * area, (winner.index + 1) * area)) seen += v;
  return {
    peak: peak.score,
    peak_to_second,
    peak_to_other,
    entropy,
    similarity: candidate.similarity,
    logit,
    logit_margin: rivals.length === 0 ? 0 : logit - Math.max(...rivals),
    visible: seen / area,
    overlap: winner.overlap,
    at_border: peak.x === 0 || peak.y === 0 || peak.x === shifts - 1 || peak.y === shifts - 1 ? 1 : 0,
  };
}
