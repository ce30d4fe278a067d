import { binomialUpperBound } from "./binomial.js";
import type { FlightOutcome } from "./outcome.js";
import { type Coverage, type Summary, summarise } from "./summary.js";
import { summaryTable } from "./table.js";

/** A scenario that was flown. */
export interface ScenarioResult {
  readonly name: string;
  readonly kind: "nominal" | "adversarial";
  readonly what: string;
  readonly outcomes: readonly FlightOutcome[];
}

/** What `bench:integrity --json` writes. */
export interface IntegrityReport {
  readonly scenarios: readonly (Summary & Pick<ScenarioResult, "name" | "kind" | "what">)[];
  readonly nominal: Summary;
  readonly adversarial: Summary;
  readonly total: {
    /** published positions of all scenarios; those over their own map are nominal.fixes */
    readonly fixes: number;
    readonly false_fixes: number;
    readonly false_fix_rate_upper95: number | null;
    readonly adversarial_frames: number;
    /** of the nominal fixes */
    readonly coverage: Coverage;
  };
}

/** Puts the report of all scenarios together, as data and as text for a terminal. */
export function integrityReport(results: readonly ScenarioResult[]): { report: IntegrityReport; text: string } {
  const scenarios = results.map(({ name, kind, what, outcomes }) => ({ name, kind, what, ...summarise(outcomes) }));
  const flown = (kind: ScenarioResult["kind"]): FlightOutcome[] =>
    results.filter((result) => result.kind === kind).flatMap(({ outcomes }) => outcomes);
  const nominal = summarise(flown("nominal"));
  const adversarial = summarise(flown("adversarial"));
  const fixes = nominal.fixes + adversarial.fixes;
  const false_fixes = nominal.false_fixes + adversarial.false_fixes;
  const total = {
    fixes,
    false_fixes,
    false_fix_rate_upper95: fixes === 0 ? null : binomialUpperBound(false_fixes, fixes),
    adversarial_frames: adversarial.frames,
    coverage: nominal.coverage,
  };
  const rows = [
    ...scenarios.map((summary) => ({ name: summary.name, summary })),
    ...(nominal.frames === 0 ? [] : [{ name: "ALL NOMINAL", summary: nominal }]),
    ...(adversarial.frames === 0 ? [] : [{ name: "ALL ADVERSARIAL", summary: adversarial }]),
  ];
  const bound = total.false_fix_rate_upper95;
  const text = [
    summaryTable(rows),
    "",
    `${fixes} fixes, ${false_fixes} false (95 % bound ${bound === null ? "-" : `${(bound * 100).toFixed(3)} %`}), ` +
      `${total.adversarial_frames} adversarial frames`,
  ].join("\n");
  return { report: { scenarios, nominal, adversarial, total }, text };
}
