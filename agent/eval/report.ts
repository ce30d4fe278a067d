import type { TaskFigures } from "./evaluate.js";
import type { Fit } from "./images.js";
import type { Scores } from "./scores.js";

/** What `skylink-agent eval --json` writes. */
export interface EvalReport {
  readonly dataset: string;
  readonly folder: string;
  readonly models: {
    readonly retriever: { readonly id: string; readonly sha256: string };
    readonly reranker: string | null;
  };
  readonly options: {
    readonly rerank_k: number | null;
    readonly headings: number;
    readonly north_up: boolean;
    readonly fit: Fit;
    /** Queries of each task that were evaluated, or null for all. */
    readonly limit: number | null;
  };
  readonly left_out: readonly string[];
  readonly tasks: readonly TaskFigures[];
  /** All tasks' queries together, where the benchmark has such a row. */
  readonly pooled: TaskFigures | null;
}

/** The report as JSON, numbers to six places: a millionth of a part is no information. */
export function reportJson(report: EvalReport): string {
  const rounded = (_key: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? Math.round(value * 1e6) / 1e6 : value;
  return `${JSON.stringify(report, rounded, 2)}\n`;
}

/** A column of the table: its head and what it shows of a row's figures. */
interface Column {
  readonly head: string;
  readonly value: (scores: Scores) => string;
}

/** The report as lines of text for a terminal; parts in percent. */
export function reportTable(report: EvalReport): string {
  const { models, options } = report;
  const rows = [...report.tasks, ...(report.pooled === null ? [] : [report.pooled])];
  const reranker =
    models.reranker === null ? "no re-ranking" : `${models.reranker} re-ranks the best ${options.rerank_k}`;
  const lines = [
    `${report.dataset}  ${report.folder}`,
    `retriever ${models.retriever.id}, ${reranker}, ${headingWords(options)}`,
    ...(options.limit === null ? [] : [`only ${options.limit} queries of each task: no figures of the benchmark`]),
    ...report.left_out.map((line) => `left out: ${line}`),
    ...rows.flatMap((row) => (row.without_true_image === 0 ? [] : [missingWords(row)])),
    "",
  ];
  const recall = columnsOf((scores) => Object.entries(scores.recall_at).map(([k, v]) => [`R@${k}`, v]), rows);
  const main = [
    ...recall,
    { head: "R@1%", value: (scores: Scores) => percent(scores.recall_at_1_percent) },
    { head: "AP", value: (scores: Scores) => percent(scores.ap) },
  ];
  lines.push(...table(rows, main));
  if (rows.some((row) => row.before.sdm_at !== undefined)) {
    const sdm = columnsOf((scores) => Object.entries(scores.sdm_at ?? {}).map(([k, v]) => [`SDM@${k}`, v]), rows);
    const within = columnsOf((scores) => Object.entries(scores.within_m ?? {}).map(([r, v]) => [`<${r} m`, v]), rows);
    const mean = { head: "mean m", value: (scores: Scores) => (scores.mean_distance_m ?? Number.NaN).toFixed(1) };
    lines.push("", ...table(rows, [...sdm, ...within, mean]));
  }
  return lines.join("\n");
}

function headingWords({ headings, north_up, fit }: EvalReport["options"]): string {
  const from = `${north_up ? "turned north-up" : "as they are"}${fit === "crop" ? ", cut to their middle" : ""}`;
  return headings === 1 ? `queries ${from}` : `queries ${from} and at ${headings} headings`;
}

function missingWords({ name, without_true_image, queries }: TaskFigures): string {
  return `${name}: the gallery has no true image of ${without_true_image} of ${queries} queries; they count as missed`;
}

/** One column for each entry that the first row has. */
function columnsOf(entries: (scores: Scores) => [string, number][], rows: readonly TaskFigures[]): Column[] {
  const first = rows[0];
  if (first === undefined) return [];
  return entries(first.before).map(([head], i) => ({
    head,
    value: (scores) => percent(entries(scores)[i]?.[1] ?? Number.NaN),
  }));
}

function table(rows: readonly TaskFigures[], columns: readonly Column[]): string[] {
  const cells: string[][] = [["", "queries", "gallery", "", ...columns.map(({ head }) => head)]];
  for (const { name, queries, gallery, before, after } of rows) {
    const figures = (scores: Scores): string[] => columns.map(({ value }) => value(scores));
    const label = after === null ? "retrieval" : "before";
    cells.push([name, String(queries), String(gallery), label, ...figures(before)]);
    if (after !== null) cells.push(["", "", "", "after", ...figures(after)]);
  }
  const widths = cells[0]?.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0))) ?? [];
  const left = new Set([0, 3]);
  return cells.map((row) =>
    row
      .map((cell, i) => (left.has(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

function percent(part: number): string {
  return (part * 100).toFixed(2);
}
