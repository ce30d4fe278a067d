import { loadEmbedder } from "../../models/runtime/embedder.js";
import { type Encoder, Encoder as EncoderModel } from "../../models/runtime/encoder.js";
import type { GoldenSection } from "../../models/runtime/golden.js";
import { loadModelFolder, registrarCard, rerankerCard } from "../../models/runtime/model-folder.js";
import { OnnxSession, type Provider, type SessionOptions } from "../../models/runtime/session.js";
import { errorMessage, UserError } from "../../tiles/errors.js";
import type { ModelFolders } from "../config/load.js";
import { VisionLanguageModel } from "../vision/rerank/huggingface/vision-language-model.js";
import { rerankerKind } from "../vision/rerank/load-reranker.js";
import { checkCpu } from "../warmup/cpu-check.js";
import { type Check, checksOf } from "./checks.js";

const check = checksOf("models");

/** Side of the picture that is encoded to see whether and how fast it goes: a multiple of every stride. */
const TRIAL_PX = 256;
const TRIAL_RUNS = 3;

/** How models are loaded. */
export interface ModelOptions {
  readonly folders: ModelFolders;
  readonly providers: readonly Provider[];
  readonly threads: number;
  /** Folder of the engines that `skylink-agent warmup` made for TensorRT. */
  readonly engines?: string;
}

/** Loads every model as the agent does, on the first rung of the provider ladder that takes it, and encodes a picture. */
export async function checkModels({ folders, providers, threads, engines }: ModelOptions): Promise<Check[]> {
  const failures = new Set<string>();
  const log = (line: string): unknown => failures.add(line);
  const session: SessionOptions = { providers, threads, log, ...(engines === undefined ? {} : { engines }) };
  const checks: Check[] = [];
  let encoderId: string | null = null;
  await attempt(checks, "encoder", async () => {
    const encoder = await EncoderModel.load(folders.encoder, session);
    try {
      encoderId = encoder.id;
      return `${encoder.id}, ${TRIAL_PX} x ${TRIAL_PX} px in ${(await encodeTime(encoder)).toFixed(0)} ms`;
    } finally {
      await encoder.release();
    }
  });
  if (folders.reranker === null) checks.push(check("reranker", "skipped", "left out by the configuration"));
  else await attempt(checks, "reranker", () => reranks(folders.reranker ?? "", encoderId, session));
  await attempt(checks, "registrar", () => loads(folders.registrar, registrarCard, encoderId, session));
  const { retriever } = folders;
  if (retriever !== undefined) await attempt(checks, "retriever", () => embeds(retriever, session));
  checks.push(ladder(providers, failures), ...(await cpuOutput(folders, threads)));
  return checks;
}

async function attempt(checks: Check[], name: string, load: () => Promise<string>): Promise<void> {
  try {
    checks.push(check(name, "ok", await load()));
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    checks.push(check(name, "problem", errorMessage(thrown)));
  }
}

async function encodeTime(encoder: Encoder): Promise<number> {
  const picture = new Uint8Array(TRIAL_PX * TRIAL_PX * 3).map((_, i) => (i * 7919) % 256);
  let best_ms = Number.POSITIVE_INFINITY;
  for (let run = 0; run < TRIAL_RUNS; run++) {
    const from_ms = performance.now();
    const { data } = await encoder.encodeDense(picture, 1, TRIAL_PX, TRIAL_PX);
    best_ms = Math.min(best_ms, performance.now() - from_ms);
    if (!data.every(Number.isFinite))
      throw new UserError(`${encoder.id}: its features are not numbers: a broken model or driver`);
  }
  return best_ms;
}

type CardSchema = typeof rerankerCard | typeof registrarCard;

async function loads(
  dir: string,
  schema: CardSchema,
  encoderId: string | null,
  options: SessionOptions,
): Promise<string> {
  const folder = loadModelFolder<{
    kind: string;
    id: string;
    encoder_id: string;
    files: Record<string, { bytes: number; sha256: string }>;
    graph: { file: string };
    golden?: GoldenSection | undefined;
  }>(dir, schema);
  const { id, encoder_id, graph } = folder.card;
  if (encoderId !== null && encoder_id !== encoderId) {
    throw new UserError(`${id} reads the features of ${encoder_id}, but the encoder is ${encoderId}`);
  }
  const loaded = await OnnxSession.open(folder, graph.file, options);
  await loaded.release();
  return `${id} on ${loaded.provider}`;
}

/** A vision-language model is loaded whole: files, tokenizer, chat template and its three graphs. */
async function reranks(dir: string, encoderId: string | null, options: SessionOptions): Promise<string> {
  if (rerankerKind(dir) === "reranker") return loads(dir, rerankerCard, encoderId, options);
  const model = await VisionLanguageModel.load(dir, options);
  await model.release();
  return `${model.card.id} on ${model.providers.join(", ")}`;
}

/** Embeds one picture: the graph runs, and gives finite vectors of the width that its card tells. */
async function embeds(dir: string, options: SessionOptions): Promise<string> {
  const embedder = await loadEmbedder(dir, options);
  try {
    const { side_px, width, id } = embedder;
    const from_ms = performance.now();
    await embedder.embed(
      new Uint8Array(side_px * side_px * 3).map((_, i) => (i * 7919) % 256),
      1,
    );
    return `${id}, ${side_px} x ${side_px} px to ${width} numbers in ${(performance.now() - from_ms).toFixed(0)} ms`;
  } finally {
    await embedder.release();
  }
}

/** Whether this processor computes what the models' golden output says; nothing to tell where there is none. */
async function cpuOutput(folders: ModelFolders, threads: number): Promise<Check[]> {
  const { compared, different } = await checkCpu(folders, threads);
  if (compared === 0) return [];
  if (different.length === 0) return [check("cpu output", "ok", `${compared} networks compute their golden output`)];
  const advice = "int8 differs between processors, or onnxruntime is damaged: see docs/providers.md";
  return [check("cpu output", "warning", `${different.join("; ")}; ${advice}`)];
}

/** One reason for each rung that failed: every model fails there alike. */
function ladder(providers: readonly Provider[], failures: ReadonlySet<string>): Check {
  const wanted = providers.join(", ");
  if (failures.size === 0) return check("providers", "ok", `${providers[0] ?? "none"} (of ${wanted})`);
  const reasons = providers.flatMap((provider) => {
    const line = [...failures].find((one) => one.startsWith(`${provider}: `));
    return line === undefined ? [] : [line.replace(/ \S+\.onnx:/, "")];
  });
  return check("providers", "warning", `not all of ${wanted} can be used: ${reasons.join("; ")}`);
}
