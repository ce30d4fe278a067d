import { rankMetrics, type Share, wilson } from "./metrics.js";

/** What became of one frame of an unregistered pair. */
export interface FoundRecord {
  readonly set: string;
  readonly pair: string;
  readonly view: { readonly x: number; readonly y: number; readonly heading_deg: number };
  /** Place of the first candidate on the frame's own pair; null when none of the K is. */
  readonly retrieved: number | null;
  readonly reranked: number | null;
  /** Whether the frame gave a fix, and the picture it lies on; null between pictures. */
  readonly fixed: boolean;
  readonly fix_on: string | null;
}

/** One row of the results: all frames, or one set's. */
export interface FoundRow {
  readonly set: string;
  readonly n: number;
  readonly pairs: number;
  readonly retrieved: readonly number[];
  readonly reranked: readonly number[];
  /** 95 % interval of R@1 after re-ranking. */
  readonly reranked_at_1: Share;
  readonly fixes: number;
  /** Fixes that do not lie on the frame's own pair. */
  readonly false_fixes: number;
}

/** A row for all frames and one for each set, in order. */
export function foundRows(records: readonly FoundRecord[]): FoundRow[] {
  const sets = [...new Set(records.map(({ set }) => set))];
  return [
    rowOf("all", records),
    ...sets.map((set) =>
      rowOf(
        set,
        records.filter((one) => one.set === set),
      ),
    ),
  ];
}

function rowOf(set: string, records: readonly FoundRecord[]): FoundRow {
  const before = rankMetrics(records.map(({ retrieved }) => retrieved));
  const after = rankMetrics(records.map(({ reranked }) => reranked));
  const fixed = records.filter((one) => one.fixed);
  return {
    set,
    n: records.length,
    pairs: new Set(records.map(({ pair }) => pair)).size,
    retrieved: [before.at_1, before.at_5, before.at_10],
    reranked: [after.at_1, after.at_5, after.at_10],
    reranked_at_1: wilson(records.filter(({ reranked }) => reranked === 1).length, records.length),
    fixes: fixed.length,
    false_fixes: fixed.filter(({ fix_on, pair }) => fix_on !== pair).length,
  };
}

/** The rows as a Markdown table. */
export function foundMarkdown(rows: readonly FoundRow[]): string {
  const three = (value: number): string => value.toFixed(3).replace(/^0/, "");
  const lines = rows.map(
    ({ set, n, pairs, retrieved, reranked, reranked_at_1: { low, high }, fixes, false_fixes }) =>
      `| ${set} | ${pairs} | ${n} | ${retrieved.map(three).join(" / ")} | ${reranked.map(three).join(" / ")} | ` +
      `${three(low)} to ${three(high)} | ${fixes} | ${false_fixes} |`,
  );
  return [
    "| set | pairs | n | on the pair's picture at 1 / 5 / 10, retrieved | re-ranked | R@1 re-ranked, 95 % | fixes | on another picture |",
    "|---|---|---|---|---|---|---|---|",
    ...lines,
    "",
  ].join("\n");
}
