import { averagePrecision, hitPlaces, onePercentRank, sdm } from "./metrics.js";
import type { EvalTask } from "./task.js";

/** The K of R@K. */
export const RECALL_AT = [1, 5, 10] as const;

/** Figures over the queries of a task; parts are 0..1. */
export interface Scores {
  readonly recall_at: Readonly<Record<string, number>>;
  readonly recall_at_1_percent: number;
  readonly ap: number;
  /** SDM@K by K, part of queries whose best image lies nearer than so many metres, mean distance of the best image. */
  readonly sdm_at?: Readonly<Record<string, number>>;
  readonly within_m?: Readonly<Record<string, number>>;
  readonly mean_distance_m?: number;
}

/** Sums figures up query by query; sums of several tasks can be added. */
export class ScoreSum {
  private queries = 0;
  private readonly recall = new Map<number, number>();
  private onePercent = 0;
  private precision = 0;
  private readonly sdm = new Map<number, number>();
  private readonly within = new Map<number, number>();
  private distance_m = 0;

  /**
   * Enters one query. A query without a true image counts as missed, as in the benchmarks' scripts.
   *
   * @param order gallery indices, best first, junk taken out
   */
  add(task: EvalTask, query: number, order: Uint32Array): void {
    const truth = new Uint8Array(task.gallery.length);
    for (const index of task.queries[query]?.positives ?? []) truth[index] = 1;
    const places = hitPlaces(order, truth);
    const first = places[0] ?? Number.POSITIVE_INFINITY;
    this.queries++;
    for (const k of RECALL_AT) raise(this.recall, k, first < k ? 1 : 0);
    if (first < onePercentRank(task.gallery.length)) this.onePercent++;
    this.precision += averagePrecision(places, task.precision);
    this.addDistances(task, query, order);
  }

  private addDistances({ positions }: EvalTask, query: number, order: Uint32Array): void {
    const from = positions?.query[query];
    const best = positions?.gallery[order[0] ?? -1];
    if (positions === null || from === undefined || best === undefined) return;
    const most = Math.max(...positions.sdm_at);
    const decays = Array.from(order.subarray(0, most), (index) => {
      const at = positions.gallery[index];
      return at === undefined ? Number.POSITIVE_INFINITY : positions.decay(from, at);
    });
    for (const k of positions.sdm_at) raise(this.sdm, k, sdm(decays, k));
    const distance_m = positions.distance_m(from, best);
    this.distance_m += distance_m;
    for (const radius of positions.within_m) raise(this.within, radius, distance_m < radius ? 1 : 0);
  }

  /** Adds the queries of another sum. */
  merge(other: ScoreSum): void {
    this.queries += other.queries;
    this.onePercent += other.onePercent;
    this.precision += other.precision;
    this.distance_m += other.distance_m;
    for (const [k, value] of other.recall) raise(this.recall, k, value);
    for (const [k, value] of other.sdm) raise(this.sdm, k, value);
    for (const [k, value] of other.within) raise(this.within, k, value);
  }

  /** @throws RangeError when no query was entered */
  scores(): Scores {
    const { queries } = this;
    if (queries === 0) throw new RangeError("scores: no queries");
    const means = (sums: ReadonlyMap<number, number>): Record<string, number> =>
      Object.fromEntries([...sums].map(([k, sum]) => [String(k), sum / queries]));
    return {
      recall_at: means(this.recall),
      recall_at_1_percent: this.onePercent / queries,
      ap: this.precision / queries,
      ...(this.sdm.size === 0
        ? {}
        : {
            sdm_at: means(this.sdm),
            within_m: means(this.within),
            mean_distance_m: this.distance_m / queries,
          }),
    };
  }
}

function raise(sums: Map<number, number>, key: number, by: number): void {
  sums.set(key, (sums.get(key) ?? 0) + by);
}
