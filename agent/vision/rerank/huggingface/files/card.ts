import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { loadModelFolder } from "../../../../../models/runtime/model-folder.js";
import { DEFAULT_PROMPT } from "../prompt-parts.js";
import { PRECISIONS, type PrecisionChoice } from "./layout.js";

const precision = z.enum(PRECISIONS);

/** Spellings of the two answers; those that are a single token of the model's vocabulary count. */
const ANSWERS = {
  yes: ["yes", " yes", "Yes", " Yes", "YES", " YES"],
  no: ["no", " no", "No", " No", "NO", " NO"],
};

const answersSchema = z.strictObject({ yes: z.array(z.string().min(1)).min(1), no: z.array(z.string().min(1)).min(1) });

/** model.json of a Hugging Face folder: all of it is optional there, and so is the file. */
export const huggingFaceCard = z.strictObject({
  format: z.literal(1),
  kind: z.literal("reranker-hf"),
  id: z.string().min(1),
  /** Files that are checked before use. Large ones take their time: leave them out if that matters more. */
  files: z
    .record(
      z.string().regex(/^(onnx\/)?[\w.-]+$/),
      z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
    )
    .default({}),
  licence: z.string().optional(),
  training_data: z.array(z.string()).optional(),
  results: z.record(z.string(), z.unknown()).optional(),
  precision: z
    .union([
      precision,
      z.strictObject({
        vision_encoder: precision.optional(),
        embed_tokens: precision.optional(),
        decoder_model_merged: precision.optional(),
      }),
    ])
    .optional(),
  /** Words, {name:width} fields, and <query> and <candidate> where the images go. */
  prompt: z.string().default(DEFAULT_PROMPT),
  /** A message of the role "system" before the prompt. */
  system: z.string().optional(),
  answers: answersSchema.default(ANSWERS),
  /** The decoder's output that is the answer itself: one number for each candidate, larger = same place. */
  score_output: z.string().optional(),
  /** Cut images into several views (Idefics3). Default: what preprocessor_config.json says. */
  image_splitting: z.boolean().optional(),
  /** Candidates in one run of the decoder. */
  batch: z.int().positive().default(1),
  fusion: z
    .strictObject({
      /** Fused score = logit(yes) - logit(no) + retrieval_weight * retrieval cosine. */
      retrieval_weight: z.number(),
    })
    .default({ retrieval_weight: 0 }),
});

/** How a vision-language model is used. */
export interface HuggingFaceCard {
  readonly id: string;
  readonly precision?: PrecisionChoice | undefined;
  readonly prompt: string;
  readonly system?: string | undefined;
  readonly answers: { readonly yes: readonly string[]; readonly no: readonly string[] };
  readonly score_output?: string | undefined;
  readonly image_splitting?: boolean | undefined;
  readonly batch: number;
  readonly fusion: { readonly retrieval_weight: number };
}

/**
 * The folder's model.json, or the defaults under the folder's name.
 *
 * @throws UserError when model.json is wrong, or a file that it lists is missing or different
 */
export function readCard(dir: string): HuggingFaceCard {
  if (existsSync(join(dir, "model.json"))) return loadModelFolder(dir, huggingFaceCard).card;
  return huggingFaceCard.parse({ format: 1, kind: "reranker-hf", id: basename(resolve(dir)) });
}
