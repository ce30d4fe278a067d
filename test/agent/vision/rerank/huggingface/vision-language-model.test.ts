import assert from "node:assert/strict";
import { test } from "node:test";
import type { PrecisionChoice } from "../../../../../agent/vision/rerank/huggingface/files/layout.js";
import { VisionLanguageModel } from "../../../../../agent/vision/rerank/huggingface/vision-language-model.js";
import { type FixtureName, fixtureFolder, missing, pictures, reference } from "./fixture.js";
import { copyFixture } from "./fixture-copy.js";

async function scores(dir: string, name: FixtureName, reverse = false): Promise<number[]> {
  const of = reference(name);
  const { query, candidates } = pictures(of);
  const model = await VisionLanguageModel.load(dir, {});
  try {
    return await model.score(query, reverse ? candidates.reverse() : candidates, of.values);
  } finally {
    await model.release();
  }
}

function near(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    const wanted = expected[i] ?? Number.NaN;
    assert.ok(Math.abs(value - wanted) < tolerance, `candidate ${i}: ${value}, expected ${wanted}`);
  });
}

for (const name of ["smolvlm", "smolvlm-score", "qwen2-vl"] as const) {
  const expected = (): number[] => reference(name).candidates.map(({ score }) => score);

  test(`${name}: with the prefix read once, every candidate scores as in one forward pass of transformers`, {
    skip: missing,
  }, async () => {
    near(await scores(fixtureFolder(name), name), expected(), 1e-3);
  });

  test(`${name}: neither the order of candidates nor the batch they are in matters`, { skip: missing }, async (t) => {
    near(await scores(fixtureFolder(name), name, true), expected().reverse(), 1e-3);
    const batched = copyFixture(t, name, { batch: 2 });
    near(await scores(batched, name), expected(), 1e-3);
  });
}

// Qwen2-VL's int8 vision encoder names its grid as Qwen2.5-VL's do, SmolVLM's q4 decoder takes use_cache_branch.
const smaller: readonly (readonly [FixtureName, PrecisionChoice])[] = [
  ["smolvlm", "int8"],
  ["qwen2-vl", "int8"],
  ["smolvlm", { decoder_model_merged: "q4" }],
  ["qwen2-vl", { decoder_model_merged: "q4", vision_encoder: "int8" }],
  ["qwen2-vl", { decoder_model_merged: "fp16" }],
];
for (const [name, precision] of smaller) {
  test(`${name} runs at ${JSON.stringify(precision)}`, { skip: missing }, async (t) => {
    const made = await scores(copyFixture(t, name, { precision }), name);
    const exact = reference(name).candidates.map(({ score }) => score);
    // Random weights make much of every rounding: how near a trained model stays is for its own measurements.
    near(made, exact, 10);
    made.forEach((score, i) => {
      assert.notEqual(score, exact[i], "the smaller graphs are the ones that were run");
    });
  });
}

test("half floats go in and out, the cache too, alone and in a batch", { skip: missing }, async (t) => {
  const exact = reference("qwen2-vl").candidates.map(({ score }) => score);
  for (const batch of [1, 3]) {
    const dir = copyFixture(t, "qwen2-vl", { precision: { decoder_model_merged: "fp16" }, batch });
    near(await scores(dir, "qwen2-vl"), exact, 0.05);
  }
});

test("no candidates, no work; candidates of different size are refused", { skip: missing }, async () => {
  const of = reference("smolvlm");
  const { query, candidates } = pictures(of);
  const model = await VisionLanguageModel.load(fixtureFolder("smolvlm"), {});
  try {
    assert.deepEqual(await model.score(query, [], of.values), []);
    const [first = query] = candidates;
    const other = { width: 8, height: 8, rgb: new Uint8Array(192) };
    await assert.rejects(model.score(query, [first, other], of.values), RangeError);
  } finally {
    await model.release();
  }
});
