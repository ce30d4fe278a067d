import type { InferenceSession, Tensor } from "onnxruntime-node";
import { errorMessage, UserError } from "../../tiles/errors.js";
import { fingerprintOf, type GoldenGraph } from "./golden.js";
import { climb } from "./ladder.js";
import { createNative, type Provider, type SessionRequest, type TensorOutputs } from "./native-session.js";
import type { SessionOptions } from "./session.js";
import { floatsOf } from "./tensors.js";

/** An input or output as the graph declares it; a free dimension is a name. */
export interface TensorInfo {
  readonly name: string;
  readonly type: Tensor.Type;
  readonly shape: readonly (number | string)[];
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Makes an example input of a graph from what the graph declares. */
export type Probe = (inputs: readonly TensorInfo[]) => Tensors;

/** How a tensor session is opened. */
export interface TensorSessionOptions extends SessionOptions {
  /** Stands for onnxruntime; tests put providers of their own here. */
  readonly native?: (request: SessionRequest) => Promise<InferenceSession>;
}

/** How near another provider must come to the CPU on the example: quantised kernels differ, wrong ones are far off. */
const MIN_COSINE = 0.99;
const MAX_OVER_STD = 0.5;

/**
 * A session on tensors of any element type, for graphs that take or give half floats, booleans and caches: OnnxSession
 * knows float32 alone. It climbs the same ladder; since such graphs come without golden outputs, the CPU makes them for
 * an example when another provider is wanted.
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
   * Opens a graph on the first provider that loads it and computes what the CPU does for the example. TensorRT is passed
   * over: its engines are made for graphs with a card.
   *
   * @throws UserError when no provider of the ladder can be used
   */
  static async create(path: string, probe: Probe, options: TensorSessionOptions = {}): Promise<TensorSession> {
    const { providers = ["cpu"] as const, threads = 2, native = createNative } = options;
    const golden =
      providers[0] === "cpu" ? undefined : await goldenOf({ path, provider: "cpu", threads }, native, probe);
    const opened: { session?: InferenceSession } = {};
    const { provider } = await climb(
      { path, sha256: "", golden },
      {
        providers,
        threads,
        log: options.log ?? (() => undefined),
        engines: null,
        open: async (request) => {
          const session = await native(request);
          opened.session = session;
          return {
            inputNames: session.inputNames,
            // The ladder runs a session only for the golden case, and that is the example.
            run: () => runProbe(session, path, probe),
            release: () => session.release(),
          };
        },
      },
    );
    if (opened.session === undefined) throw new Error(`${path}: the ladder opened no session`);
    return new TensorSession(opened.session, provider, path);
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
      throw new UserError(`${this.path}: cannot be run on ${shapes.join(", ")}: ${errorMessage(thrown)}`);
    }
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

/**
 * What the CPU computes for the example; undefined where it cannot even load the graph, so that no provider could be
 * checked.
 */
async function goldenOf(
  request: SessionRequest,
  native: (request: SessionRequest) => Promise<InferenceSession>,
  probe: Probe,
): Promise<GoldenGraph | undefined> {
  let session: InferenceSession;
  try {
    session = await native(request);
  } catch {
    // The ladder's own try of the CPU tells why.
    return undefined;
  }
  try {
    const outputs: GoldenGraph["cases"][number]["outputs"] = {};
    const tolerance: GoldenGraph["tolerance"] = {};
    for (const [name, { data, dims }] of Object.entries(await runProbe(session, request.path, probe))) {
      outputs[name] = fingerprintOf(data, dims, 1);
      const max_difference = Math.max(1e-3, MAX_OVER_STD * outputs[name].std);
      tolerance[name] = { min_cosine: MIN_COSINE, max_difference };
    }
    return { sha256: "", tolerance, cases: [{ inputs: {}, outputs }] };
  } finally {
    await session.release();
  }
}

async function runProbe(session: InferenceSession, path: string, probe: Probe): Promise<TensorOutputs> {
  const outputs: Tensors = await session.run({ ...probe(infoOf(session.inputMetadata)) });
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [name, { data: floatsOf(tensor, name, path), dims: tensor.dims }]),
  );
}

function infoOf(metadata: readonly InferenceSession.ValueMetadata[]): TensorInfo[] {
  return metadata.flatMap((one) => (one.isTensor ? [{ name: one.name, type: one.type, shape: one.shape }] : []));
}
