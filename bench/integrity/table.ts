import type { Summary } from "./summary.js";

export interface TableRow {
  readonly name: string;
  readonly summary: Summary;
}

type Column = readonly [head: string, cell: (summary: Summary) => string];

const COLUMNS: readonly Column[] = [
  ["frames", (s) => String(s.frames)],
  ["fixes", (s) => String(s.fixes)],
  ["avail", (s) => percent(s.availability)],
  ["err p50", (s) => metres(s.error_m.median)],
  ["p95", (s) => metres(s.error_m.p95)],
  ["max", (s) => metres(s.error_m.max)],
  ["false", (s) => String(s.false_fixes)],
  ["upper95", (s) => percent(s.false_fix_rate_upper95, 2)],
  ["<1 eph", (s) => percent(s.coverage.sigma1)],
  ["<2 eph", (s) => percent(s.coverage.sigma2)],
  ["<3 eph", (s) => percent(s.coverage.sigma3)],
  ["NEES", (s) => (s.nees === null ? "-" : s.nees.toFixed(2))],
  ["first fix", (s) => firstFix(s.time_to_first_fix_s)],
];

/** The summaries as lines of text, one a scenario. */
export function summaryTable(rows: readonly TableRow[]): string {
  const cells = [
    ["scenario", ...COLUMNS.map(([head]) => head)],
    ...rows.map(({ name, summary }) => [name, ...COLUMNS.map(([, cell]) => cell(summary))]),
  ];
  const widths = cells[0]?.map((_, k) => Math.max(...cells.map((line) => line[k]?.length ?? 0))) ?? [];
  return cells
    .map((line) =>
      line
        .map((text, k) => (k === 0 ? text.padEnd(widths[k] ?? 0) : text.padStart(widths[k] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function percent(value: number | null, digits = 1): string {
  return value === null ? "-" : `${(value * 100).toFixed(digits)} %`;
}

function metres(value: number | null): string {
  return value === null ? "-" : `${value.toFixed(value < 100 ? 1 : 0)} m`;
}

/** Median and longest time of the flights that had a fix, and how many had none. */
function firstFix({ median, max, without }: Summary["time_to_first_fix_s"]): string {
  if (median === null || max === null) return "-";
  const times = max === median ? `${median.toFixed(1)} s` : `${median.toFixed(1)}..${max.toFixed(1)} s`;
  return without === 0 ? times : `${times}, ${without} none`;
}
