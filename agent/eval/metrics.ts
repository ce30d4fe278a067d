import type { PrecisionRule } from "./task.js";

/**
 * Places (0-based, ascending) that true images take in a ranking.
 *
 * @param order gallery indices, best first
 * @param truth 1 for each true gallery index
 */
export function hitPlaces(order: Uint32Array, truth: Uint8Array): number[] {
  const places: number[] = [];
  for (let place = 0; place < order.length; place++) if (truth[order[place] as number] === 1) places.push(place);
  return places;
}

/**
 * Average precision of one query from the places of its true images.
 *
 * With n true images at the 0-based places r_0 < r_1 < ..., the precision at the i-th is p_i = (i + 1) / (r_i + 1).
 * "step": mean of p_i (scikit-learn's average_precision_score). "trapezoid": mean of (q_i + p_i) / 2, where q_i is the
 * precision just before that image, i / r_i, and 1 at place 0 (compute_mAP in evaluate_gpu.py of
 * github.com/layumi/University1652-Baseline, the same in SUES-200's and DenseUAV's evaluation; the rule goes back to
 * the Oxford buildings benchmark).
 *
 * @returns 0..1; 0 for a query without true images
 */
export function averagePrecision(places: readonly number[], rule: PrecisionRule): number {
  let sum = 0;
  places.forEach((place, i) => {
    const here = (i + 1) / (place + 1);
    const before = place === 0 ? 1 : i / place;
    sum += rule === "step" ? here : (before + here) / 2;
  });
  return places.length === 0 ? 0 : sum / places.length;
}

/**
 * How many of the best images R@1% looks at: round(0.01 * gallery) + 1, halves rounded to the even number, at most the
 * gallery. The benchmarks' scripts read the 0-based cumulative curve at index round(0.01 * gallery), which is one image
 * more than the name says; published figures are made that way, so ours are.
 */
export function onePercentRank(gallery: number): number {
  const exact = gallery * 0.01;
  const down = Math.floor(exact);
  const rest = exact - down;
  const rounded = rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
  return Math.min(gallery, rounded + 1);
}

/**
 * Spatial distance metric SDM@K of one query: sum of (K - i + 1) exp(-s d_i) over sum of (K - i + 1), i = 1..K, for the
 * K best images at distances d_i (Dai et al., "Vision-Based UAV Self-Positioning in Low-Altitude Urban Environments",
 * IEEE TIP 2024; evaluateDistance.py of github.com/Dmmm1997/DenseUAV).
 *
 * @param decays s * d_i of the best images, best first; K is cut to their number
 * @returns 0..1, 1 when all K lie where the query does
 */
export function sdm(decays: readonly number[], k: number): number {
  const count = Math.min(k, decays.length);
  let score = 0;
  let weights = 0;
  for (let i = 0; i < count; i++) {
    score += (count - i) * Math.exp(-(decays[i] as number));
    weights += count - i;
  }
  return weights === 0 ? 0 : score / weights;
}
