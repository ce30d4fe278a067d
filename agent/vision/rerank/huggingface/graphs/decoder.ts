import { Tensor } from "onnxruntime-node";
import type { SessionOptions } from "../../../../../models/runtime/session.js";
import { type TensorInfo, TensorSession, type Tensors } from "../../../../../models/runtime/tensor-session.js";
import { UserError } from "../../../../../tiles/errors.js";
import type { CacheShape } from "../files/model-config.js";
import { type Positions, positionFeed } from "../positions.js";
import { emptyFloats, floatsOf, floatTensor, outputNamed, repeatFirst, wholeTensor } from "./tensors.js";
import type { Embeddings } from "./token-embedding.js";
import { refuseUnknownInputs } from "./vision-encoder.js";

/** Keys and values of the tokens read so far, of one sequence. */
export interface Cache {
  readonly length: number;
  /** By the names of the decoder's inputs. */
  readonly tensors: Tensors;
}

/** What a run gives for each sequence. */
export interface Reading {
  /** Of the last token: logits of the whole vocabulary, or what a score head gives. */
  readonly last: readonly Float32Array[];
  readonly cache: Cache;
}

const PAST = /^past_key_values\.\d+\.(key|value)$/;
const KNOWN = ["inputs_embeds", "attention_mask", "position_ids", "num_logits_to_keep", "use_cache_branch"];
/** Outputs that are an answer by themselves, where model.json does not name one. */
const SCORE_OUTPUTS = ["score", "scores"];

/** The language model with its cache. What it takes is read of the graph: exporters differ. */
export class Decoder {
  private readonly inputs: ReadonlyMap<string, TensorInfo>;
  private readonly pasts: readonly TensorInfo[];

  private constructor(
    private readonly session: TensorSession,
    private readonly shape: CacheShape,
    private readonly score: string | null,
  ) {
    this.inputs = new Map(session.inputs.map((info) => [info.name, info]));
    this.pasts = session.inputs.filter(({ name }) => PAST.test(name));
  }

  /**
   * @param score name of the output that is the answer; `score` or `scores` are found by themselves
   * @throws UserError when the file cannot be loaded, or has inputs or outputs that do not fit config.json
   */
  static async load(
    path: string,
    shape: CacheShape,
    score: string | undefined,
    options: SessionOptions,
  ): Promise<Decoder> {
    const session = await TensorSession.create(path, options);
    const names = [...KNOWN, "past_key_values.N.key", "past_key_values.N.value"].join(", ");
    await refuseUnknownInputs(session, (name) => KNOWN.includes(name) || PAST.test(name), names);
    const outputs = session.outputs.map(({ name }) => name);
    const answer = score ?? outputs.find((name) => SCORE_OUTPUTS.includes(name)) ?? null;
    const decoder = new Decoder(session, shape, answer);
    const wrong = decoder.problem(outputs);
    if (wrong === null) return decoder;
    await session.release();
    throw new UserError(`${path}: ${wrong}`);
  }

  /** Does it answer by a score head instead of a vocabulary? */
  get scores(): boolean {
    return this.score !== null;
  }

  /** The cache before the first token. */
  get empty(): Cache {
    const tensors = this.pasts.map((info) => {
      const [, heads, , width] = info.shape;
      const dims = [1, whole(heads) ?? this.shape.heads, 0, whole(width) ?? this.shape.head_dim];
      return [info.name, emptyFloats(info, dims, this.session.path)] as const;
    });
    return { length: 0, tensors: Object.fromEntries(tensors) };
  }

  /**
   * Reads on from a cache: every sequence of the batch has read the same until there. The cache stays as it was.
   *
   * @param sequences the next tokens of each, all equally many
   * @param positions of the whole prompt, with those in the cache
   * @throws UserError when the graph refuses the tensors
   */
  async read(sequences: readonly Embeddings[], positions: Positions, past: Cache): Promise<Reading> {
    const batch = sequences.length;
    const [first] = sequences;
    if (first === undefined) throw new RangeError("Decoder.read: no sequences");
    const { length, width } = first;
    const embeds = new Float32Array(batch * length * width);
    sequences.forEach((one, i) => {
      if (one.length !== length) throw new RangeError("Decoder.read: sequences of different length");
      embeds.set(one.data, i * length * width);
    });
    const total = past.length + length;
    const { path } = this.session;
    const feeds: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(past.tensors)) feeds[name] = repeatFirst(tensor, batch);
    for (const info of this.inputs.values()) {
      if (info.name === "inputs_embeds") feeds[info.name] = floatTensor(info, embeds, [batch, length, width], path);
      if (info.name === "attention_mask") {
        feeds[info.name] = wholeTensor(info, new Uint8Array(batch * total).fill(1), [batch, total], path);
      }
      if (info.name === "position_ids") {
        const { data, dims } = positionFeed(positions, past.length, total, batch);
        feeds[info.name] = wholeTensor(info, data, dims, path);
      }
      if (info.name === "num_logits_to_keep") feeds[info.name] = wholeTensor(info, Uint8Array.of(1), oneOf(info), path);
      if (info.name === "use_cache_branch") feeds[info.name] = new Tensor("bool", [past.length > 0], oneOf(info));
    }
    const outputs = await this.session.run(feeds);
    return { last: this.lastOf(outputs, batch), cache: this.cacheOf(outputs, total) };
  }

  async release(): Promise<void> {
    await this.session.release();
  }

  private lastOf(outputs: Tensors, batch: number): Float32Array[] {
    const name = this.score ?? "logits";
    const output = outputNamed(outputs, name, this.session.path);
    const { dims } = output;
    const data = floatsOf(output, name, this.session.path);
    // [batch, tokens, width] of a vocabulary; [batch, width] or [batch] of a score head.
    const width = dims.length === 1 ? 1 : (dims.at(-1) ?? 0);
    const tokens = dims.length === 3 ? (dims[1] ?? 0) : 1;
    if (dims[0] !== batch || data.length !== batch * tokens * width || tokens === 0) {
      throw new UserError(`${this.session.path}: output ${name} is [${dims.join(",")}] for ${batch} sequences`);
    }
    return Array.from({ length: batch }, (_, i) => {
      const at = (i * tokens + tokens - 1) * width;
      return data.slice(at, at + width);
    });
  }

  private cacheOf(outputs: Tensors, length: number): Cache {
    const tensors = this.pasts.map(
      ({ name }) => [name, outputNamed(outputs, presentOf(name), this.session.path)] as const,
    );
    return { length, tensors: Object.fromEntries(tensors) };
  }

  private problem(outputs: readonly string[]): string | null {
    const wanted = [this.score ?? "logits", ...this.pasts.map(({ name }) => presentOf(name))];
    const missing = wanted.find((name) => !outputs.includes(name));
    if (missing !== undefined) return `has no output ${missing}; it has ${outputs.join(", ")}`;
    if (this.pasts.length !== 2 * this.shape.layers) {
      return `has ${this.pasts.length / 2} layers of cache, config.json tells ${this.shape.layers}`;
    }
    for (const name of ["inputs_embeds", "attention_mask"]) if (!this.inputs.has(name)) return `has no input ${name}`;
    return null;
  }
}

/** The output that continues a cache input. */
function presentOf(past: string): string {
  return past.replace("past_key_values", "present");
}

function whole(dimension: number | string | undefined): number | null {
  return typeof dimension === "number" && dimension > 0 ? dimension : null;
}

/** Dimensions of an input that is one value: exporters write it as a scalar or as a vector of one. */
function oneOf(info: TensorInfo): number[] {
  return info.shape.length === 0 ? [] : [1];
}
