import { type RankMetrics, rankMetrics, type Share, wilson } from "./metrics.js";
import type { RankRecord } from "./retrieval-run.js";

/** One row of the results: some of the queries at one setting in one gallery. */
export interface RetrievalRow {
  readonly gallery: number;
  readonly setting: string;
  /** "all", "unseen", "seen", or a set's name. */
  readonly queries: string;
  readonly n: number;
  readonly retrieved: RankMetrics;
  readonly reranked: RankMetrics;
  /** 95 % interval of R@1. */
  readonly retrieved_at_1: Share;
  readonly reranked_at_1: Share;
  /** Queries whose first place became right, and became wrong, by re-ranking. */
  readonly lifted: number;
  readonly lowered: number;
}

/** Rows in order: per gallery and setting all queries, those of unseen ground, those of seen ground, each set. */
export function retrievalRows(records: readonly RankRecord[]): RetrievalRow[] {
  const rows: RetrievalRow[] = [];
  for (const gallery of unique(records.map((one) => one.gallery))) {
    for (const setting of unique(records.map((one) => one.setting))) {
      const here = records.filter((one) => one.gallery === gallery && one.setting === setting);
      const groups: [string, RankRecord[]][] = [
        ["all", here],
        ["unseen", here.filter(({ seen }) => !seen)],
        ["seen", here.filter(({ seen }) => seen)],
        ...unique(here.map(({ set }) => set)).map((set): [string, RankRecord[]] => [
          set,
          here.filter((one) => one.set === set),
        ]),
      ];
      for (const [queries, some] of groups) {
        if (some.length > 0) rows.push(rowOf(gallery, setting, queries, some));
      }
    }
  }
  return rows;
}

function rowOf(gallery: number, setting: string, queries: string, records: readonly RankRecord[]): RetrievalRow {
  const n = records.length;
  const first = (which: "retrieved" | "reranked"): number => records.filter((one) => one[which] === 1).length;
  return {
    gallery,
    setting,
    queries,
    n,
    retrieved: rankMetrics(records.map(({ retrieved }) => retrieved)),
    reranked: rankMetrics(records.map(({ reranked }) => reranked)),
    retrieved_at_1: wilson(first("retrieved"), n),
    reranked_at_1: wilson(first("reranked"), n),
    lifted: records.filter(({ retrieved, reranked }) => retrieved !== 1 && reranked === 1).length,
    lowered: records.filter(({ retrieved, reranked }) => retrieved === 1 && reranked !== 1).length,
  };
}

/**
 * The rows as a Markdown table.
 *
 * @param cells a gallery's true number of cells
 * @param candidates K, for a column of the recall within the K candidates, which re-ranking cannot exceed
 */
export function retrievalMarkdown(
  rows: readonly RetrievalRow[],
  cells: (gallery: number) => number,
  candidates?: number,
): string {
  const within = candidates === undefined ? "" : ` R@${candidates} |`;
  const head =
    `| gallery (cells) | setting | queries | n | R@1 / 5 / 10 retrieved |${within} AP | R@1 / 5 / 10 re-ranked | AP | R@1 re-ranked, 95 % | lifted / lowered |\n` +
    `|---|---|---|---|---|---|---|---|---|---|${within && "---|"}\n`;
  const three = (value: number): string => value.toFixed(3).replace(/^0/, "");
  const recalls = ({ at_1, at_5, at_10 }: RankMetrics): string => [at_1, at_5, at_10].map(three).join(" / ");
  return (
    head +
    rows
      .map((row) =>
        [
          "",
          `10^${Math.round(Math.log10(row.gallery))} (${cells(row.gallery)})`,
          row.setting,
          row.queries,
          String(row.n),
          recalls(row.retrieved),
          ...(candidates === undefined ? [] : [three(row.retrieved.within)]),
          three(row.retrieved.ap),
          recalls(row.reranked),
          three(row.reranked.ap),
          `${three(row.reranked_at_1.low)} to ${three(row.reranked_at_1.high)}`,
          `${row.lifted} / ${row.lowered}`,
          "",
        ]
          .join(" | ")
          .trim(),
      )
      .join("\n") +
    "\n"
  );
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
