import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { shippedModel } from "../../../models/runtime/paths.js";
import { OnnxSession, outputOf } from "../../../models/runtime/session.js";
import { UserError } from "../../../tiles/errors.js";

const graph = join(shippedModel("registrar"), "correlate.onnx");

test("the ladder logs each rung that fails and ends on the processor", async () => {
  const lines: string[] = [];
  const session = await OnnxSession.create(graph, {
    providers: ["tensorrt", "cuda", "cpu"],
    threads: 1,
    log: (line) => lines.push(line),
  });
  assert.ok(["tensorrt", "cuda", "cpu"].includes(session.provider));
  const failed = ["tensorrt", "cuda", "cpu"].indexOf(session.provider);
  assert.equal(lines.length, failed);
  for (const line of lines) assert.ok(!line.includes("\n"));
  await session.release();
});

test("a file that is no model is refused with its path", async () => {
  await assert.rejects(
    OnnxSession.create(join(shippedModel("registrar"), "model.json")),
    (thrown: unknown) => thrown instanceof UserError && thrown.message.includes("model.json"),
  );
});

test("the correlation graph gives sums of products at every shift", async () => {
  const session = await OnnxSession.create(graph, { threads: 1 });
  const map = Float32Array.from({ length: 2 * 4 * 4 }, (_, i) => (i % 7) - 3);
  const query = Float32Array.from({ length: 2 * 3 * 3 }, (_, i) => (i % 5) - 2);
  const outputs = await session.run({
    map: { data: map, dims: [1, 2, 4, 4] },
    query: { data: query, dims: [1, 2, 3, 3] },
  });
  const score = outputOf(outputs, "score", [1, 1, 2, 2], graph);
  for (let dy = 0; dy < 2; dy++) {
    for (let dx = 0; dx < 2; dx++) {
      let sum = 0;
      for (let c = 0; c < 2; c++) {
        for (let y = 0; y < 3; y++) {
          for (let x = 0; x < 3; x++) {
            sum += (map[c * 16 + (y + dy) * 4 + x + dx] ?? 0) * (query[c * 9 + y * 3 + x] ?? 0);
          }
        }
      }
      assert.ok(Math.abs((score[dy * 2 + dx] ?? Number.NaN) - sum) < 1e-4);
    }
  }
  assert.throws(() => outputOf(outputs, "score", [1, 1, 3, 3], graph), UserError);
  assert.throws(() => outputOf(outputs, "other", [1], graph), UserError);
  await session.release();
});
