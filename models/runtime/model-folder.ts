import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { errorMessage, UserError } from "../../tiles/errors.js";
import { goldenSection } from "./golden.js";

const fileEntry = z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

const provenance = {
  format: z.literal(1),
  id: z.string().min(1),
  files: z.record(z.string().regex(/^[\w.-]+$/), fileEntry),
  precision: z.string(),
  licence: z.string(),
  training_data: z.array(z.string()),
  results: z.record(z.string(), z.unknown()),
  /** What the graphs give on a CPU: without it no other provider is let in. Part of no identity. */
  golden: goldenSection.optional(),
};

export const encoderCard = z.strictObject({
  ...provenance,
  kind: z.literal("encoder"),
  dense: z.strictObject({
    file: z.string(),
    input: z.string(),
    output: z.string(),
    mean: z.tuple([z.number(), z.number(), z.number()]),
    std: z.tuple([z.number(), z.number(), z.number()]),
    /** Input sides must be multiples of this many pixels. */
    multiple_px: z.int().positive(),
    stride_px: z.int().positive(),
    channels: z.int().positive(),
    /** A second map on the same grid, of which descriptors are pooled. Absent: they are pooled of the features. */
    coarse: z.strictObject({ output: z.string(), channels: z.int().positive() }).optional(),
    /** int8 feature = round(feature * feature_scale), clamped to -127..127. */
    feature_scale: z.number().positive(),
  }),
  descriptor: z.strictObject({
    /** Absent: the descriptor is the pooled grid itself, normalised. */
    file: z.string().optional(),
    input: z.string().optional(),
    output: z.string().optional(),
    grid: z.int().positive(),
    width: z.int().positive(),
  }),
  cell_px: z.int().positive(),
});
export type EncoderCard = z.infer<typeof encoderCard>;

export const retrieverCard = z.strictObject({
  ...provenance,
  kind: z.literal("retriever"),
  /** Any graph that maps square RGB images to one vector each. */
  graph: z.strictObject({
    file: z.string(),
    input: z.string(),
    output: z.string(),
    side_px: z.int().positive().max(4096),
    layout: z.enum(["nchw", "nhwc"]),
    /** What byte 0 and byte 255 become before mean and std are applied: [0, 1], [0, 255] or [-1, 1]. */
    range: z.tuple([z.number(), z.number()]).refine(([low, high]) => low < high, "must be [low, high], low < high"),
    /** In the unit of `range`: the input is (value - mean) / std. */
    mean: z.tuple([z.number(), z.number(), z.number()]),
    std: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
    /** Images of one run where the graph fixes it. Absent: any number. */
    batch: z.int().positive().max(256).optional(),
    /** For an output [n, tokens, width]: its first token, or the mean of all. Absent: the output is [n, width]. */
    tokens: z.enum(["first", "mean"]).optional(),
  }),
  descriptor: z.strictObject({ width: z.int().positive().max(8192) }),
});
export type RetrieverCard = z.infer<typeof retrieverCard>;

const EVEN_ABOUT = "must be ascending, evenly spaced, with the unchanged one (0 degrees, scale 1) among them";

/** Are values ascending and evenly spaced, one of them being `through`? */
function ascendsThrough(through: number): (values: readonly number[]) => boolean {
  return (values) => {
    const step = (values[1] ?? Number.POSITIVE_INFINITY) - (values[0] ?? 0);
    const even = values.every((value, i) => i === 0 || Math.abs(value - (values[i - 1] ?? 0) - step) < 1e-6);
    return step > 0 && even && values.some((value) => Math.abs(value - through) < 1e-9);
  };
}

const turns = z.array(z.number().min(-15).max(15)).min(1).max(9).refine(ascendsThrough(0), EVEN_ABOUT);
const ratios = z.array(z.number().min(0.7).max(1.4)).min(1).max(9).refine(ascendsThrough(1), EVEN_ABOUT);

/** A graph that slides a query over a map, both of any number of channels and any size. */
const correlationGraph = z.strictObject({ file: z.string(), map: z.string(), query: z.string(), score: z.string() });

