import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageRoot } from "../../models/runtime/paths.js";

/** Somebody ended the demo. */
export class Interrupted extends Error {
  constructor() {
    super("interrupted");
    this.name = "Interrupted";
  }
}

/** A step of the demo: one of our own command-line programs, run as its user would run it. */
export interface Step {
  /** Below dist/: flash/cli.js, sim/make-map.js, ... */
  readonly entry: string;
  readonly args: readonly string[];
}

/** A compiled program of this package, in the folder that this one runs from (dist, whatever its name). */
export function programPath(entry: string): string {
  const own = fileURLToPath(new URL("../..", import.meta.url));
  return join(own.startsWith(packageRoot()) ? own : join(packageRoot(), "dist"), entry);
}

/**
 * Runs a step to its end; what it says to people goes to our stderr.
 *
 * @throws Interrupted when the signal ended it; Error when it ended with another exit code than 0
 */
export async function runStep({ entry, args }: Step, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw new Interrupted();
  const child = spawn(process.execPath, [programPath(entry), ...args], { stdio: ["ignore", "ignore", "inherit"] });
  const end = (): void => {
    child.kill();
  };
  signal.addEventListener("abort", end);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    if (signal.aborted) throw new Interrupted();
    if (code !== 0) throw new Error(`${entry} ${args.join(" ")} ended with exit code ${code}`);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
