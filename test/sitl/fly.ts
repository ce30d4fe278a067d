/**
 * Flies scenarios against a real autopilot in its simulator and prints what came of them (docs/sitl.md).
 *
 * `ARDUPILOT_SITL=… node dist/test/sitl/fly.js --scenario copter-jam-vpe --json FILE`
 */
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { checkWritable, writeFileAtomic } from "../../agent/report/atomic-file.js";
import { unknownWord } from "../../agent/text/nearest.js";
import { Options, runCommand } from "../../sim/options.js";
import { UserError } from "../../tiles/errors.js";
import { flyScenario } from "./fly-scenario.js";
import { SCENARIOS, type Scenario } from "./scenarios.js";
import { type FlightResult, resultTable } from "./verdict.js";
import { autopilotFor, variablesOf } from "./where.js";

/** One name, several with commas, or all. */
function chosen(text: string): readonly Scenario[] {
  if (text === "all") return SCENARIOS;
  return text.split(",").map((name) => {
    const found = SCENARIOS.find((scenario) => scenario.name === name);
    const names = SCENARIOS.map((scenario) => scenario.name);
    if (found === undefined) throw new UserError(`--scenario: ${unknownWord("scenario", name, ["all", ...names])}`);
    return found;
  });
}

async function main(): Promise<void> {
  const options = new Options({
    scenario: undefined,
    json: undefined,
    folder: join(tmpdir(), "skylink-sitl"),
    leg: undefined,
    list: "no",
  });
  if (options.choice("list", ["yes", "no"]) === "yes") {
    for (const { name, about } of SCENARIOS) process.stdout.write(`${name.padEnd(20)} ${about}\n`);
    return;
  }
  const scenarios = chosen(options.text("scenario"));
  const json = options.optional("json");
  if (json !== undefined) checkWritable(json);
  const folder = resolve(options.text("folder"));
  mkdirSync(folder, { recursive: true });
  const leg_m = options.optional("leg") === undefined ? null : options.number("leg", 20, 5000);
  const end = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => end.abort());

  const results: FlightResult[] = [];
  for (const scenario of scenarios) {
    if (end.signal.aborted) break;
    const autopilot = autopilotFor(scenario.vehicle, process.env);
    if (autopilot === null) throw new UserError(`${scenario.name}: ${variablesOf(scenario.vehicle)}`);
    process.stderr.write(`${scenario.name}: ${scenario.about}\n`);
    const say = (line: string): void => {
      process.stderr.write(`    ${line}\n`);
    };
    const flown = leg_m === null ? scenario : { ...scenario, route: { ...scenario.route, leg_m } };
    results.push(await flyScenario(flown, autopilot, { folder, say, signal: end.signal }));
  }
  process.stdout.write(`${resultTable(results)}\n`);
  if (json !== undefined) writeFileAtomic(json, `${JSON.stringify(results, null, 2)}\n`);
  process.exitCode = results.length === scenarios.length && results.every(({ passed }) => passed) ? 0 : 1;
}

runCommand(main);
