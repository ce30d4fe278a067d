import { spawn } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../../models/runtime/paths.js";

/** A step of the demo: one of our own command-line programs, run as its user would run it. */
export interface Step {
  /** What is being done, for the person who watches. */
  readonly title: string;
  /** Below dist/: flash/cli.js, sim/make-map.js, ... */
  readonly entry: string;
  readonly args: readonly string[];
}

/** The folder of compiled programs that this one runs from (dist, whatever its name). */
function compiledRoot(): string {
  const own = new URL("../..", import.meta.url).pathname;
  return own.startsWith(packageRoot()) ? own : join(packageRoot(), "dist");
}

/**
 * Runs a step to its end; its stdout is returned, its stderr (progress) goes to ours.
 *
 * @throws Error when the program ends with another exit code than 0
 */
export async function runStep(step: Step): Promise<string> {
  const child = spawn(process.execPath, [join(compiledRoot(), step.entry), ...step.args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`${step.entry} ${step.args.join(" ")} ended with exit code ${code}`);
  return output;
}
