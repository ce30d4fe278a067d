import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Encoder } from "../../../models/runtime/encoder.js";
import type { SessionOptions } from "../../../models/runtime/session.js";
import { UserError } from "../../../tiles/errors.js";
import { unknownWord } from "../../text/nearest.js";
import { CompactReranker } from "./compact-reranker.js";
import { readJsonFile } from "./huggingface/files/json-file.js";
import { isHuggingFaceFolder } from "./huggingface/files/layout.js";
import { HuggingFaceReranker } from "./huggingface/huggingface-reranker.js";
import type { PixelMap } from "./pixel-agreement.js";
import type { Reranker } from "./reranker.js";

/** Kinds of re-rankers, as model.json names them. */
export const RERANKER_KINDS = ["reranker", "reranker-hf"] as const;
export type RerankerKind = (typeof RERANKER_KINDS)[number];

/**
 * What kind of re-ranker a folder holds: what its model.json says, or a Hugging Face model when it has the layout of
 * one.
 *
 * @throws UserError when it holds none
 */
export function rerankerKind(dir: string): RerankerKind {
  const card = join(dir, "model.json");
  if (existsSync(card)) {
    const { kind } = readJsonFile(card, z.object({ kind: z.string() }));
    const known = RERANKER_KINDS.find((one) => one === kind);
    if (known === undefined) throw new UserError(`${card}: ${unknownWord("kind of re-ranker", kind, RERANKER_KINDS)}`);
    return known;
  }
  if (isHuggingFaceFolder(dir)) return "reranker-hf";
  throw new UserError(
    `${dir}: no re-ranker: it has neither model.json nor a Hugging Face model (config.json and a folder onnx/)`,
  );
}

/**
 * Opens a re-ranker by its folder.
 *
 * @throws UserError when the folder holds none, or one that cannot be used with this encoder
 */
export async function loadReranker(
  dir: string,
  encoder: Encoder,
  map: PixelMap,
  options: SessionOptions,
): Promise<Reranker> {
  if (rerankerKind(dir) === "reranker") return CompactReranker.load(dir, encoder, map, options);
  return HuggingFaceReranker.load(dir, map, encoder.fillColour, options);
}
