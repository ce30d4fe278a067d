import { readFileSync } from "node:fs";
import { z } from "zod";
import { UserError } from "../../tiles/errors.js";
import type { GoldenGraph } from "./golden.js";
import type { GoldenInput } from "./golden-input.js";
import { encoderCard, type ModelFolder, registrarCard, rerankerCard, retrieverCard } from "./model-folder.js";

/** Every kind of model folder. */
export const anyCard = z.discriminatedUnion("kind", [encoderCard, rerankerCard, registrarCard, retrieverCard]);
export type AnyCard = z.infer<typeof anyCard>;

/** What a graph is asked and how near the answers must come. */
export interface GoldenRecipe {
  readonly file: string;
  /** From the smallest to the largest that is flown: TensorRT's engine is built for what lies between. */
  readonly cases: readonly Readonly<Record<string, GoldenInput>>[];
  readonly min_cosine: number;
  /** Largest difference of a value, as a part of the standard deviation of the output. */
  readonly max_over_std: number;
}

/** Most images of one run of the encoder in flight, most grids described at once, most candidates, most variants. */
const [BATCH, GRIDS, CANDIDATES, VARIANTS] = [12, 72, 20, 65];
/** Pixels of a feature. */
const FEATURE_PX = 8;
/** Side of a query's features, of the map window around it, and their channels, as the registrar sees them in flight. */
const [QUERY_SIDE, WINDOW_SIDE, CHANNELS] = [28, 48, 64];

/**
 * The questions for every graph of a model folder. Inputs look like what the graph sees in flight: images and features
 * that vary smoothly, with the spread of real ones.
 */
export function goldenRecipes(folder: ModelFolder<AnyCard>): GoldenRecipe[] {
  const { card } = folder;
  switch (card.kind) {
    case "encoder":
      return encoderRecipes(card);
    case "registrar":
      return [registrarRecipe(card)];
    case "reranker":
      return [rerankerRecipe(card, vocabulary(folder.path(card.prompt.tokenizer))), ...pixelsRecipe(card)];
    case "retriever":
      return [retrieverRecipe(card)];
  }
}

type CardOf<Kind extends AnyCard["kind"]> = Extract<AnyCard, { kind: Kind }>;

function encoderRecipes({ dense, descriptor, cell_px }: CardOf<"encoder">): GoldenRecipe[] {
  const image = (n: number, side_px: number): Record<string, GoldenInput> => ({
    [dense.input]: smooth([n, 3, side_px, side_px], 1, { low: -2, high: 2.5, step: 7 }),
  });
  // A patch alone; with what the camera sees a quarter of its side around it.
  const cases = [image(1, cell_px), image(BATCH, 1.5 * cell_px)];
  const recipes = [{ file: dense.file, cases, ...ENCODER_TOLERANCE }];
  if (descriptor.file === undefined || descriptor.input === undefined) return recipes;
  const { input } = descriptor;
  const channels = dense.coarse?.channels ?? dense.channels;
  const width = descriptor.grid ** 2 * channels;
  const grid = (n: number): Record<string, GoldenInput> => ({
    [input]: { fill: "uniform", shape: [n, width], seed: 2, ...unitSpread(channels) },
  });
  return [...recipes, { file: descriptor.file, cases: [grid(1), grid(GRIDS)], ...FLOAT_TOLERANCE }];
}

function registrarRecipe({ graph }: CardOf<"registrar">): GoldenRecipe {
  const spread = { ...unitSpread(CHANNELS), step: 3 };
  const search = (variants: number): Record<string, GoldenInput> => ({
    [graph.map]: smooth([1, CHANNELS, WINDOW_SIDE, WINDOW_SIDE], 3, spread),
    [graph.query]: smooth([variants, CHANNELS, QUERY_SIDE, QUERY_SIDE], 4, spread),
  });
  return { file: graph.file, cases: [search(5), search(VARIANTS)], ...FLOAT_TOLERANCE };
}

