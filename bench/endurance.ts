/**
 * Whether the daemon flies for long without attention: laps of the demo's square, GPS jammed after a minute and never
 * back, the daemon a process of its own that is watched from outside, SIGTERM at the end.
 *
 *     npm run bench:endurance [-- --minutes 60] [--json FILE] [--work DIR] [--seed N]
 *
 * Exit code 1 when something was not as it is asked for: a line says what.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Interrupted } from "../agent/demo/steps.js";
import { checkWritable, writeFileAtomic } from "../agent/report/atomic-file.js";
import { Options, runCommand } from "../sim/options.js";
import { flyForLong } from "./endurance/flight.js";
import { enduranceTable } from "./endurance/table.js";

/** As a shell says of a program that Ctrl-C has ended. */
const EXIT_INTERRUPTED = 130;

async function main(): Promise<void> {
  const options = new Options({ minutes: "60", json: undefined, work: undefined, seed: "6" });
  const minutes = options.number("minutes", 1.5, 24 * 60);
  const seed = options.whole("seed", 0, 0xffffffff);
  const json = options.optional("json");
  if (json !== undefined) checkWritable(json);
  const work = options.optional("work");
  const folder = work === undefined ? mkdtempSync(join(tmpdir(), "skylink-endurance-")) : resolve(work);
  mkdirSync(folder, { recursive: true });
  const end = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => end.abort());
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  try {
    const report = await flyForLong({ minutes, seed, folder, say, signal: end.signal });
    process.stdout.write(`All imagery is synthetic.\n\n${enduranceTable(report)}\n`);
    if (json !== undefined) writeFileAtomic(json, `${JSON.stringify(report, null, 2)}\n`);
    for (const line of report.failures) say(`endurance failed: ${line}`);
    process.exitCode = report.failures.length === 0 ? 0 : 1;
  } catch (thrown) {
    if (!(thrown instanceof Interrupted)) throw thrown;
    say("interrupted");
    process.exitCode = EXIT_INTERRUPTED;
  } finally {
    if (work === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

runCommand(main);
