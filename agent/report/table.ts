import { STAGES } from "../vision/result.js";
import type { NavigationReport } from "./navigation.js";
import type { Recall, Report } from "./report.js";

function modelNames({ retriever, encoder, reranker, registrar }: Report["models"]): string {
  return [retriever ?? [], encoder, reranker ?? "no re-ranker", registrar].flat().join(", ");
}

/** The report as lines of text for a terminal. */
export function reportTable(report: Report): string {
  const rows: [string, string][] = [
    ["flight", `${report.flight} (${report.mode})`],
    ["pack", `${report.pack.name}, ${report.pack.cells} cells`],
    ["models", modelNames(report.models)],
    ["frames", String(report.frames)],
    ["fixes", `${report.fixes} (${percent(report.availability)})`],
    ["error", words(report.error_m, metres)],
    ["within", words(prefixed(report.within_m), percent)],
    ["false fixes", report.false_fixes === null ? "-" : String(report.false_fixes)],
    ["NEES (2 = honest)", number(report.nees)],
    ["within 1, 2, 3 eph", Object.values(report.coverage).map(percent).join("   ")],
    ["time to first fix", report.time_to_first_fix_s === null ? "-" : `${number(report.time_to_first_fix_s)} s`],
    ["recall, retrieval", recall(report.recall.before, report.recall.queries)],
    ["recall, re-ranked", report.recall.after === null ? "-" : recall(report.recall.after, report.recall.queries)],
  ];
  for (const [reason, count] of Object.entries(report.no_fix)) rows.push([`no fix: ${reason}`, String(count)]);
  if (report.navigation !== null) rows.push(...navigationRows(report.navigation));
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  lines.push(
    "",
    `  ${"stage".padEnd(width)}  ${["p50 ms", "p95 ms", "p99 ms"].map((head) => head.padStart(8)).join("")}`,
  );
  for (const stage of STAGES) {
    const { p50, p95, p99 } = report.stage_ms[stage];
    lines.push(`  ${stage.padEnd(width)}  ${[p50, p95, p99].map((time) => number(time).padStart(8)).join("")}`);
  }
  return lines.join("\n");
}

function navigationRows(navigation: NavigationReport): [string, string][] {
  const { gates, resets, verdicts, odometry, beyond_protection_level } = navigation;
  const list = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join("   ") || "-";
  const held = Object.entries(gates).map(([name, { held, failed }]) => `${name} ${percent(held / (held + failed))}`);
  return [
    ["resets", String(resets)],
    ["beyond protection level", beyond_protection_level === null ? "-" : String(beyond_protection_level)],
    ["fixes of vision", list(verdicts)],
    ["odometry", [`${odometry.steps} steps`, list(odometry.refused)].join("   refused: ")],
    ["gates held", held.join("   ")],
  ];
}

function words(values: Readonly<Record<string, number | null>>, format: (value: number | null) => string): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${format(value)}`)
    .join("   ");
}

function prefixed(values: Readonly<Record<string, number | null>>): Record<string, number | null> {
  return Object.fromEntries(Object.entries(values).map(([limit, value]) => [`${limit} m:`, value]));
}

function recall(value: Recall, queries: number): string {
  return `@1 ${percent(value.at_1)}   @5 ${percent(value.at_5)}   @10 ${percent(value.at_10)}   (${queries} queries)`;
}

function number(value: number | null): string {
  return value === null ? "-" : value.toFixed(value !== 0 && Math.abs(value) < 10 ? 2 : 1);
}

function metres(value: number | null): string {
  return value === null ? "-" : `${number(value)} m`;
}

function percent(value: number | null): string {
  return value === null ? "-" : `${(value * 100).toFixed(1)} %`;
}
