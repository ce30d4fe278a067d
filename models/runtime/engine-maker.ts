import { existsSync } from "node:fs";
import { errorMessage, UserError } from "../../tiles/errors.js";
import type { EngineStore } from "./engines.js";
import { goldenFeeds } from "./golden.js";
import { checkGolden, type RunLimits } from "./golden-check.js";
import { type Graph, goldenFor, releasedOnError } from "./ladder.js";
import { type OpenSession, openNative } from "./native-session.js";

/** What making an engine needs. */
export interface EngineMakerOptions {
  readonly threads: number;
  readonly open?: OpenSession;
  readonly limits?: RunLimits;
  /** Told before an engine is built, which takes minutes. */
  readonly building?: (graph: Graph) => void;
}

/** How a valid engine came to be there: it was, somebody had put it there and it was checked now, or it was built. */
export type EngineOrigin = "kept" | "adopted" | "built";

/**
 * Sees to it that the store holds a valid engine of a graph: keeps a valid one, checks and stamps one that was put there by
 * hand, and builds one otherwise.
 *
 * @throws UserError when there is none at the end; an Error of onnxruntime when TensorRT is not there
 */
export async function ensureEngine(
  graph: Graph,
  store: EngineStore,
  options: EngineMakerOptions,
): Promise<EngineOrigin> {
  goldenFor(graph);
  const { state } = store.find(graph);
  if (state === "valid") return "kept";
  if (state === "unstamped" && (await fault(graph, store, options)) === null) {
    store.stamp(graph);
    return "adopted";
  }
  try {
    await build(graph, store, options);
    const why = await fault(graph, store, options);
    if (why !== null) throw new UserError(`the engine that was built cannot be used: ${why}`);
  } catch (thrown) {
    store.discard(graph);
    throw thrown;
  }
  store.stamp(graph);
  return "built";
}

/** Why the engine in the store cannot be used; null when it can. */
async function fault(graph: Graph, store: EngineStore, options: EngineMakerOptions): Promise<string | null> {
  const open = options.open ?? openNative;
  try {
    const session = await open({ path: store.pathFor(graph), provider: "tensorrt", threads: options.threads });
    const { why } = await releasedOnError(session, () => checkGolden(session, goldenFor(graph), options.limits));
    await session.release();
    return why;
  } catch (thrown) {
    return errorMessage(thrown);
  }
}

/**
 * Lets TensorRT build an engine and onnxruntime write it as an EPContext model with the engine inside.
 *
 * A graph with free dimensions gets its engine in the first runs, for the range of shapes that it is shown; the golden
 * cases go from the smallest to the largest input of a flight.
 */
async function build(graph: Graph, store: EngineStore, options: EngineMakerOptions): Promise<void> {
  const path = store.prepare(graph);
  options.building?.(graph);
  const session = await (options.open ?? openNative)({
    path: graph.path,
    provider: "tensorrt",
    threads: options.threads,
    config: { "ep.context_enable": "1", "ep.context_file_path": path, "ep.context_embed_mode": "1" },
  });
  await releasedOnError(session, async () => {
    for (const one of goldenFor(graph).cases) await session.run(goldenFeeds(one));
  });
  await session.release();
  if (!existsSync(path)) {
    throw new UserError(
      "TensorRT takes the graph, but this build of onnxruntime-node wrote no engine; docs/jetson.md says how to get one",
    );
  }
}
