import { type EngineOrigin, ensureEngine } from "../../models/runtime/engine-maker.js";
import { EngineStore } from "../../models/runtime/engines.js";
import { checkGolden, type GoldenResult, type RunLimits } from "../../models/runtime/golden-check.js";
import { type AnyCard, anyCard } from "../../models/runtime/golden-recipes.js";
import { type Graph, openChecked, releasedOnError } from "../../models/runtime/ladder.js";
import { loadModelFolder } from "../../models/runtime/model-folder.js";
import type { OpenSession, Provider } from "../../models/runtime/native-session.js";
import { graphOf } from "../../models/runtime/session.js";
import { errorMessage } from "../../tiles/errors.js";
import type { ModelFolders } from "../config/load.js";
import { rerankerKind } from "../vision/rerank/load-reranker.js";

/** One graph on one provider. */
export interface Trial {
  readonly model: keyof ModelFolders;
  readonly id: string;
  readonly file: string;
  readonly path: string;
  readonly provider: Provider;
  /** unchecked: loaded, but model.json has no golden output; different: the CPU loaded it and computes something else. */
  readonly state: "ok" | "unchecked" | "different" | "failed";
  /** What failed or differs, on one line. */
  readonly why: string | null;
  /** Where the engine came from; null where there is none. */
  readonly engine: EngineOrigin | null;
  readonly min_cosine: number | null;
  readonly max_difference: number | null;
  readonly load_ms: number | null;
  readonly first_ms: number | null;
  readonly warm_ms: number | null;
}

/** What is tried, and where. */
export interface WarmupPlan {
  readonly folders: ModelFolders;
  readonly providers: readonly Provider[];
  readonly threads: number;
  /** Folder of TensorRT's engines. */
  readonly engines: string;
  /** Stands for onnxruntime. */
  readonly open?: OpenSession;
  readonly limits?: RunLimits;
}

/** What is told while it goes on. */
export interface WarmupEvents {
  trial(trial: Trial): void;
  /** An engine is being built: that takes minutes. */
  building(graph: Graph): void;
}

/** The graphs of a model folder, in the order in which a frame passes them. */
export function graphFiles(card: AnyCard): string[] {
  if (card.kind !== "encoder") return [card.graph.file];
  return [card.dense.file, ...(card.descriptor.file === undefined ? [] : [card.descriptor.file])];
}

/**
 * Tries every graph of the models on every provider, and makes TensorRT's engines on the way.
 *
 * @throws UserError for a model folder that cannot be used
 */
export async function warmUp(plan: WarmupPlan, events: WarmupEvents): Promise<Trial[]> {
  const store = new EngineStore(plan.engines);
  const trials: Trial[] = [];
  for (const model of ["retriever", "encoder", "reranker", "registrar"] as const) {
    const dir = plan.folders[model];
    if (dir === null || dir === undefined) continue;
    // A vision-language model has no golden output in its folder: it is checked whenever it is loaded.
    if (model === "reranker" && rerankerKind(dir) === "reranker-hf") continue;
    const folder = loadModelFolder(dir, anyCard);
    for (const file of graphFiles(folder.card)) {
      for (const provider of plan.providers) {
        const graph = graphOf(folder, file);
        const outcome = await attempt(graph, provider, plan, store, events);
        const trial = { model, id: folder.card.id, file, path: graph.path, provider, ...outcome };
        trials.push(trial);
        events.trial(trial);
      }
    }
  }
  return trials;
}

type Outcome = Omit<Trial, "model" | "id" | "file" | "path" | "provider">;

const NOTHING = { engine: null, min_cosine: null, max_difference: null, load_ms: null, first_ms: null, warm_ms: null };

async function attempt(
  graph: Graph,
  provider: Provider,
  plan: WarmupPlan,
  store: EngineStore,
  events: WarmupEvents,
): Promise<Outcome> {
  const { threads, open, limits } = plan;
  const options = { threads, engines: store, ...(open && { open }), ...(limits && { limits }) };
  try {
    const building = (one: Graph): void => events.building(one);
    const engine = provider === "tensorrt" ? await ensureEngine(graph, store, { ...options, building }) : null;
    const from_ms = performance.now();
    const { session, golden } = await openChecked(graph, provider, options);
    const load_ms = performance.now() - from_ms;
    const expected = graph.golden;
    const shown =
      golden ??
      (expected?.sha256 === graph.sha256
        ? await releasedOnError(session, () => checkGolden(session, expected, null))
        : null);
    await session.release();
    if (shown === null) return { ...NOTHING, state: "unchecked", why: "no golden output in model.json", load_ms };
    return { ...measured(shown), state: shown.why === null ? "ok" : "different", engine, load_ms };
  } catch (thrown) {
    return { ...NOTHING, state: "failed", why: errorMessage(thrown) };
  }
}

function measured({
  why,
  min_cosine,
  max_difference,
  first_ms,
  warm_ms,
}: GoldenResult): Omit<Outcome, "state" | "engine" | "load_ms"> {
  const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    why,
    min_cosine: known(min_cosine),
    max_difference: known(max_difference),
    first_ms: known(first_ms),
    warm_ms: known(warm_ms),
  };
}
