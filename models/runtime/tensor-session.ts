import type { InferenceSession, Tensor } from "onnxruntime-node";
import { UserError } from "../../tiles/errors.js";
import { climb, type Graph } from "./ladder.js";
import { createNative, type GraphSession, type Provider, type SessionRequest } from "./native-session.js";
import type { SessionOptions } from "./session.js";

/** An input or output as the graph declares it; a free dimension is a name. */
export interface TensorInfo {
  readonly name: string;
  readonly type: Tensor.Type;
  readonly shape: readonly (number | string)[];
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/**
 * A session on tensors of any element type, for graphs that take or give half floats, booleans and caches: OnnxSession
 * knows float32 alone. It climbs the same ladder by the same rules.
 *
 * `run` blocks the calling thread's event loop.
 */
export class TensorSession {
  private constructor(
    private readonly session: InferenceSession,
    readonly provider: Provider,
    readonly path: string,
  ) {}

  /**
   * Opens a graph of which no golden output is known: on the CPU, since no other provider could be checked.
   *
   * @throws UserError when no provider of the ladder can be used
   */
  static async create(path: string, options: SessionOptions = {}): Promise<TensorSession> {
    const graph: Graph = { path, sha256: "", golden: undefined };
    const opened: { native?: InferenceSession } = {};
    const { provider } = await climb(graph, {
      providers: options.providers ?? ["cpu"],
      threads: options.threads ?? 2,
      log: options.log ?? (() => undefined),
      engines: null,
      open: async (request: SessionRequest): Promise<GraphSession> => {
        const native = await createNative(request);
        opened.native = native;
        return { inputNames: native.inputNames, run: notFloats, release: () => native.release() };
      },
    });
    if (opened.native === undefined) throw new Error(`${path}: the ladder opened no session`);
    return new TensorSession(opened.native, provider, path);
  }

  get inputs(): readonly TensorInfo[] {
    return infoOf(this.session.inputMetadata);
  }

  get outputs(): readonly TensorInfo[] {
    return infoOf(this.session.outputMetadata);
  }

  /** @throws UserError with onnxruntime's words when the graph refuses the tensors */
  async run(feeds: Tensors): Promise<Tensors> {
    try {
      return await this.session.run({ ...feeds });
    } catch (thrown) {
      const shapes = Object.entries(feeds).map(([name, { type, dims }]) => `${name} ${type}[${dims.join(",")}]`);
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      throw new UserError(`${this.path}: cannot be run on ${shapes.join(", ")}: ${why}`);
    }
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

/** The ladder runs a session only to compare golden outputs, and there are none here. */
function notFloats(): Promise<never> {
  return Promise.reject(new Error("a session on tensors of any type has no golden output to compare"));
}

function infoOf(metadata: readonly InferenceSession.ValueMetadata[]): TensorInfo[] {
  return metadata.flatMap((one) => (one.isTensor ? [{ name: one.name, type: one.type, shape: one.shape }] : []));
}
