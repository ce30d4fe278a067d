import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { UserError } from "../../tiles/errors.js";
import { holdHalfFloatsAsBits } from "./half-floats.js";

holdHalfFloatsAsBits();

// A provider that is not there is reported by the ladder in one line; onnxruntime would print two coloured ones beside it.
env.logLevel = "fatal";

/** Where a session may run, best first. */
export const PROVIDERS = ["tensorrt", "cuda", "cpu"] as const;
export type Provider = (typeof PROVIDERS)[number];

/**
 * Entries of every session. onnxruntime's int8 kernel for an x86 with AVX2 and without VNNI saturates sums of two products:
 * the second has it multiply in a way that does not, so that every x86 computes the same (docs/providers.md).
 */
const CONFIG: Readonly<Record<string, string>> = {
  "session.intra_op.allow_spinning": "0",
  "session.x64quantprecision": "1",
};

/** onnxruntime-node's version, without the build that it was made with. */
export const RUNTIME_VERSION: string = env.versions.node ?? env.versions.common;

/** A named tensor: float32, or int64 for token ids. */
export interface TensorData {
  data: Float32Array | BigInt64Array;
  dims: readonly number[];
}

/** What a graph gives: every output as float32 with its dimensions. */
export type TensorOutputs = Record<string, { data: Float32Array; dims: readonly number[] }>;

/** A loaded graph on one provider. */
export interface GraphSession {
  readonly inputNames: readonly string[];
  run(feeds: Record<string, TensorData>): Promise<TensorOutputs>;
  release(): Promise<void>;
}

/** What is asked of onnxruntime: one file on one provider. */
export interface SessionRequest {
  readonly path: string;
  readonly provider: Provider;
  /** Threads inside one operator; onnxruntime takes every core unless told. */
  readonly threads: number;
  /** Session configuration entries by their full names, such as `ep.context_enable`. */
  readonly config?: Readonly<Record<string, string>>;
  /** How far the graph is rewritten before it runs. Default: all. */
  readonly optimisation?: "disabled" | "basic" | "extended" | "all";
}

/** Loads a graph. The one seam behind which onnxruntime stands: tests put providers of their own here. */
export type OpenSession = (request: SessionRequest) => Promise<GraphSession>;

/** @throws Error of onnxruntime when the provider or the file cannot be loaded */
export const openNative: OpenSession = async (request) => {
  const session = await createNative(request);
  return {
    inputNames: session.inputNames,
    run: (feeds) => run(session, request.path, feeds),
    release: () => session.release(),
  };
};

/**
 * onnxruntime's own session, for graphs whose tensors are not all float32 (tensor-session.ts).
 *
 * @throws Error of onnxruntime when the provider or the file cannot be loaded
 */
export function createNative(request: SessionRequest): Promise<InferenceSession> {
  const { path, provider, threads, config, optimisation } = request;
  return InferenceSession.create(path, {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: optimisation ?? "all",
    logSeverityLevel: 3,
    // The binding walks this object and makes one AddConfigEntry of each value; nested names are joined with points.
    extra: { ...CONFIG, ...config },
  });
}

async function run(session: InferenceSession, path: string, feeds: Record<string, TensorData>): Promise<TensorOutputs> {
  const tensors: Record<string, Tensor> = {};
  for (const [name, { data, dims }] of Object.entries(feeds)) {
    tensors[name] =
      data instanceof Float32Array ? new Tensor("float32", data, [...dims]) : new Tensor("int64", data, [...dims]);
  }
  const results = await session.run(tensors);
  const out: TensorOutputs = {};
  for (const [name, tensor] of Object.entries(results)) {
    if (!(tensor.data instanceof Float32Array)) throw new UserError(`${path}: output ${name} is not float32`);
    out[name] = { data: tensor.data, dims: tensor.dims };
  }
  return out;
}
