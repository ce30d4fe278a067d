import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { encoderCard, loadModelFolder, registrarCard, rerankerCard } from "../../../models/runtime/model-folder.js";
import { shippedModel } from "../../../models/runtime/paths.js";
import { UserError } from "../../../tiles/errors.js";

const scratch = mkdtempSync(join(tmpdir(), "skylink-models-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A copy of the shipped registrar that may be spoilt. */
function copy(name: string): string {
  const dir = join(scratch, name);
  cpSync(shippedModel("registrar"), dir, { recursive: true });
  return dir;
}

function refusal(dir: string): string {
  try {
    loadModelFolder(dir, registrarCard);
  } catch (thrown) {
    assert.ok(thrown instanceof UserError);
    assert.ok(!thrown.message.includes("\n"));
    return thrown.message;
  }
  throw new Error("the folder was accepted");
}

test("the shipped models are what their cards say", () => {
  const encoder = loadModelFolder(shippedModel("encoder"), encoderCard);
  const reranker = loadModelFolder(shippedModel("reranker"), rerankerCard);
  const registrar = loadModelFolder(shippedModel("registrar"), registrarCard);
  assert.equal(reranker.card.encoder_id, encoder.card.id);
  assert.equal(registrar.card.encoder_id, encoder.card.id);
  for (const { card } of [encoder, reranker, registrar]) assert.ok(card.training_data.length > 0, card.id);
});

test("a file with one byte more, a missing file and a flipped byte are named", () => {
  const longer = copy("longer");
  appendFileSync(join(longer, "correlate.onnx"), "x");
  assert.match(refusal(longer), /longer\/correlate\.onnx: is a file of \d+ bytes/);

  const missing = copy("missing");
  rmSync(join(missing, "correlate.onnx"));
  assert.match(refusal(missing), /missing\/correlate\.onnx: missing/);

  const flipped = copy("flipped");
  const bytes = readFileSync(join(flipped, "correlate.onnx"));
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  writeFileSync(join(flipped, "correlate.onnx"), bytes);
  assert.match(refusal(flipped), /flipped\/correlate\.onnx: is [0-9a-f]{64}, model\.json says/);
});

test("a folder without model.json, text that is no JSON and a wrong field are named", () => {
  assert.match(refusal(join(scratch, "nowhere")), /nowhere\/model\.json: cannot be read/);

  const broken = copy("broken");
  writeFileSync(join(broken, "model.json"), "{");
  assert.match(refusal(broken), /broken\/model\.json: not JSON/);

  const wrong = copy("wrong");
  const card = JSON.parse(readFileSync(join(wrong, "model.json"), "utf8")) as Record<string, unknown>;
  writeFileSync(join(wrong, "model.json"), JSON.stringify({ ...card, beta: -1 }));
  assert.match(refusal(wrong), /wrong\/model\.json: beta: /);
});
