import { median } from "../frames-summary.js";
import { type GateResult, judgeGate } from "./gate.js";
import { OURS, type Registered } from "./registration-run.js";

/** Positions within this are good, or within GOOD_PX, whichever is the coarser. */
const GOOD_M = 5;
const GOOD_PX = 3;
/** Scores of ours are probabilities, of the peers counts of inliers or leads of a correlation. */
const STEP = { probability: 1e-6, inliers: 1, lead: 1e-4 };

/** One method on one scene at one setting. */
export interface RegistrationRow {
  readonly scene: string;
  readonly setting: string;
  /** "all", or "unseen": those whose ground the encoder has not seen in training. */
  readonly queries: string;
  readonly method: string;
  readonly n: number;
  /** Over all right pairs; those without a fit count as infinitely far, so null where half have none. */
  readonly median_m: number | null;
  readonly median_px: number | null;
  readonly within_5m: number;
  readonly within_3px: number;
  readonly within_1_5m: number;
  /** Within 5 m or 3 px, whichever is coarser. */
  readonly good: number;
  readonly cpu_ms: number;
  /** CPU time over ours. */
  readonly times_ours: number;
  readonly gate: GateResult;
  /** Our gate as it is shipped: share accepted, accepted ones that are off, and accepted of the wrong pairs. */
  readonly shipped_gate: {
    readonly accepted: number;
    readonly accepted_off: number;
    readonly accepted_wrong: number;
  } | null;
}

/** Whether a position is good on its map. */
export function isGood(error_m: number | null, error_px: number | null): boolean {
  return error_m !== null && error_px !== null && (error_m <= GOOD_M || error_px <= GOOD_PX);
}

/** Rows in the order of scenes, settings and methods as they come; "unseen" rows only where some ground was seen. */
export function registrationRows(records: readonly Registered[]): RegistrationRow[] {
  const rows: RegistrationRow[] = [];
  for (const scene of unique(records.map((one) => one.scene))) {
    for (const setting of unique(records.map((one) => one.setting))) {
      const here = records.filter((one) => one.scene === scene && one.setting === setting);
      if (here.length === 0) continue;
      const groups: [string, Registered[]][] = [["all", here]];
      const unseen = here.filter(({ seen }) => !seen);
      // Strangers lie on ground of other pairs: they serve every group.
      const wrong = here.filter(({ right, seen }) => !right && seen);
      if (here.some(({ right, seen }) => right && seen)) groups.push(["unseen", [...unseen, ...wrong]]);
      for (const [queries, some] of groups) {
        const ours_ms =
          median(some.filter(({ method, right }) => method === OURS && right).map(({ cpu_ms }) => cpu_ms)) ??
          Number.NaN;
        for (const method of unique(some.map((one) => one.method))) {
          rows.push(
            rowOf(
              { scene, setting, queries, method },
              some.filter((one) => one.method === method),
              ours_ms,
            ),
          );
        }
      }
    }
  }
  return rows;
}

function rowOf(
  names: Pick<RegistrationRow, "scene" | "setting" | "queries" | "method">,
  records: readonly Registered[],
  ours_ms: number,
): RegistrationRow {
  const right = records.filter((one) => one.right);
  const wrong = records.filter((one) => !one.right);
  const n = right.length;
  const share = (test: (one: Registered) => boolean): number => right.filter(test).length / Math.max(1, n);
  const within = (one: Registered, key: "error_m" | "error_px", limit: number): boolean =>
    (one[key] ?? Number.POSITIVE_INFINITY) <= limit;
  const cpu_ms = median(right.map((one) => one.cpu_ms)) ?? Number.NaN;
  const step = names.method === OURS ? STEP.probability : names.method.includes(" ") ? STEP.inliers : STEP.lead;
  const shipped = right.filter(({ accepted }) => accepted === true);
  return {
    ...names,
    n,
    median_m: finite(median(right.map(({ error_m }) => error_m ?? Number.POSITIVE_INFINITY))),
    median_px: finite(median(right.map(({ error_px }) => error_px ?? Number.POSITIVE_INFINITY))),
    within_5m: share((one) => within(one, "error_m", 5)),
    within_3px: share((one) => within(one, "error_px", 3)),
    within_1_5m: share((one) => within(one, "error_m", 1.5)),
    good: share(({ error_m, error_px }) => isGood(error_m, error_px)),
    cpu_ms,
    times_ours: cpu_ms / ours_ms,
    gate: judgeGate(
      right.map(({ score, error_m, error_px }) => ({ score, good: isGood(error_m, error_px) })),
      wrong.map(({ score }) => score),
      step,
    ),
    shipped_gate:
      names.method !== OURS
        ? null
        : {
            accepted: shipped.length / Math.max(1, n),
            accepted_off: shipped.filter(({ error_m, error_px }) => !isGood(error_m, error_px)).length,
            accepted_wrong: wrong.filter(({ accepted }) => accepted === true).length,
          },
  };
}

/** The rows as a Markdown table. */
export function registrationMarkdown(rows: readonly RegistrationRow[]): string {
  const head =
    "| scene | setting | queries | method | n | median m (px) | within 5 m / 3 px / 1.5 m | CPU ms (x ours) | accepted, no false one of N | accepted but off |\n" +
    "|---|---|---|---|---|---|---|---|---|---|\n";
  const body = rows.map((row) => {
    const { gate, shipped_gate } = row;
    const cells = [
      row.scene,
      row.setting,
      row.queries,
      row.method,
      String(row.n),
      `${number(row.median_m, 2)} (${number(row.median_px, 2)})`,
      [row.within_5m, row.within_3px, row.within_1_5m].map((value) => value.toFixed(2)).join(" / "),
      `${number(row.cpu_ms, 1)} (${number(row.times_ours, 2)})`,
      gate.wrong_pairs === 0 ? "-" : `${gate.accepted.toFixed(2)} of ${gate.wrong_pairs}`,
      String(gate.accepted_off),
    ];
    const line = `| ${cells.join(" | ")} |`;
    if (shipped_gate === null) return line;
    const shipped = [...cells];
    shipped[3] = `${row.method}, shipped gate`;
    shipped[8] = `${shipped_gate.accepted.toFixed(2)}, false ${shipped_gate.accepted_wrong} of ${gate.wrong_pairs}`;
    shipped[9] = String(shipped_gate.accepted_off);
    return `${line}\n| ${shipped.join(" | ")} |`;
  });
  return `${head}${body.join("\n")}\n`;
}

function number(value: number | null, digits: number): string {
  return value === null || !Number.isFinite(value) ? "-" : value.toFixed(digits);
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
