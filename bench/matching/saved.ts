import { readFileSync } from "node:fs";
import { z } from "zod";
import { errorMessage, UserError } from "../../tiles/errors.js";
import type { Registered } from "./registration-run.js";
import type { RankRecord } from "./retrieval-run.js";

const rank = z.number().nullable();
const rankRecord = z.object({
  gallery: z.number(),
  setting: z.string(),
  pair: z.string(),
  set: z.string(),
  seen: z.boolean(),
  view: z.object({ x: z.number(), y: z.number(), heading_deg: z.number() }),
  retrieved: rank,
  reranked: rank,
  best_similarity: z.number().nullable(),
  right_similarity: z.number().nullable(),
  retrieved_on: z.string().nullable(),
  reranked_on: z.string().nullable(),
  deep: rank,
  retrieve_cpu_ms: z.number(),
  rerank_cpu_ms: z.number(),
}) satisfies z.ZodType<RankRecord>;

const registered = z.object({
  scene: z.string(),
  setting: z.string(),
  shot: z.string(),
  seen: z.boolean(),
  right: z.boolean(),
  method: z.string(),
  error_m: z.number().nullable(),
  error_px: z.number().nullable(),
  /** Runs saved before it was told lack it. */
  eph_m: z.number().nullable().default(null),
  score: z.number(),
  accepted: z.boolean().nullable(),
  cpu_ms: z.number(),
  map_cpu_ms: z.number().nullable(),
}) satisfies z.ZodType<Registered>;

const retrievalFile = z.object({
  benchmark: z.literal("retrieval"),
  encoder: z.string(),
  candidates: z.number(),
  galleries: z.record(z.string(), z.number()),
  records: z.array(rankRecord),
});
const registrationFile = z.object({
  benchmark: z.literal("registration"),
  encoder: z.string(),
  records: z.array(registered),
  whole_map_records: z.array(registered),
});
const savedRun = z.discriminatedUnion("benchmark", [retrievalFile, registrationFile]);

/** What `--json` of bench/retrieval or bench/registration wrote. */
export type SavedRun = z.infer<typeof savedRun>;

/** @throws UserError when the file cannot be read or is no such report */
export function readRun(path: string): SavedRun {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, "utf8"));
  } catch (thrown) {
    throw new UserError(`${path}: cannot be read as JSON: ${errorMessage(thrown)}`);
  }
  const parsed = savedRun.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UserError(
    `${path}: is not a report of bench/retrieval or bench/registration (${issue?.path.join(".")}: ${issue?.message})`,
  );
}
