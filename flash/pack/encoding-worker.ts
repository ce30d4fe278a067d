import { parentPort } from "node:worker_threads";
import { type ImageEmbedder, loadEmbedder } from "../../models/runtime/embedder.js";
import { Encoder } from "../../models/runtime/encoder.js";
import { errorMessage, UserError } from "../../tiles/errors.js";
import { CellAssembler, type DescribedCell } from "./cells.js";
import { EmbeddedWindows, PooledWindows } from "./describers.js";
import { blockPixels, encodeBlock } from "./encode-block.js";
import type { EncodingAnswer, EncodingRequest } from "./encoding-protocol.js";

// onnxruntime blocks the thread it runs on; in a thread of its own the progress line and Ctrl-C stay alive.

let encoder: Encoder | undefined;
let embedder: ImageEmbedder | undefined;
let assembler: CellAssembler | undefined;
/** Makes the descriptors of the index, where it is not the encoder that does. */
let plugged: CellAssembler | undefined;

async function answer(request: EncodingRequest): Promise<EncodingAnswer> {
  if (request.kind === "load") {
    const { modelDir, retrieverDir, threads } = request.models;
    encoder = await Encoder.load(modelDir, { threads });
    if (retrieverDir !== undefined) embedder = await loadEmbedder(retrieverDir, { threads });
    return { kind: "done" };
  }
  if (encoder === undefined) throw new Error("no model is loaded");
  if (request.kind === "panel") {
    assembler = new CellAssembler(request.panel, new PooledWindows(encoder));
    if (embedder !== undefined) plugged = new CellAssembler(request.panel, new EmbeddedWindows(embedder));
    return { kind: "done" };
  }
  if (assembler === undefined) throw new Error("no panel was begun");
  if (request.kind === "end-row") return { kind: "cells", cells: await endRow(assembler) };
  const { features, coarse, seen } = await encodeBlock(encoder, request.image);
  assembler.add(request.first_col, coarse, seen);
  if (embedder !== undefined) plugged?.add(request.first_col, blockPixels(request.image, embedder.fillColour), seen);
  return { kind: "block", features };
}

/** Both assemblers saw the same imagery, so their cells are the same, in the same order. */
async function endRow(own: CellAssembler): Promise<DescribedCell[]> {
  const cells = await own.endRow();
  if (plugged === undefined) return cells;
  const described = await plugged.endRow();
  return described.map((cell, at) => {
    const twin = cells[at];
    if (twin?.col !== cell.col || twin.row !== cell.row) throw new Error("the cells of two describers differ");
    return { ...cell, encoders: twin.descriptor };
  });
}

async function answerOrFail(request: EncodingRequest): Promise<EncodingAnswer> {
  try {
    return await answer(request);
  } catch (thrown) {
    const stack = thrown instanceof Error ? (thrown.stack ?? "") : "";
    return { kind: "failed", message: errorMessage(thrown), user: thrown instanceof UserError, stack };
  }
}

let last: Promise<void> = Promise.resolve();
parentPort?.on("message", (request: EncodingRequest) => {
  // One after the other: the assembler's rows rely on the order.
  last = last.then(async () => {
    const reply = await answerOrFail(request);
    parentPort?.postMessage(reply, reply.kind === "block" ? [reply.features.buffer] : []);
  });
});