export const rerankerCard = z.strictObject({
  ...provenance,
  kind: z.literal("reranker"),
  /** The encoder whose dense features this model reads. */
  encoder_id: z.string(),
  graph: z.strictObject({
    file: z.string(),
    /** [views, channels, side, side]: the query under each hypothesis that a candidate came with. */
    views: z.string(),
    /** [candidates, side, side, channels]: map features of any scale, zero where there is no map. */
    windows: z.string(),
    /** [candidates]: which of the views each candidate came with. */
    view_of: z.string(),
    /** [tokens]: one prompt for all. */
    prompt: z.string(),
    /** [candidates, 2]: yes and no. */
    logits: z.string(),
    /** Side of the dense feature windows. */
    side: z.int().positive(),
    channels: z.int().positive(),
  }),
  prompt: z.strictObject({
    tokenizer: z.string(),
    /** Words and {name:width} fields; a field is a number of `width` digits, leading zeros included. */
    template: z.string(),
    length: z.int().positive(),
  }),
  fusion: z.strictObject({
    /** Fused score = logit(yes) - logit(no) + retrieval_weight * retrieval cosine. */
    retrieval_weight: z.number(),
  }),
  /** Doubts settled by what the frame shows beside the patch (agent/vision/rerank/side-patches.ts). Absent: not asked. */
  sides: z
    .strictObject({
      /** When the second candidate's score is nearer than this to the first's, this many first candidates are asked again. */
      doubt: z.number().positive(),
      /** Four patches each must fit a batch of 20. */
      candidates: z.int().min(2).max(5),
      /** Their score grows by this times the mean logit of the patches to the north, east, south and west. */
      weight: z.number().positive(),
    })
    .optional(),
  /** Doubts settled by the pictures' pixels (agent/vision/rerank/pixel-agreement.ts). Absent: features only. */
  pixels: z
    .strictObject({
      graph: correlationGraph,
      /** When the second candidate's score is nearer than this to the first's, this many first candidates are compared. */
      doubt: z.number().positive(),
      candidates: z.int().min(2).max(20),
      /** Their score grows by this times the normalised correlation of gradient orientations. */
      weight: z.number().positive(),
      /** Pixels of the level for one of the pictures compared; even. */
      reduction: z.int().min(2).max(8).multipleOf(2),
      /** Sigma of the Gaussian before the gradients, pixels of the level. */
      smoothing_px: z.number().min(1).max(16),
      /** How far around the candidate's centre is searched, pixels of the level. */
      reach_px: z.int().min(8).max(112),
      /** Headings (degrees) and scales (ratios) tried about those of the hypothesis. */
      headings_deg: turns,
      scales: ratios,
    })
    .optional(),
});
export type RerankerCard = z.infer<typeof rerankerCard>;

export const registrarCard = z.strictObject({
  ...provenance,
  kind: z.literal("registrar"),
  encoder_id: z.string(),
  graph: correlationGraph,
  /** Inverse temperature: p(shift) = softmax(beta * mean cosine). */
  beta: z.number().positive(),
  covariance: z.strictObject({
    /** 1-sigma floor of each axis, in pixels of the level grid. */
    floor_px: z.number().positive(),
    /** Factor on the second moments of the probability map. */
    scale: z.number().positive(),
  }),
  acceptance: z.strictObject({
    /** Probability of the right place = logistic(bias + sum of weight * measure). */
    bias: z.number(),
    weights: z.record(z.string(), z.number()),
    threshold: z.number().min(0).max(1),
  }),
  /** Refinement by the pictures' pixels (agent/vision/register/pixel-refiner.ts). Absent: features only. */
  refine: z
    .strictObject({
      /** Sigma of the Gaussian before the gradients, pixels. */
      smoothing_px: z.number().min(0.5).max(8),
      /** How far around the features' place is searched, pixels; even. */
      reach_px: z.int().min(4).max(64).multipleOf(2),
      /** Headings (degrees) and scales (ratios) tried about those of the features: ascending, evenly spaced, 0 and 1 among them. */
      headings_deg: turns,
      scales: ratios,
      /** p(heading, scale, shift) = softmax(beta_pixels * agreement + beta_features * mean cosine). */
      beta_pixels: z.number().positive(),
      beta_features: z.number().nonnegative(),
      /** Least lead of the pixels' peak, standard deviations of the agreement elsewhere, for it to count. */
      min_lead: z.number().nonnegative(),
      /** As above: factor on the second moments, floor in pixels. */
      covariance: z.strictObject({ floor_px: z.number().positive(), scale: z.number().positive() }),
    })
    .optional(),
});
export type RegistrarCard = z.infer<typeof registrarCard>;

/** A model folder whose model.json was validated and whose files are what it says. */
export interface ModelFolder<Card> {
  readonly dir: string;
  readonly card: Card;
  path(file: string): string;
}

/**
 * Reads and checks a model folder: model.json against the schema of its kind, each file's size and sha256.
 *
 * @throws UserError when the folder, model.json or a file is missing, malformed or different from its hash
 */
export function loadModelFolder<
  Card extends { kind: string; files: Record<string, { bytes: number; sha256: string }> },
>(dir: string, schema: z.ZodType<Card>): ModelFolder<Card> {
  const cardPath = join(dir, "model.json");
  let text: Buffer;
  try {
    text = readFileSync(cardPath);
  } catch (thrown) {
    throw new UserError(`${cardPath}: cannot be read (${errorMessage(thrown)}); a model is a folder with model.json`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text.toString("utf8"));
  } catch (thrown) {
    throw new UserError(`${cardPath}: not JSON (${errorMessage(thrown)})`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UserError(`${cardPath}: ${issue?.path.join(".") || "model.json"}: ${issue?.message ?? "invalid"}`);
  }
  const card = parsed.data;
  for (const [name, expected] of Object.entries(card.files)) checkFile(join(dir, name), expected);
  return {
    dir,
    card,
    path(file) {
      if (!(file in card.files)) throw new UserError(`${cardPath}: uses ${file}, which its "files" does not list`);
      return join(dir, file);
    },
  };
}

function checkFile(path: string, expected: { bytes: number; sha256: string }): void {
  let size: number;
  try {
    size = statSync(path).size;
  } catch {
    throw new UserError(`${path}: missing; model.json lists it. Copy the whole model folder again`);
  }
  const actual =
    size === expected.bytes ? createHash("sha256").update(readFileSync(path)).digest("hex") : `a file of ${size} bytes`;
  if (actual !== expected.sha256) {
    throw new UserError(
      `${path}: is ${actual}, model.json says sha256 ${expected.sha256}. Copy the model folder again`,
    );
  }
}
