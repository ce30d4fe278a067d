import type { Provider, SessionOptions } from "../../../../../models/runtime/session.js";
import { type TensorInfo, TensorSession, type Tensors } from "../../../../../models/runtime/tensor-session.js";
import { floatsOf, outputNamed } from "../../../../../models/runtime/tensors.js";
import { UserError } from "../../../../../tiles/errors.js";
import type { DecoderShape } from "../files/model-config.js";
import type { Positions } from "../positions.js";
import {
  type Cache,
  decoderFeeds,
  emptyCache,
  exampleFeeds,
  isKnownInput,
  isPast,
  KNOWN_INPUTS,
} from "./decoder-feeds.js";
import type { Embeddings } from "./token-embedding.js";
import { refuseUnknownInputs } from "./vision-encoder.js";

/** What a run gives for each sequence. */
export interface Reading {
  /** Of the last token: logits of the whole vocabulary, or what a score head gives. */
  readonly last: readonly Float32Array[];
  readonly cache: Cache;
}

/** Outputs that are an answer by themselves, where model.json does not name one. */
const SCORE_OUTPUTS = ["score", "scores"];

/** The language model with its cache. What it takes is read of the graph: exporters differ. */
export class Decoder {
  private readonly inputs: readonly TensorInfo[];
  /** Names of the cache's inputs. */
  private readonly pasts: readonly string[];

  private constructor(
    private readonly session: TensorSession,
    private readonly shape: DecoderShape,
    private readonly score: string | null,
  ) {
    this.inputs = session.inputs;
    this.pasts = this.inputs.map(({ name }) => name).filter(isPast);
  }

  /**
   * @param score name of the output that is the answer; `score` or `scores` are found by themselves
   * @throws UserError when the file cannot be loaded, or has inputs or outputs that do not fit config.json
   */
  static async load(
    path: string,
    shape: DecoderShape,
    score: string | undefined,
    options: SessionOptions,
  ): Promise<Decoder> {
    const session = await TensorSession.create(path, (inputs) => exampleFeeds(inputs, shape, path), options);
    await refuseUnknownInputs(session, isKnownInput, KNOWN_INPUTS);
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
    return emptyCache(this.inputs, this.shape, this.session.path);
  }

  get provider(): Provider {
    return this.session.provider;
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
    const step = { embeds, batch, length, width, positions, past };
    const outputs = await this.session.run(decoderFeeds(this.inputs, step, this.session.path));
    return { last: this.lastOf(outputs, batch), cache: this.cacheOf(outputs, past.length + length) };
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
    const tensors = this.pasts.map((name) => [name, outputNamed(outputs, presentOf(name), this.session.path)] as const);
    return { length, tensors: Object.fromEntries(tensors) };
  }

  private problem(outputs: readonly string[]): string | null {
    const wanted = [this.score ?? "logits", ...this.pasts.map(presentOf)];
    const missing = wanted.find((name) => !outputs.includes(name));
    if (missing !== undefined) return `has no output ${missing}; it has ${outputs.join(", ")}`;
    if (this.shape.layers !== null && this.pasts.length !== 2 * this.shape.layers) {
      return `has ${this.pasts.length / 2} layers of cache, config.json tells ${this.shape.layers}`;
    }
    for (const name of ["inputs_embeds", "attention_mask"]) {
      if (!this.inputs.some((info) => info.name === name)) return `has no input ${name}`;
    }
    return null;
  }
}

/** The output that continues a cache input. */
function presentOf(past: string): string {
  return past.replace("past_key_values", "present");
}
