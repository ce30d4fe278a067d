import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../../../../tiles/errors.js";
import { unknownWord } from "../../../../text/nearest.js";
import { readJsonFile } from "./json-file.js";

/** What config.json calls the models of each family. */
const FAMILIES = {
  idefics3: "idefics3",
  smolvlm: "idefics3",
  qwen2_vl: "qwen2-vl",
  qwen2_5_vl: "qwen2-vl",
} as const satisfies Record<string, "idefics3" | "qwen2-vl">;

const count = z.int().positive();

// Files leave out what is the model's default, so nothing of this is required: the graphs tell most of it, too.
const textConfig = z.object({
  num_hidden_layers: count.nullish(),
  num_attention_heads: count.nullish(),
  num_key_value_heads: count.nullish(),
  hidden_size: count.nullish(),
  head_dim: count.nullish(),
});

const common = z.object({ model_type: z.string(), image_token_id: z.int().nonnegative().optional() });
const idefics3 = common.extend({
  scale_factor: count.default(2),
  text_config: textConfig.default({}),
  vision_config: z.object({ image_size: count.nullish(), patch_size: count.nullish() }).default({}),
});
// Older exports hold the text model's settings at the top.
const qwen = common.extend({
  text_config: textConfig.optional(),
  vision_config: z.object({ spatial_merge_size: count.default(2) }).default({ spatial_merge_size: 2 }),
});

/** Shape of the decoder as far as config.json tells: its vectors, and a cache of [batch, heads, length, head_dim] a layer. */
export interface DecoderShape {
  readonly hidden_size: number | null;
  readonly layers: number | null;
  readonly heads: number | null;
  readonly head_dim: number | null;
}

/** What of config.json matters here. */
export type ModelConfig = {
  readonly model_type: string;
  /** Absent in some older exports: then the family's usual token counts. */
  readonly image_token_id: number | undefined;
  readonly decoder: DecoderShape;
} & (
  | {
      readonly family: "idefics3";
      /** Tokens that one view of an image becomes; null where config.json does not tell. */
      readonly tokens_per_view: number | null;
    }
  | { readonly family: "qwen2-vl"; readonly merge: number }
);

/** @throws UserError when config.json cannot be used or is of a family that is not known here */
export function readModelConfig(dir: string): ModelConfig {
  const path = join(dir, "config.json");
  const { model_type, image_token_id } = readJsonFile(path, common);
  const names = Object.keys(FAMILIES);
  const family = (FAMILIES as Record<string, "idefics3" | "qwen2-vl" | undefined>)[model_type];
  if (family === undefined) throw new UserError(`${path}: ${unknownWord("model_type", model_type, names)}`);
  if (family === "idefics3") {
    const { text_config, vision_config, scale_factor } = readJsonFile(path, idefics3);
    const { image_size, patch_size } = vision_config;
    const known = typeof image_size === "number" && typeof patch_size === "number";
    const tokens_per_view = known ? Math.floor(Math.floor(image_size / patch_size) ** 2 / scale_factor ** 2) : null;
    return { model_type, image_token_id, decoder: decoderShape(text_config), family, tokens_per_view };
  }
  const { text_config, vision_config } = readJsonFile(path, qwen);
  const text = text_config ?? readJsonFile(path, textConfig);
  return { model_type, image_token_id, decoder: decoderShape(text), family, merge: vision_config.spatial_merge_size };
}

function decoderShape(text: z.infer<typeof textConfig>): DecoderShape {
  const { hidden_size = null, num_attention_heads = null, num_key_value_heads, head_dim, num_hidden_layers } = text;
  const derived = hidden_size === null || num_attention_heads === null ? null : hidden_size / num_attention_heads;
  return {
    hidden_size,
    layers: num_hidden_layers ?? null,
    heads: num_key_value_heads ?? num_attention_heads,
    head_dim: head_dim ?? derived,
  };
}
