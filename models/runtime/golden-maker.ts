import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fingerprintOf, type GoldenGraph, type GoldenSection } from "./golden.js";
import { makeInput } from "./golden-input.js";
import { anyCard, type GoldenRecipe, goldenRecipes, toleranceOf } from "./golden-recipes.js";
import { loadModelFolder } from "./model-folder.js";
import { openNative, RUNTIME_VERSION } from "./native-session.js";

/** Seed of the positions that are kept of an output. */
const SAMPLE_SEED = 9;

/**
 * What every graph of a model folder gives on this computer's CPU, on one thread.
 *
 * @throws UserError when the folder or a graph cannot be used
 */
export async function goldenOf(dir: string): Promise<GoldenSection> {
  const folder = loadModelFolder(dir, anyCard);
  const graphs: Record<string, GoldenGraph> = {};
  for (const recipe of goldenRecipes(folder)) {
    const sha256 = folder.card.files[recipe.file]?.sha256 ?? "";
    graphs[recipe.file] = { sha256, ...(await answers(folder.path(recipe.file), recipe)) };
  }
  const processor = cpus()[0]?.model.trim() ?? "unknown processor";
  return { format: 1, made_with: `onnxruntime-node ${RUNTIME_VERSION}, cpu, ${process.arch}, ${processor}`, graphs };
}

async function answers(path: string, recipe: GoldenRecipe): Promise<Pick<GoldenGraph, "tolerance" | "cases">> {
  const session = await openNative({ path, provider: "cpu", threads: 1 });
  try {
    const cases: GoldenGraph["cases"] = [];
    const std = new Map<string, number>();
    for (const inputs of recipe.cases) {
      const feeds = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, makeInput(input)]));
      const outputs: GoldenGraph["cases"][number]["outputs"] = {};
      for (const [name, { data, dims }] of Object.entries(await session.run(feeds))) {
        const fingerprint = fingerprintOf(data, dims, SAMPLE_SEED);
        outputs[name] = fingerprint;
        std.set(name, Math.max(std.get(name) ?? 0, fingerprint.std));
      }
      cases.push({ inputs: { ...inputs }, outputs });
    }
    const tolerance = Object.fromEntries([...std].map(([name, value]) => [name, toleranceOf(recipe, value)]));
    return { tolerance, cases };
  } finally {
    await session.release();
  }
}

/** Writes the golden outputs of a model folder into its model.json; everything else in it stays as it is. */
export async function writeGolden(dir: string): Promise<void> {
  const golden = await goldenOf(dir);
  const path = join(dir, "model.json");
  const card = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  const temporary = `${path}.tmp-${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify({ ...card, golden }, null, 2)}\n`);
  renameSync(temporary, path);
}
