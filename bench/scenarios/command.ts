import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { checkWritable } from "../../agent/report/atomic-file.js";
import { unknownWord } from "../../agent/text/nearest.js";
import { errorMessage, UserError } from "../../tiles/errors.js";
import type { FlightOutcome } from "../integrity/outcome.js";
import { runScenarios } from "./pool.js";
import type { Scenario } from "./scenario.js";

/** What was flown, and the work folder in which its flights and packs still lie. */
export interface BenchResult {
  readonly scenarios: readonly Scenario[];
  readonly outcomes: Map<Scenario, FlightOutcome[]>;
  readonly dir: string;
}

/**
 * The command line that the benches on scenarios share:
 * `[--json FILE] [--only NAMES] [--work DIR] [--jobs N] [--list]`. Runs what was asked for and hands the outcomes over;
 * what `finish` returns is written to the JSON file.
 */
export async function scenarioBench(
  all: readonly Scenario[],
  finish: (result: BenchResult) => unknown,
  args = process.argv.slice(2),
): Promise<void> {
  try {
    const { values } = parse(args);
    if (values.list === true) {
      for (const { name, kind, what } of all) process.stdout.write(`${name} (${kind}): ${what}\n`);
      return;
    }
    const scenarios = chosen(all, values.only);
    if (values.json !== undefined) checkWritable(resolve(values.json));
    const jobs = wholeNumber(values.jobs) ?? availableParallelism();
    const dir = values.work === undefined ? mkdtempSync(join(tmpdir(), "skylink-bench-")) : resolve(values.work);
    try {
      const started = performance.now();
      const onProgress = (line: string): void => {
        const seconds = Math.round((performance.now() - started) / 1000);
        process.stderr.write(`[${seconds} s] ${line}\n`);
      };
      const outcomes = await runScenarios(scenarios, { dir, jobs, onProgress });
      const report = await finish({ scenarios, outcomes, dir });
      if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
    } finally {
      if (values.work === undefined) rmSync(dir, { recursive: true, force: true });
    }
  } catch (thrown) {
    process.stderr.write(`error: ${errorMessage(thrown)}\n`);
    process.exitCode = thrown instanceof UserError ? 2 : 1;
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: "string" },
        only: { type: "string" },
        work: { type: "string" },
        jobs: { type: "string" },
        list: { type: "boolean" },
      },
    });
  } catch (thrown) {
    throw new UserError(`${errorMessage(thrown)}; the options are --json FILE --only NAMES --work DIR --jobs N --list`);
  }
}

/** Scenarios by name, comma-separated; a name that ends in * stands for all that begin so. */
function chosen(all: readonly Scenario[], only: string | undefined): readonly Scenario[] {
  if (only === undefined) return all;
  const words = only.split(",").map((word) => word.trim());
  const fits = (word: string, { name }: Scenario): boolean =>
    word.endsWith("*") ? name.startsWith(word.slice(0, -1)) : name === word;
  for (const word of words) {
    if (!all.some((scenario) => fits(word, scenario))) {
      throw new UserError(
        `--only: ${unknownWord(
          "scenario",
          word,
          all.map(({ name }) => name),
        )}`,
      );
    }
  }
  return all.filter((scenario) => words.some((word) => fits(word, scenario)));
}

function wholeNumber(word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(word)) throw new UserError(`--jobs "${word}": a whole number of at least 1 is wanted`);
  return Number(word);
}
