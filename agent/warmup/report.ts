import { type Machine, thisMachine } from "../../models/runtime/machine.js";
import { type Provider, RUNTIME_VERSION } from "../../models/runtime/native-session.js";
import type { Trial, WarmupPlan } from "./trials.js";

/** Exit codes of `skylink-agent warmup`. */
export const WARMUP_EXIT = { best: 0, lower: 3, different: 4, none: 5 } as const;

/** What the agent will run a graph on: the first provider asked for that can be used. */
export interface Choice {
  readonly model: Trial["model"];
  readonly file: string;
  /** null: the graph runs nowhere. */
  readonly provider: Provider | null;
}

/** The result of a warm-up, as `--json` writes it. */
export interface WarmupReport {
  readonly onnxruntime: string;
  readonly machine: Machine;
  readonly engines: string;
  readonly providers: readonly Provider[];
  readonly threads: number;
  readonly trials: readonly Trial[];
  readonly choices: readonly Choice[];
  readonly exit_code: number;
}

/** Draws the conclusions of the trials. */
export function warmupReport(plan: WarmupPlan, trials: readonly Trial[]): WarmupReport {
  const choices: Choice[] = [];
  for (const { model, file } of trials) {
    if (choices.some((one) => one.model === model && one.file === file)) continue;
    const usable = trials.find((one) => one.model === model && one.file === file && one.state !== "failed");
    choices.push({ model, file, provider: usable?.provider ?? null });
  }
  const { engines, providers, threads } = plan;
  const exit_code = exitCode(choices, trials, providers[0]);
  return {
    onnxruntime: RUNTIME_VERSION,
    machine: thisMachine(),
    engines,
    providers,
    threads,
    trials,
    choices,
    exit_code,
  };
}

function exitCode(choices: readonly Choice[], trials: readonly Trial[], best: Provider | undefined): number {
  if (choices.some(({ provider }) => provider === null)) return WARMUP_EXIT.none;
  if (trials.some(({ state }) => state === "different")) return WARMUP_EXIT.different;
  return choices.every(({ provider }) => provider === best) ? WARMUP_EXIT.best : WARMUP_EXIT.lower;
}

const HEAD = ["graph", "provider", "result", "cosine", "largest diff", "load ms", "first ms", "warm ms"];

/** The report as a table, the reasons below it, and what the agent will do. */
export function warmupText({ trials, choices, machine, engines, providers }: WarmupReport): string {
  const rows = trials.map((trial) => [
    `${trial.model} ${trial.file}`,
    trial.provider,
    trial.engine === null ? trial.state : `${trial.state}, engine ${trial.engine}`,
    trial.min_cosine === null ? "-" : trial.min_cosine.toFixed(5),
    trial.max_difference === null ? "-" : trial.max_difference.toPrecision(2),
    ...[trial.load_ms, trial.first_ms, trial.warm_ms].map((ms) => (ms === null ? "-" : ms.toFixed(1))),
  ]);
  const widths = HEAD.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i < 3 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
  const where = `onnxruntime-node ${RUNTIME_VERSION}, ${machine.gpu ?? "no GPU known"}`;
  const engineLine = providers.includes("tensorrt") ? [`engines: ${engines}`] : [];
  const reasons = trials.flatMap(({ provider, path, why }) => (why === null ? [] : [`${provider}: ${path}: ${why}`]));
  const end = choices.map(({ model, file, provider }) => `  ${model} ${file}: ${provider ?? "NOWHERE"}`);
  const parts = [[where, ...engineLine], [HEAD, ...rows].map(line), reasons, ["The agent will run", ...end]];
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")}\n`;
}
