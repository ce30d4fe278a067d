import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { UserError } from "../tiles/errors.js";

/**
 * Runs one of our own programs of the build that this benchmark belongs to, and gives the seconds it took.
 *
 * @param entry below the build folder, e.g. flash/cli.js
 * @throws UserError with what it says when it refuses its input, else Error with the end of its stderr when it fails
 */
export function runCli(entry: string, args: readonly string[]): { seconds: number; stdout: string } {
  const started = performance.now();
  const path = fileURLToPath(new URL(`../${entry}`, import.meta.url));
  const done = spawnSync(process.execPath, [path, ...args], { encoding: "utf8" });
  if (done.status === 2) throw new UserError(`${entry}: ${done.stderr.trim().replace(/^error: /, "")}`);
  if (done.status !== 0) throw new Error(`${entry} ${args.join(" ")}: exit ${done.status}: ${done.stderr.slice(-500)}`);
  return { seconds: (performance.now() - started) / 1000, stdout: done.stdout };
}
