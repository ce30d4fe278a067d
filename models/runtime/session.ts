import { UserError } from "../../tiles/errors.js";
import { EngineStore } from "./engines.js";
import type { GoldenSection } from "./golden.js";
import { climb, type Graph } from "./ladder.js";
import type { GraphSession, OpenSession, Provider, TensorData, TensorOutputs } from "./native-session.js";

export { PROVIDERS, type Provider, type TensorData } from "./native-session.js";

export interface SessionOptions {
  /** Rungs of the ladder, best first. Default: cpu only. */
  providers?: readonly Provider[];
  /** Threads inside one operator. onnxruntime takes every core unless told. */
  threads?: number;
  /** Receives one line for each rung that was tried and failed. */
  log?: (line: string) => void;
  /** Folder of TensorRT's engines, as `skylink-agent warmup` makes it. Without it TensorRT is passed over. */
  engines?: string;
  /** Stands for onnxruntime; tests put providers of their own here. */
  open?: OpenSession;
}

/** What of a model folder a session needs. */
export interface GraphFolder {
  readonly card: {
    readonly files: Readonly<Record<string, { readonly sha256: string }>>;
    readonly golden?: GoldenSection | undefined;
  };
  path(file: string): string;
}

/** The graph `file` of a model folder, with its golden outputs. */
export function graphOf(folder: GraphFolder, file: string): Graph {
  const path = folder.path(file);
  return { path, sha256: folder.card.files[file]?.sha256 ?? "", golden: folder.card.golden?.graphs[file] };
}

/**
 * An onnxruntime session on the first provider of the ladder that loads the graph and computes it right (ladder.ts).
 *
 * `run` blocks the calling thread's event loop: the agent uses sessions only in worker threads.
 */
export class OnnxSession {
  private constructor(
    private readonly session: GraphSession,
    readonly provider: Provider,
    readonly path: string,
  ) {}

  /**
   * Opens a graph of a model folder. A provider other than the CPU must give the golden output of model.json first.
   *
   * @throws UserError when no provider of the ladder can be used
   */
  static async open(folder: GraphFolder, file: string, options: SessionOptions = {}): Promise<OnnxSession> {
    return OnnxSession.climb(graphOf(folder, file), options);
  }

  /**
   * Opens a graph of which nothing is known: on the CPU, since no other provider could be checked.
   *
   * @throws UserError when no provider of the ladder can be used
   */
  static async create(path: string, options: SessionOptions = {}): Promise<OnnxSession> {
    return OnnxSession.climb({ path, sha256: "", golden: undefined }, options);
  }

  private static async climb(graph: Graph, options: SessionOptions): Promise<OnnxSession> {
    const { session, provider } = await climb(graph, {
      providers: options.providers ?? ["cpu"],
      threads: options.threads ?? 2,
      log: options.log ?? (() => undefined),
      engines: options.engines === undefined ? null : new EngineStore(options.engines),
      ...(options.open === undefined ? {} : { open: options.open }),
    });
    return new OnnxSession(session, provider, graph.path);
  }

  get inputNames(): readonly string[] {
    return this.session.inputNames;
  }

  /** Runs the graph; every output comes back as float32 with its dimensions. */
  async run(feeds: Record<string, TensorData>): Promise<TensorOutputs> {
    return this.session.run(feeds);
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

/** The named output, checked against the expected dimensions (-1 = any). */
export function outputOf(outputs: TensorOutputs, name: string, dims: readonly number[], path: string): Float32Array {
  const tensor = outputs[name];
  if (tensor === undefined)
    throw new UserError(`${path}: has no output ${name}; it has ${Object.keys(outputs).join(", ")}`);
  const fits = tensor.dims.length === dims.length && dims.every((want, axis) => want < 0 || want === tensor.dims[axis]);
  if (!fits) throw new UserError(`${path}: output ${name} is [${tensor.dims.join(",")}], expected [${dims.join(",")}]`);
  return tensor.data;
}
