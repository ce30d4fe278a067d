import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { rerankerKind } from "../../../../agent/vision/rerank/load-reranker.js";
import { UserError } from "../../../../tiles/errors.js";

test("a folder says by its model.json or its layout what re-ranker it holds", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "reranker-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  assert.throws(() => rerankerKind(dir), /neither model\.json nor a Hugging Face model/);
  mkdirSync(join(dir, "onnx"));
  writeFileSync(join(dir, "config.json"), "{}");
  assert.equal(rerankerKind(dir), "reranker-hf");
  const card = join(dir, "model.json");
  for (const kind of ["reranker", "reranker-hf"]) {
    writeFileSync(card, JSON.stringify({ kind }));
    assert.equal(rerankerKind(dir), kind);
  }
  writeFileSync(card, JSON.stringify({ kind: "rerankr" }));
  assert.throws(() => rerankerKind(dir), /unknown kind of re-ranker "?rerankr"?.*reranker/);
  writeFileSync(card, "{");
  assert.throws(() => rerankerKind(dir), UserError);
});
