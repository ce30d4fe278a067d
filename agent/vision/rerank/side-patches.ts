import type { RerankerCard } from "../../../models/runtime/model-folder.js";
import { crop } from "../encode/dense-query.js";
import type { EncodedQuery } from "../encode/query-encoder.js";
import type { RankedCandidate } from "../result.js";

/** The `sides` block of a re-ranker's model.json. */
export type SidesModel = NonNullable<RerankerCard["sides"]>;

/** A view of the query and the map where it would lie. */
export interface ViewOnMap {
  /** [channels, side, side] */
  readonly view: Float32Array;
  /** [side, side, channels], as the pack holds them */
  readonly window: Int8Array;
}

/** A patch beside the query's, on the map beside a candidate. */
export interface SidePair extends ViewOnMap {
  /** The candidate's number among those asked. */
  readonly candidate: number;
}

/** At least this part of a window must show ground. */
const LEAST_MAPPED = 0.5;

/** The first candidates, where the second's score is near the first's; else none. */
export function inDoubt(
  ranked: readonly RankedCandidate[],
  { doubt, candidates }: SidesModel,
): readonly RankedCandidate[] {
  const [first, second] = ranked;
  if (first === undefined || second === undefined || first.score - second.score >= doubt) return [];
  return ranked.slice(0, candidates);
}

/**
 * What the frame shows to the north, east, south and west of the patch, each with the map beside each candidate. Left out
 * is what the camera hardly saw, and what would lie where the map shows no ground. None where the frame shows no more.
 */
export function sidePairs(
  asked: readonly RankedCandidate[],
  { surroundings, side, channels }: EncodedQuery,
  window: (level: number, col_px: number, row_px: number) => Int8Array,
): readonly SidePair[] {
  if (surroundings === undefined) return [];
  const { steps, visible, stride_px, features, side: whole } = surroundings;
  const margin = (whole - side) / 2;
  const views = new Map<string, Float32Array>();
  const pairs: SidePair[] = [];
  for (const [candidate, { level, col_px, row_px, hypothesis }] of asked.entries()) {
    for (const [i, { east, south }] of steps.entries()) {
      if (east !== 0 && south !== 0) continue;
      if (visible[hypothesis * steps.length + i] === 0) continue;
      const beside = window(level, col_px + east * stride_px, row_px + south * stride_px);
      if (mappedPart(beside, channels) < LEAST_MAPPED) continue;
      const key = `${hypothesis} ${i}`;
      const base = hypothesis * channels * whole * whole;
      const own = features.subarray(base, base + channels * whole * whole);
      const corner = { left: margin * (1 + east), top: margin * (1 + south) };
      const view = views.get(key) ?? crop(own, whole, corner, side, new Float32Array(channels * side * side));
      views.set(key, view);
      pairs.push({ candidate, view, window: beside });
    }
  }
  return pairs;
}

/**
 * The candidates asked with `weight` times the mean logit of their sides on top of their score, counted from the lowest
 * so that none falls below those that were not asked; best first. A candidate without sides counts with its own logit.
 */
export function withSides(
  asked: readonly RankedCandidate[],
  pairs: readonly SidePair[],
  logits: readonly number[],
  weight: number,
): RankedCandidate[] {
  const means = asked.map((one, candidate) => {
    const own = logits.filter((_, i) => pairs[i]?.candidate === candidate);
    return own.length === 0 ? (one.logit ?? 0) : own.reduce((sum, logit) => sum + logit, 0) / own.length;
  });
  const lowest = Math.min(...means);
  return asked
    .map((one, i) => ({ ...one, score: one.score + weight * ((means[i] as number) - lowest) }))
    .sort((a, b) => b.score - a.score || a.row - b.row);
}

/** Part of a window's positions that hold features. */
function mappedPart(window: Int8Array, channels: number): number {
  let mapped = 0;
  for (let at = 0; at < window.length; at += channels) {
    for (let c = at; c < at + channels; c++) {
      if (window[c] === 0) continue;
      mapped++;
      break;
    }
  }
  return (mapped * channels) / window.length;
}