/** Gradient orientations of a patch and of the map about it, as the re-ranker compares them in flight. */
function pixelsRecipe({ graph, pixels }: CardOf<"reranker">): GoldenRecipe[] {
  if (pixels === undefined) return [];
  const { reduction, reach_px, headings_deg, scales } = pixels;
  const patch_px = graph.side * FEATURE_PX;
  const reduced = (side_px: number): number => Math.floor(side_px / reduction);
  const [own, whole] = [reduced(patch_px), reduced(patch_px + 2 * reach_px)];
  const spread = { low: -1, high: 1, step: 3 };
  const slide = {
    [pixels.graph.map]: smooth([1, 2, whole, whole], 8, spread),
    [pixels.graph.query]: smooth([headings_deg.length * scales.length, 2, own, own], 9, spread),
  };
  return [{ file: pixels.graph.file, cases: [slide], ...FLOAT_TOLERANCE }];
}

function rerankerRecipe({ graph, prompt }: CardOf<"reranker">, words: number): GoldenRecipe {
  const { side, channels } = graph;
  const spread = { ...unitSpread(channels), step: 3 };
  // The first `same` candidates are what their view shows, so that their best alignment is beyond doubt; the others are not.
  const lists = (k: number, same: number): Record<string, GoldenInput> => ({
    [graph.views]: smooth([k, channels, side, side], 5, spread),
    [graph.windows]: { ...smooth([k, side, side, channels], 5, spread), last: true },
    [graph.view_of]: { fill: "count", shape: [k], below: same },
    [graph.prompt]: { fill: "integers", shape: [prompt.length], seed: 7, low: 0, high: words - 1 },
  });
  return { file: graph.file, cases: [lists(1, 1), lists(CANDIDATES, CANDIDATES / 2)], ...RERANKER_TOLERANCE };
}

function retrieverRecipe({ graph }: CardOf<"retriever">): GoldenRecipe {
  const { side_px, range, mean, std } = graph;
  const last = graph.layout === "nhwc";
  const low = Math.max(...mean.map((value, i) => (range[0] - value) / (std[i] ?? 1)));
  const high = Math.min(...mean.map((value, i) => (range[1] - value) / (std[i] ?? 1)));
  const image = (n: number): Record<string, GoldenInput> => {
    const shape = last ? [n, side_px, side_px, 3] : [n, 3, side_px, side_px];
    return { [graph.input]: { ...smooth(shape, 1, { low, high, step: 7 }), ...(last ? { last } : {}) } };
  };
  const cases = graph.batch === undefined ? [image(1), image(BATCH)] : [image(graph.batch)];
  return { file: graph.file, cases, ...ENCODER_TOLERANCE };
}

/** Why these: docs/providers.md has what threads, graph optimisations and other processors were measured to change. */
const ENCODER_TOLERANCE = { min_cosine: 0.99, max_over_std: 0.8 };
const RERANKER_TOLERANCE = { min_cosine: 0.999, max_over_std: 0.1 };
const FLOAT_TOLERANCE = { min_cosine: 0.9999, max_over_std: 0.05 };

function smooth(
  shape: number[],
  seed: number,
  spread: { low: number; high: number; step: number },
): Extract<GoldenInput, { fill: "smooth" }> {
  return { fill: "smooth", shape, seed, ...spread };
}

/** Uniform values whose vectors of `channels` have a length of 1 on average: their variance is 1 / channels. */
function unitSpread(channels: number): { low: number; high: number } {
  const high = Number(Math.sqrt(3 / channels).toFixed(4));
  return { low: -high, high };
}

function vocabulary(path: string): number {
  const parsed = z.looseObject({ words: z.array(z.string()).min(1) }).safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (!parsed.success) throw new UserError(`${path}: has no list "words"`);
  return parsed.data.words.length;
}

/** The tolerance of an output of which the standard deviation is known. */
export function toleranceOf(recipe: GoldenRecipe, std: number): GoldenGraph["tolerance"][string] {
  return { min_cosine: recipe.min_cosine, max_difference: Number((recipe.max_over_std * std).toPrecision(3)) };
}
