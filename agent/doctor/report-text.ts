import type { Area, Check, Verdict } from "./checks.js";
import type { DoctorReport } from "./doctor.js";
import { type FixResult, numberText, type ParamFix } from "./parameters.js";

const WORDS: Readonly<Record<Verdict, string>> = {
  ok: "ok     ",
  warning: "warning",
  problem: "PROBLEM",
  skipped: "skipped",
};

/** Lines of the report as they come: a heading where an area begins. */
export class ReportLines {
  #area: Area | null = null;

  of(check: Check): string {
    const heading = check.area === this.#area ? "" : `${this.#area === null ? "" : "\n"}${check.area}\n`;
    this.#area = check.area;
    return `${heading}  ${WORDS[check.verdict]}  ${check.name}: ${check.detail}\n`;
  }
}

/** The parameters that would be written, for the question. */
export function fixList(fixes: readonly ParamFix[]): string {
  const width = Math.max(...fixes.map(({ name }) => name.length));
  const lines = fixes.map(({ name, from, to, reboot }) => {
    return `  ${name.padEnd(width)}  ${numberText(from)} -> ${numberText(to)}${reboot ? "  (read at boot)" : ""}`;
  });
  return `\n${lines.join("\n")}\n`;
}

export function fixLine({ name, to, ok, reason }: FixResult): string {
  return ok ? `  written  ${name} = ${numberText(to)}, read back\n` : `  FAILED   ${name}: ${reason}\n`;
}

/** The last lines: how many of what, and what to do now. */
export function summary({ checks, fixes, reboot_for, ok }: DoctorReport): string {
  const count = (verdict: Verdict) => checks.filter((one) => one.verdict === verdict).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  const plural = (n: number, word: string) => `${n} ${word}${n === 1 ? "" : "s"}`;
  const lines = [
    `${plural(problems, "problem")}, ${plural(warnings, "warning")}, ${count("ok")} ok, ${count("skipped")} skipped`,
  ];
  if (fixes.length > 0)
    lines.push(`${plural(fixes.filter((fix) => fix.ok).length, "parameter")} of ${fixes.length} written.`);
  if (reboot_for.length > 0) {
    lines.push(`Reboot the autopilot (${reboot_for.join(", ")}), then run doctor again.`);
  } else if (ok) {
    lines.push("Nothing that was looked at stands in the way.");
  }
  return `\n${lines.join("\n")}\n`;
}

/** The report as JSON, format 1. */
export function reportJson(report: DoctorReport): string {
  return `${JSON.stringify({ format: 1, ...report }, null, 2)}\n`;
}
