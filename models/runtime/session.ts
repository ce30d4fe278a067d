import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { errorMessage, UserError } from "../../tiles/errors.js";

// A provider that is not there is reported by the ladder in one line; onnxruntime would print two coloured ones beside it.
env.logLevel = "fatal";

/** Where a session may run, best first. */
export const PROVIDERS = ["tensorrt", "cuda", "cpu"] as const;
export type Provider = (typeof PROVIDERS)[number];

export interface SessionOptions {
  /** Rungs of the ladder, best first. Default: cpu only. */
  providers?: readonly Provider[];
  /** Threads inside one operator. onnxruntime takes every core unless told. */
  threads?: number;
  /** Receives one line for each rung that was tried and failed. */
  log?: (line: string) => void;
}

/** A named tensor: float32, or int64 for token ids. */
export interface TensorData {
  data: Float32Array | BigInt64Array;
  dims: readonly number[];
}

/**
 * An onnxruntime session on the first provider of the ladder that loads.
 *
 * onnxruntime-node does not fall through a list of providers by itself: a missing one throws, so each is tried alone.
 * `run` blocks the calling thread's event loop: the agent uses sessions only in worker threads.
 */
export class OnnxSession {
  private constructor(
    private readonly session: InferenceSession,
    readonly provider: Provider,
    readonly path: string,
  ) {}

  /** @throws UserError when no provider of the ladder can load the file */
  static async create(path: string, options: SessionOptions = {}): Promise<OnnxSession> {
    const failures: string[] = [];
    for (const provider of options.providers ?? (["cpu"] as const)) {
      try {
        const session = await InferenceSession.create(path, {
          executionProviders: [provider],
          intraOpNumThreads: options.threads ?? 2,
          interOpNumThreads: 1,
          executionMode: "sequential",
          graphOptimizationLevel: "all",
          logSeverityLevel: 3,
          extra: { session: { intra_op: { allow_spinning: "0" } } },
        });
        return new OnnxSession(session, provider, path);
      } catch (thrown) {
        const line = `${provider}: ${path}: ${errorMessage(thrown)}`;
        failures.push(line);
        options.log?.(line);
      }
    }
    throw new UserError(`no execution provider could load the model. ${failures.join("; ")}`);
  }

  get inputNames(): readonly string[] {
    return this.session.inputNames;
  }

  /** Runs the graph; every output comes back as float32 with its dimensions. */
  async run(
    feeds: Record<string, TensorData>,
  ): Promise<Record<string, { data: Float32Array; dims: readonly number[] }>> {
    const tensors: Record<string, Tensor> = {};
    for (const [name, { data, dims }] of Object.entries(feeds)) {
      tensors[name] =
        data instanceof Float32Array ? new Tensor("float32", data, [...dims]) : new Tensor("int64", data, [...dims]);
    }
    const results = await this.session.run(tensors);
    const out: Record<string, { data: Float32Array; dims: readonly number[] }> = {};
    for (const [name, tensor] of Object.entries(results)) {
      if (!(tensor.data instanceof Float32Array)) throw new UserError(`${this.path}: output ${name} is not float32`);
      out[name] = { data: tensor.data, dims: tensor.dims };
    }
    return out;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

/** The named output, checked against the expected dimensions (-1 = any). */
export function outputOf(
  outputs: Record<string, { data: Float32Array; dims: readonly number[] }>,
  name: string,
  dims: readonly number[],
  path: string,
): Float32Array {
  const tensor = outputs[name];
  if (tensor === undefined)
    throw new UserError(`${path}: has no output ${name}; it has ${Object.keys(outputs).join(", ")}`);
  const fits = tensor.dims.length === dims.length && dims.every((want, axis) => want < 0 || want === tensor.dims[axis]);
  if (!fits) throw new UserError(`${path}: output ${name} is [${tensor.dims.join(",")}], expected [${dims.join(",")}]`);
  return tensor.data;
}
