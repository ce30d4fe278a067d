import { UserError } from "../../tiles/errors.js";
import { type Fit, headingsAround, loadSquare } from "./images.js";
import type { EvalReranker, EvalRetriever } from "./model.js";
import { orderedMap } from "./ordered-map.js";
import { ScoreSum, type Scores } from "./scores.js";
import { BATCH, bestOverHeadings, ranking, type Similarities } from "./search.js";
import type { EvalQuery, EvalTask } from "./task.js";

/** Files decoded at the same time. */
const AHEAD = 8;
/** 1-sigma of a heading that the benchmark tells, degrees; any other is unknown. */
const TOLD_YAW_SIGMA_DEG = 5;
const UNKNOWN_YAW_SIGMA_DEG = 180;

export interface EvaluateOptions {
  readonly retriever: EvalRetriever;
  /** Null leaves re-ranking out. */
  readonly reranker: EvalReranker | null;
  /** How many of the best images of each query are re-ranked. */
  readonly rerank_k: number;
  /** Headings at which each query is tried, evenly around. */
  readonly headings: number;
  /** Turn queries whose heading is told to north-up first. */
  readonly northUp: boolean;
  readonly fit: Fit;
  /** Evaluates only so many queries, evenly spread; null: all. */
  readonly limit: number | null;
  readonly onProgress?: (what: "gallery" | "queries", done: number, total: number) => void;
}

/** Sums over the queries of a task, before re-ranking and after it. */
export interface TaskSums {
  readonly queries: number;
  readonly gallery: number;
  /** Queries of which the gallery has no true image; they count as missed. */
  readonly without_true_image: number;
  readonly before: ScoreSum;
  readonly after: ScoreSum | null;
  readonly seconds: number;
}

/** Figures of one row of the table. */
export interface TaskFigures {
  readonly name: string;
  readonly queries: number;
  readonly gallery: number;
  readonly without_true_image: number;
  readonly before: Scores;
  readonly after: Scores | null;
  readonly seconds: number;
}

/**
 * Runs one task: vectors of the whole gallery, then query by query exact search, re-ranking of the best, figures.
 *
 * Memory: the gallery's vectors (4 bytes an element), one query, and the re-ranker's bounded store of features.
 *
 * @throws UserError when an image cannot be decoded; nothing is skipped silently
 */
export async function evaluateTask(task: EvalTask, options: EvaluateOptions): Promise<TaskSums> {
  const started = performance.now();
  const { retriever, reranker, limit, onProgress } = options;
  if (task.gallery.length === task.junk.size) throw new UserError("the gallery has no image besides junk");
  const vectors = await embedGallery(task, options);
  reranker?.open(task.gallery);
  const before = new ScoreSum();
  const after = reranker === null ? null : new ScoreSum();
  const chosen = spread(task.queries.length, limit);
  const load = (index: number): Promise<Uint8Array> => loadSquare(queryAt(task, index), retriever.side_px, options.fit);
  let done = 0;
  let without = 0;
  for await (const picture of orderedMap(chosen, AHEAD, load)) {
    const index = chosen[done] as number;
    const query = queryAt(task, index);
    const headings_deg = headingsOf(query, options);
    const rows = await retriever.embedQuery(picture, headings_deg);
    const similarities = bestOverHeadings(vectors, rows, retriever.width);
    const order = ranking(similarities.best, task.junk);
    if (query.positives.length === 0) without++;
    before.add(task, index, order);
    if (reranker !== null && after !== null) {
      await reorder(order, similarities, query, headings_deg, reranker, options);
      after.add(task, index, order);
    }
    done++;
    onProgress?.("queries", done, chosen.length);
  }
  const seconds = (performance.now() - started) / 1000;
  return { queries: chosen.length, gallery: task.gallery.length, without_true_image: without, before, after, seconds };
}

async function embedGallery(task: EvalTask, options: EvaluateOptions): Promise<Float32Array> {
  const { retriever, fit, onProgress } = options;
  const vectors = new Float32Array(task.gallery.length * retriever.width);
  let waiting: Uint8Array[] = [];
  let done = 0;
  const flush = async (): Promise<void> => {
    vectors.set(await retriever.embed(waiting), done * retriever.width);
    done += waiting.length;
    waiting = [];
    onProgress?.("gallery", done, task.gallery.length);
  };
  for await (const picture of orderedMap(task.gallery, AHEAD, (image) => loadSquare(image, retriever.side_px, fit))) {
    waiting.push(picture);
    if (waiting.length === BATCH) await flush();
  }
  if (waiting.length > 0) await flush();
  return vectors;
}

/** Puts the first `rerank_k` of a ranking into the re-ranker's order, in place. */
async function reorder(
  order: Uint32Array,
  { best, heading }: Similarities,
  query: EvalQuery,
  headings_deg: readonly number[],
  reranker: EvalReranker,
  options: EvaluateOptions,
): Promise<void> {
  const found = Array.from(order.subarray(0, options.rerank_k), (index) => ({
    index,
    similarity: best[index] as number,
    heading: heading[index] as number,
  }));
  const told = options.northUp && query.yaw_deg !== undefined && options.headings === 1;
  const prompt = { ...query.view, yaw_sigma_deg: told ? TOLD_YAW_SIGMA_DEG : UNKNOWN_YAW_SIGMA_DEG };
  const picture = await loadSquare(query, reranker.side_px, options.fit);
  order.set(await reranker.rank(picture, headings_deg, found, prompt));
}

function headingsOf(query: EvalQuery, { headings, northUp }: EvaluateOptions): number[] {
  const base = northUp ? (query.yaw_deg ?? 0) : 0;
  return headingsAround(headings).map((deg) => base + deg);
}

function queryAt(task: EvalTask, index: number): EvalQuery {
  const query = task.queries[index];
  if (query === undefined) throw new RangeError(`no query ${index}`);
  return query;
}

/** All indices below n, or `limit` of them evenly spread. */
function spread(n: number, limit: number | null): number[] {
  const count = limit === null ? n : Math.min(n, limit);
  return Array.from({ length: count }, (_, i) => Math.floor((i * n) / count));
}

/** Sums of a task as figures under a name. */
export function figures(name: string, sums: TaskSums): TaskFigures {
  const { before, after, ...counts } = sums;
  return { name, ...counts, before: before.scores(), after: after?.scores() ?? null };
}

/** All tasks' queries as if they were one task's, each judged in its own gallery. */
export function pooled(tasks: readonly TaskSums[]): TaskSums {
  const before = new ScoreSum();
  const after = new ScoreSum();
  const total = (value: (task: TaskSums) => number): number => tasks.reduce((sum, task) => sum + value(task), 0);
  for (const task of tasks) {
    before.merge(task.before);
    if (task.after !== null) after.merge(task.after);
  }
  return {
    queries: total((task) => task.queries),
    gallery: total((task) => task.gallery),
    without_true_image: total((task) => task.without_true_image),
    before,
    after: tasks.some((task) => task.after === null) ? null : after,
    seconds: total((task) => task.seconds),
  };
}
