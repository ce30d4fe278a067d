import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isHuggingFaceFolder } from "../../../../../agent/vision/rerank/huggingface/files/layout.js";
import { VisionLanguageModel } from "../../../../../agent/vision/rerank/huggingface/vision-language-model.js";
import { UserError } from "../../../../../tiles/errors.js";
import { type FixtureName, missing, pictures, reference } from "./fixture.js";
import { copyFixture, editJson } from "./fixture-copy.js";

interface Case {
  readonly what: string;
  readonly name: FixtureName;
  readonly spoil: (dir: string) => void;
  readonly message: RegExp;
}

const cases: readonly Case[] = [
  {
    what: "a precision that is not there",
    name: "qwen2-vl",
    spoil: (dir) => writeCard(dir, { precision: "q4f16" }),
    message: /has no vision_encoder_q4f16\.onnx \(precision q4f16\); vision_encoder is there in fp32, int8/,
  },
  {
    what: "an unknown precision",
    name: "qwen2-vl",
    spoil: (dir) => writeCard(dir, { precision: "int4" }),
    message: /model\.json: precision/,
  },
  {
    what: "an unknown family",
    name: "smolvlm",
    spoil: (dir) => editJson(dir, "config.json", (config) => ({ ...config, model_type: "smolvm" })),
    message: /config\.json: .*smolvm.*smolvlm/,
  },
  {
    what: "another number of layers than the decoder has",
    name: "smolvlm",
    spoil: (dir) =>
      editJson(dir, "config.json", (config) => ({
        ...config,
        text_config: { ...(config.text_config as object), num_hidden_layers: 3 },
      })),
    message: /decoder_model_merged\.onnx: has 2 layers of cache, config\.json tells 3/,
  },
  {
    what: "no tokenizer",
    name: "qwen2-vl",
    spoil: (dir) => rmSync(join(dir, "tokenizer.json")),
    message: /tokenizer\.json: cannot be read/,
  },
  {
    what: "no chat template",
    name: "qwen2-vl",
    spoil: (dir) => rmSync(join(dir, "chat_template.json")),
    message: /chat_template\.jinja: missing/,
  },
  {
    what: "a broken chat template",
    name: "smolvlm",
    spoil: (dir) => writeFileSync(join(dir, "chat_template.jinja"), "{% for %}"),
    message: /chat_template\.jinja: the chat template cannot be read/,
  },
  {
    what: "a preprocessor without what its family needs",
    name: "smolvlm",
    spoil: (dir) => editJson(dir, "preprocessor_config.json", (config) => ({ ...config, image_mean: [0.5] })),
    message: /preprocessor_config\.json: image_mean/,
  },
  {
    what: "a filter that is not known",
    name: "qwen2-vl",
    spoil: (dir) => editJson(dir, "preprocessor_config.json", (config) => ({ ...config, resample: 5 })),
    message: /resample 5 is not supported/,
  },
  {
    what: "a merge size that does not fit the model",
    name: "qwen2-vl",
    spoil: (dir) => editJson(dir, "preprocessor_config.json", (config) => ({ ...config, merge_size: 4 })),
    message: /merge_size is 4, config\.json tells 2/,
  },
  {
    what: "a score output that the decoder does not have",
    name: "qwen2-vl",
    spoil: (dir) => writeCard(dir, { score_output: "relevance" }),
    message: /has no output relevance; it has logits/,
  },
  {
    what: "a file that model.json gives another hash",
    name: "smolvlm-score",
    spoil: (dir) => writeFileSync(join(dir, "onnx", "embed_tokens.onnx"), "other"),
    message: /embed_tokens\.onnx: is a file of 5 bytes/,
  },
  {
    what: "weights that git-lfs has left behind",
    name: "smolvlm",
    spoil: (dir) =>
      writeFileSync(
        join(dir, "onnx", "embed_tokens.onnx"),
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
      ),
    message: /embed_tokens\.onnx: a pointer of git-lfs/,
  },
  {
    what: "answers that are no tokens",
    name: "smolvlm",
    spoil: (dir) => writeCard(dir, { answers: { yes: ["quite so"], no: ["no"] } }),
    message: /none of "quite so" is a single token/,
  },
];

function writeCard(dir: string, card: object): void {
  writeFileSync(join(dir, "model.json"), JSON.stringify({ format: 1, kind: "reranker-hf", id: "tiny", ...card }));
}

for (const { what, name, spoil, message } of cases) {
  test(`one line says what is wrong: ${what}`, { skip: missing }, async (t) => {
    const dir = copyFixture(t, name, null);
    spoil(dir);
    await assert.rejects(VisionLanguageModel.load(dir, {}), (thrown) => {
      assert.ok(thrown instanceof UserError);
      assert.match(thrown.message, message);
      assert.ok(!thrown.message.includes("\n"));
      return true;
    });
  });
}

test("without a wish the most exact precision that is there is taken", { skip: missing }, async (t) => {
  const dir = copyFixture(t, "smolvlm", null);
  for (const ending of ["", "_int8"]) {
    rmSync(join(dir, "onnx", `decoder_model_merged${ending}.onnx`));
    const model = await VisionLanguageModel.load(dir, {});
    await model.release();
  }
  rmSync(join(dir, "onnx", "decoder_model_merged_q4.onnx"));
  await assert.rejects(VisionLanguageModel.load(dir, {}), /has no decoder_model_merged; there are embed_tokens\.onnx/);
});

test("what the graphs tell themselves may be missing in config.json", { skip: missing }, async (t) => {
  const dir = copyFixture(t, "smolvlm", null);
  editJson(dir, "config.json", ({ model_type }) => ({ model_type }));
  const model = await VisionLanguageModel.load(dir, {});
  const of = reference("smolvlm");
  const { query, candidates } = pictures(of);
  const scores = await model.score(query, candidates, of.values);
  await model.release();
  scores.forEach((score, i) => {
    assert.ok(Math.abs(score - (of.candidates[i]?.score ?? Number.NaN)) < 1e-3);
  });
  rmSync(join(dir, "processor_config.json"));
  await assert.rejects(VisionLanguageModel.load(dir, {}), /processor_config\.json: has no image_seq_len/);
});

test("an image that becomes another number of tokens than the configuration tells", { skip: missing }, async (t) => {
  const dir = copyFixture(t, "smolvlm", null);
  editJson(dir, "processor_config.json", (config) => ({ ...config, image_seq_len: 5 }));
  const model = await VisionLanguageModel.load(dir, {});
  const { query, candidates } = pictures(reference("smolvlm"));
  const { values } = reference("smolvlm");
  try {
    await assert.rejects(model.score(query, candidates, values), /made 20 tokens .* give 25/);
  } finally {
    await model.release();
  }
});

test("a folder is known by its layout", { skip: missing }, (t) => {
  const dir = copyFixture(t, "smolvlm", null);
  assert.equal(isHuggingFaceFolder(dir), true);
  rmSync(join(dir, "onnx"), { recursive: true });
  assert.equal(isHuggingFaceFolder(dir), false);
});
