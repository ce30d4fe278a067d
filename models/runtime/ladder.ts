import { errorMessage, UserError } from "../../tiles/errors.js";
import { type EngineStore, engineProblem } from "./engines.js";
import type { GoldenGraph } from "./golden.js";
import { checkGolden, type GoldenResult, NoAnswer, type RunLimits } from "./golden-check.js";
import { type GraphSession, type OpenSession, openNative, type Provider } from "./native-session.js";

/** A graph file and what is known of it. */
export interface Graph {
  readonly path: string;
  readonly sha256: string;
  /** What it gives on a CPU; without it no other provider is let in. */
  readonly golden: GoldenGraph | undefined;
}

/** How a ladder is climbed. */
export interface LadderOptions {
  /** Rungs, best first. */
  readonly providers: readonly Provider[];
  readonly threads: number;
  /** Receives one line for each rung that was tried and failed. */
  readonly log: (line: string) => void;
  /** Where TensorRT's engines lie; null where none were ever made. */
  readonly engines: EngineStore | null;
  readonly open?: OpenSession;
  readonly limits?: RunLimits;
}

/**
 * Opens a graph on the first rung that loads it and, unless that is the CPU, gives the CPU's golden output.
 *
 * onnxruntime-node does not fall through a list of providers by itself: a missing one throws, so each is tried alone.
 *
 * @throws UserError when no rung is left
 */
export async function climb(
  graph: Graph,
  options: LadderOptions,
): Promise<{ readonly session: GraphSession; readonly provider: Provider }> {
  const failures: string[] = [];
  for (const provider of options.providers) {
    try {
      return { session: (await openChecked(graph, provider, options)).session, provider };
    } catch (thrown) {
      const line = `${provider}: ${graph.path}: ${errorMessage(thrown)}`;
      failures.push(line);
      options.log(line);
    }
  }
  throw new UserError(`no execution provider could load the model. ${failures.join("; ")}`);
}

/** One rung: a graph on one provider, and what the golden check showed; the CPU is not checked. */
export async function openChecked(
  graph: Graph,
  provider: Provider,
  options: Omit<LadderOptions, "providers" | "log">,
): Promise<{ readonly session: GraphSession; readonly golden: GoldenResult | null }> {
  const open = options.open ?? openNative;
  const { threads, limits } = options;
  if (provider === "cpu") return { session: await open({ path: graph.path, provider, threads }), golden: null };
  const expected = goldenFor(graph);
  const session = await open({ path: fileFor(graph, provider, options.engines), provider, threads });
  const golden = await releasedOnError(session, () => checkGolden(session, expected, limits));
  if (golden.why === null) return { session, golden };
  await session.release();
  throw new UserError(golden.why);
}

/**
 * The golden output that lets a provider in.
 *
 * @throws UserError when there is none of this very file
 */
export function goldenFor({ golden, sha256 }: Graph): GoldenGraph {
  if (golden === undefined) {
    throw new UserError("model.json has no golden output of this file, so no provider but the cpu could be checked");
  }
  if (golden.sha256 !== sha256) throw new UserError("the golden output in model.json belongs to another file");
  return golden;
}

/** TensorRT runs from the engine that warmup has made: building one takes minutes, which no flight has. */
function fileFor(graph: Graph, provider: Provider, engines: EngineStore | null): string {
  if (provider !== "tensorrt") return graph.path;
  if (engines === null) throw new UserError("no folder of engines is given; `skylink-agent warmup` makes one");
  const engine = engines.find(graph);
  if (engine.state === "valid") return engine.path;
  throw new UserError(engineProblem(engine));
}

/** Does something with a session and releases it when that throws; one that is still running is left as it is. */
export async function releasedOnError<T>(session: GraphSession, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    // Releasing a session inside of its run is what onnxruntime does not survive.
    if (!(thrown instanceof NoAnswer)) await session.release();
    throw thrown;
  }
}
