import { Tensor } from "onnxruntime-node";
import type { TensorInfo, Tensors } from "../../../../../models/runtime/tensor-session.js";
import { emptyFloats, floatTensor, repeatFirst, wholeTensor } from "../../../../../models/runtime/tensors.js";
import { UserError } from "../../../../../tiles/errors.js";
import type { DecoderShape } from "../files/model-config.js";
import { countedPositions, type Positions, positionFeed } from "../positions.js";

/** Keys and values of the tokens read so far, of one sequence. */
export interface Cache {
  readonly length: number;
  /** By the names of the decoder's inputs. */
  readonly tensors: Tensors;
}

/** The next tokens of sequences that have read the same until there. */
export interface Step {
  /** [batch, length, width] */
  readonly embeds: Float32Array;
  readonly batch: number;
  readonly length: number;
  readonly width: number;
  /** Of the whole prompt, with the tokens in the cache. */
  readonly positions: Positions;
  readonly past: Cache;
}

const PAST = /^past_key_values\.\d+\.(key|value)$/;
const OTHERS = ["inputs_embeds", "attention_mask", "position_ids", "num_logits_to_keep", "use_cache_branch"];

/** Every input that a decoder may have here. */
export const KNOWN_INPUTS = [...OTHERS, "past_key_values.N.key", "past_key_values.N.value"].join(", ");

export function isKnownInput(name: string): boolean {
  return OTHERS.includes(name) || PAST.test(name);
}

export function isPast(name: string): boolean {
  return PAST.test(name);
}

/** What the decoder is fed in a step, as its inputs want it. */
export function decoderFeeds(inputs: Iterable<TensorInfo>, step: Step, path: string): Tensors {
  const { embeds, batch, length, width, positions, past } = step;
  const total = past.length + length;
  const feeds: Record<string, Tensor> = {};
  for (const info of inputs) {
    const { name } = info;
    const before = past.tensors[name];
    if (before !== undefined) feeds[name] = repeatFirst(before, batch);
    if (name === "inputs_embeds") feeds[name] = floatTensor(info, embeds, [batch, length, width], path);
    if (name === "attention_mask") {
      feeds[name] = wholeTensor(info, new Uint8Array(batch * total).fill(1), [batch, total], path);
    }
    if (name === "position_ids") {
      const { data, dims } = positionFeed(positions, past.length, total, batch);
      feeds[name] = wholeTensor(info, data, dims, path);
    }
    if (name === "num_logits_to_keep") feeds[name] = wholeTensor(info, Uint8Array.of(1), oneOf(info), path);
    if (name === "use_cache_branch") feeds[name] = new Tensor("bool", [past.length > 0], oneOf(info));
  }
  return feeds;
}

/** The cache before the first token. */
export function emptyCache(inputs: Iterable<TensorInfo>, shape: DecoderShape, path: string): Cache {
  const tensors: Record<string, Tensor> = {};
  for (const info of inputs) {
    if (!isPast(info.name)) continue;
    const [, heads, , width] = info.shape;
    const dims = [1, either(heads, shape.heads, "heads", path), 0, either(width, shape.head_dim, "head_dim", path)];
    tensors[info.name] = emptyFloats(info, dims, path);
  }
  return { length: 0, tensors };
}

/** Tokens of the example on which an accelerated provider is compared with the CPU. */
const EXAMPLE_TOKENS = 16;

/** A first step on made-up vectors. */
export function exampleFeeds(inputs: readonly TensorInfo[], shape: DecoderShape, path: string): Tensors {
  const declared = inputs.find(({ name }) => name === "inputs_embeds")?.shape.at(-1);
  const width = either(declared, shape.hidden_size, "hidden_size", path);
  const embeds = Float32Array.from({ length: EXAMPLE_TOKENS * width }, (_, i) => Math.sin(i * 0.7) * 0.5);
  const counted = countedPositions(EXAMPLE_TOKENS);
  const axes = inputs.find(({ name }) => name === "position_ids")?.shape.length === 3 ? 3 : 1;
  const ids = BigInt64Array.from({ length: axes * EXAMPLE_TOKENS }, (_, i) => counted.ids[i % EXAMPLE_TOKENS] ?? 0n);
  const positions: Positions = { axes, ids, length: EXAMPLE_TOKENS };
  const past = emptyCache(inputs, shape, path);
  return decoderFeeds(inputs, { embeds, batch: 1, length: EXAMPLE_TOKENS, width, positions, past }, path);
}

/** A size as the graph declares it, or else as config.json tells. */
function either(dimension: number | string | undefined, told: number | null, what: string, path: string): number {
  if (typeof dimension === "number" && dimension > 0) return dimension;
  if (told !== null) return told;
  throw new UserError(`${path}: leaves ${what} free, and text_config in config.json does not tell it`);
}

/** Dimensions of an input that is one value: exporters write it as a scalar or as a vector of one. */
function oneOf(info: TensorInfo): number[] {
  return info.shape.length === 0 ? [] : [1];
}
