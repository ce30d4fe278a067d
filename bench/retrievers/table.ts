import { type RankMetrics, rankMetrics } from "../matching/metrics.js";

/** What became of one query with one base retriever at one setting. */
export interface RetrieverRecord {
  readonly retriever: string;
  readonly setting: string;
  readonly pair: string;
  /** Whether the shipped encoder saw any of this ground in training. */
  readonly seen: boolean;
  /** Place of the first right candidate among the K; null when there is none. */
  readonly retrieved: number | null;
  readonly reranked: number | null;
}

/** A difference of two shares of the same queries, with its 95 % interval. */
export interface PairedDifference {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Queries whose first place became right by re-ranking, and became wrong. */
  readonly lifted: number;
  readonly lowered: number;
}

export interface RetrieverRow {
  readonly retriever: string;
  readonly setting: string;
  readonly queries: "all" | "unseen";
  readonly n: number;
  readonly retrieved: RankMetrics;
  readonly reranked: RankMetrics;
  /** R@1 re-ranked minus R@1 retrieved. */
  readonly difference: PairedDifference;
}

/**
 * Difference of two shares of the same queries with its simple asymptotic interval: d = (b - c) / n with variance
 * (b + c - (b - c)^2 / n) / n^2. Too narrow where b + c is below about ten: the counts are
 * given with it.
 *
 * @param lifted b, @param lowered c, of n queries
 */
export function pairedDifference(lifted: number, lowered: number, n: number): PairedDifference {
  const value = (lifted - lowered) / n;
  const half = (1.959963984540054 * Math.sqrt(lifted + lowered - (lifted - lowered) ** 2 / n)) / n;
  return { value, low: Math.max(-1, value - half), high: Math.min(1, value + half), lifted, lowered };
}

/** Rows in order of first appearance: per setting each retriever, all queries and then those of unseen ground. */
export function retrieverRows(records: readonly RetrieverRecord[]): RetrieverRow[] {
  const rows: RetrieverRow[] = [];
  for (const queries of ["all", "unseen"] as const) {
    for (const setting of new Set(records.map((one) => one.setting))) {
      for (const retriever of new Set(records.map((one) => one.retriever))) {
        const some = records.filter(
          (one) => one.setting === setting && one.retriever === retriever && (queries === "all" || !one.seen),
        );
        if (some.length > 0) rows.push(rowOf(retriever, setting, queries, some));
      }
    }
  }
  return rows;
}

function rowOf(
  retriever: string,
  setting: string,
  queries: RetrieverRow["queries"],
  records: readonly RetrieverRecord[],
): RetrieverRow {
  const lifted = records.filter(({ retrieved, reranked }) => retrieved !== 1 && reranked === 1).length;
  const lowered = records.filter(({ retrieved, reranked }) => retrieved === 1 && reranked !== 1).length;
  return {
    retriever,
    setting,
    queries,
    n: records.length,
    retrieved: rankMetrics(records.map(({ retrieved }) => retrieved)),
    reranked: rankMetrics(records.map(({ reranked }) => reranked)),
    difference: pairedDifference(lifted, lowered, records.length),
  };
}

/** The rows as Markdown. */
export function retrieverMarkdown(rows: readonly RetrieverRow[]): string {
  const lines = [
    "| setting | base retriever | queries | n | retrieved R@1 / 5 / 10 | re-ranked R@1 / 5 / 10 | R@1, re-ranked minus retrieved (95 %) | lifted / lowered |",
    "|---|---|---|---|---|---|---|---|",
  ];
  const recall = ({ at_1, at_5, at_10 }: RankMetrics): string =>
    [at_1, at_5, at_10].map((value) => value.toFixed(3)).join(" / ");
  const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
  for (const { retriever, setting, queries, n, retrieved, reranked, difference } of rows) {
    const { value, low, high, lifted, lowered } = difference;
    const change = `${signed(value)} (${signed(low)} to ${signed(high)})`;
    lines.push(
      `| ${setting} | ${retriever} | ${queries} | ${n} | ${recall(retrieved)} | ${recall(reranked)} | ${change} | ${lifted} / ${lowered} |`,
    );
  }
  return `${lines.join("\n")}\n`;
}
