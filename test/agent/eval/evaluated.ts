import { type EvaluateOptions, evaluateTask, figures, pooled, type TaskFigures } from "../../../agent/eval/evaluate.js";
import { retrieverOf } from "../../../agent/eval/model.js";
import type { OpenDataset } from "../../../agent/eval/task.js";
import { QuarterEmbedder } from "./small-images.js";

export const PLAIN: EvaluateOptions = {
  retriever: retrieverOf(new QuarterEmbedder()),
  reranker: null,
  rerank_k: 20,
  headings: 1,
  northUp: false,
  fit: "squeeze",
  limit: null,
};

/** The figures of all tasks of a data set by name, the pooled row included. */
export async function evaluated(
  { tasks, pooled: poolName }: OpenDataset,
  options: Partial<EvaluateOptions> = {},
): Promise<Map<string, TaskFigures>> {
  const sums = [];
  const rows = new Map<string, TaskFigures>();
  for (const { name, open } of tasks) {
    const { task, close } = await open();
    const sum = await evaluateTask(task, { ...PLAIN, ...options });
    close();
    sums.push(sum);
    rows.set(name, figures(name, sum));
  }
  if (poolName !== null) rows.set(poolName, figures(poolName, pooled(sums)));
  return rows;
}

/** A figure to nine decimals, for comparing. */
export function round9(value: number | undefined): number {
  return Math.round((value ?? Number.NaN) * 1e9) / 1e9;
}
