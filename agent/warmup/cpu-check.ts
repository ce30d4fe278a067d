import { UserError } from "../../tiles/errors.js";
import type { ModelFolders } from "../config/load.js";
import { warmUp } from "./trials.js";

/** What this computer's processor makes of the networks. */
export interface CpuCheck {
  /** Graphs that were compared with their golden output. */
  readonly compared: number;
  /** One line for each that differs. */
  readonly different: readonly string[];
}

/**
 * Runs every graph on the CPU and compares with the golden output of model.json.
 *
 * int8 kernels are not the same on every kind of processor. Where they round or saturate otherwise, a map encoded elsewhere
 * fits this computer's features less well, and nothing else would show it.
 *
 * @returns nothing compared where a model folder cannot be used: whoever loads it says why
 */
export async function checkCpu(folders: ModelFolders, threads: number): Promise<CpuCheck> {
  try {
    const plan = { folders, providers: ["cpu"] as const, threads, engines: "" };
    const trials = await warmUp(plan, { trial: () => undefined, building: () => undefined });
    const different = trials.flatMap(({ state, file, why }) => (state === "different" ? [`${file} ${why ?? ""}`] : []));
    return { compared: trials.filter(({ min_cosine }) => min_cosine !== null).length, different };
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return { compared: 0, different: [] };
  }
}
