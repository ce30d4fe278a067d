import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { readModelConfig } from "../../../../../agent/vision/rerank/huggingface/files/model-config.js";
import { Decoder } from "../../../../../agent/vision/rerank/huggingface/graphs/decoder.js";
import type { Embeddings } from "../../../../../agent/vision/rerank/huggingface/graphs/token-embedding.js";
import { countedPositions, multimodalPositions } from "../../../../../agent/vision/rerank/huggingface/positions.js";
import { fixtureFolder, missing } from "./fixture.js";

const LENGTH = 9;
const WIDTH = 16;

function vectors(from: number, to: number, seed: number): Embeddings {
  const data = Float32Array.from({ length: (to - from) * WIDTH }, (_, i) => Math.sin((from * WIDTH + i) * 0.7 + seed));
  return { data, length: to - from, width: WIDTH };
}

for (const name of ["smolvlm", "qwen2-vl"] as const) {
  test(`${name}: wherever a sequence is cut, reading on from the cache equals reading it at once`, {
    skip: missing,
  }, async () => {
    const dir = fixtureFolder(name);
    const { decoder: shape, family } = readModelConfig(dir);
    const decoder = await Decoder.load(join(dir, "onnx", "decoder_model_merged.onnx"), shape, undefined, {});
    const ids = [1, 1, 5, 5, 5, 5, 1, 1, 1];
    const positions =
      family === "idefics3" ? countedPositions(LENGTH) : multimodalPositions(ids, 5, [{ rows: 2, cols: 2 }]);
    try {
      const whole = await decoder.read([vectors(0, LENGTH, 0)], positions, decoder.empty);
      for (const cut of [1, 4, 8]) {
        const prefix = await decoder.read([vectors(0, cut, 0)], positions, decoder.empty);
        assert.equal(prefix.cache.length, cut);
        // Others in the batch must not be seen.
        const rest = [vectors(cut, LENGTH, 3), vectors(cut, LENGTH, 0)];
        const { last } = await decoder.read(rest, positions, prefix.cache);
        assert.equal(last.length, 2);
        const worst = (row: Float32Array | undefined): number =>
          Math.max(...(whole.last[0] ?? []).map((value, i) => Math.abs(value - (row?.[i] ?? Number.NaN))));
        assert.ok(worst(last[1]) < 1e-4, `cut at ${cut}: ${worst(last[1])}`);
        assert.ok(worst(last[0]) > 1e-2);
      }
    } finally {
      await decoder.release();
    }
  });
}
