import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../../../../tiles/errors.js";
import { readJsonFile, readJsonFileIfAny } from "./json-file.js";

const px = z.int().positive();
const triple = z.tuple([z.number(), z.number(), z.number()]);

const common = z.object({
  /** Pillow's number of the filter. */
  resample: z.int().optional(),
  do_resize: z.literal(true, { error: "only images that are resized are supported" }).default(true),
  do_rescale: z.boolean().default(true),
  rescale_factor: z
    .number()
    .positive()
    .default(1 / 255),
  do_normalize: z.boolean().default(true),
});

const idefics3 = common.extend({
  image_mean: triple.default([0.5, 0.5, 0.5]),
  image_std: triple.default([0.5, 0.5, 0.5]),
  size: z.object({ longest_edge: px }).default({ longest_edge: 4 * 364 }),
  max_image_size: z.object({ longest_edge: px }).default({ longest_edge: 364 }),
  do_image_splitting: z.boolean().default(true),
});
export type Idefics3Preprocessor = z.infer<typeof idefics3>;

const qwen = common.extend({
  // OpenAI's CLIP normalisation, which is what the family's processor defaults to.
  image_mean: triple.default([0.48145466, 0.4578275, 0.40821073]),
  image_std: triple.default([0.26862954, 0.26130258, 0.27577711]),
  min_pixels: px.nullish(),
  max_pixels: px.nullish(),
  size: z.object({ shortest_edge: px.nullish(), longest_edge: px.nullish() }).default({}),
  patch_size: px.default(14),
  temporal_patch_size: px.default(2),
  merge_size: px.default(2),
});
export type QwenPreprocessor = z.infer<typeof qwen>;

/** @throws UserError when the image processor's settings are missing or wrong */
export function readIdefics3Preprocessor(dir: string): Idefics3Preprocessor {
  return readPreprocessor(dir, idefics3);
}

/** @throws UserError when the image processor's settings are missing or wrong */
export function readQwenPreprocessor(dir: string): QwenPreprocessor {
  return readPreprocessor(dir, qwen);
}

/** Newer folders hold the image processor's settings inside processor_config.json. */
function readPreprocessor<T>(dir: string, schema: z.ZodType<T>): T {
  const own = join(dir, "preprocessor_config.json");
  if (existsSync(own)) return readJsonFile(own, schema);
  const joint = join(dir, "processor_config.json");
  const found = readJsonFileIfAny(joint, z.object({ image_processor: schema.optional() }));
  if (found?.image_processor !== undefined) return found.image_processor;
  throw new UserError(`${own}: missing, and processor_config.json has no "image_processor"; copy the folder again`);
}

/** Tokens that one view of an image becomes as processor_config.json tells, or null where it does not. */
export function readImageSeqLen(dir: string): number | null {
  const found = readJsonFileIfAny(join(dir, "processor_config.json"), z.object({ image_seq_len: px.optional() }));
  return found?.image_seq_len ?? null;
}
