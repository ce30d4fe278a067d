import { join } from "node:path";
import type { Scene } from "./scene.js";
import { runStep } from "./steps.js";

/** Called as each step begins. */
export interface PlaceSteps {
  readonly inventing: () => void;
  readonly packing: () => void;
  readonly signal: AbortSignal;
}

/**
 * Invents the place of a scene, photographs it from above and packs that map, with the command-line programs that a user has.
 *
 * @param folder where both are written
 * @throws Interrupted when the signal ended it; Error when a step failed
 */
export async function makePlace(
  scene: Scene,
  folder: string,
  { inventing, packing, signal }: PlaceSteps,
): Promise<{ map: string; pack: string }> {
  const map = join(folder, "map.tif");
  const pack = join(folder, "area.skypack");
  const place = ["--seed", String(scene.seed), "--size-m", String(scene.size_m)];
  inventing();
  await runStep({ entry: "sim/make-map.js", args: [...place, "--epoch", "0", "--out", map] }, signal);
  packing();
  const optics = ["--agl", String(scene.agl_m), "--hfov", String(scene.hfov_deg)];
  const source = ["--source", "synthetic world", "--overwrite"];
  await runStep({ entry: "flash/cli.js", args: ["pack", map, "--out", pack, ...source, ...optics] }, signal);
  return { map, pack };
}
