import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ChatTemplate } from "../../../../../agent/vision/rerank/huggingface/files/chat-template.js";
import { readModelConfig } from "../../../../../agent/vision/rerank/huggingface/files/model-config.js";
import { TextTokenizer } from "../../../../../agent/vision/rerank/huggingface/files/text-tokenizer.js";
import { imageReader } from "../../../../../agent/vision/rerank/huggingface/images/reader.js";
import { type FixtureName, missing, picture } from "./fixture.js";
import { copyFixture, editJson } from "./fixture-copy.js";

const MESSAGES = [{ role: "user", content: [{ type: "text", text: "yes or no?" }] }] as const;

test("the chat template is found wherever folders keep it, with the tokens that it names", { skip: missing }, (t) => {
  const dir = copyFixture(t, "smolvlm", null);
  const plain = ChatTemplate.load(dir).render(MESSAGES);
  assert.equal(plain, "<|im_start|>User: yes or no?<end_of_utterance>\nAssistant:");
  const source = readFileSync(join(dir, "chat_template.jinja"), "utf8");
  rmSync(join(dir, "chat_template.jinja"));
  writeFileSync(join(dir, "chat_template.json"), JSON.stringify({ chat_template: source }));
  assert.equal(ChatTemplate.load(dir).render(MESSAGES), plain);
  rmSync(join(dir, "chat_template.json"));
  const several = [
    { name: "tool_use", template: "tools" },
    { name: "default", template: "{{ bos_token }}{{ messages[0].role }}{{ eos_token }}" },
  ];
  editJson(dir, "tokenizer_config.json", (config) => ({
    ...config,
    bos_token: { content: "<s>", special: true },
    eos_token: "</s>",
    chat_template: several,
  }));
  assert.equal(ChatTemplate.load(dir).render(MESSAGES), "<s>user</s>");
});

test("a template that refuses the prompt is named", { skip: missing }, (t) => {
  const dir = copyFixture(t, "smolvlm", null);
  writeFileSync(join(dir, "chat_template.jinja"), "{{ raise_exception('no system role') }}");
  assert.throws(
    () => ChatTemplate.load(dir).render(MESSAGES),
    /chat_template\.jinja: the chat template refuses .*no system role/,
  );
});

for (const name of ["smolvlm", "qwen2-vl"] as const satisfies readonly FixtureName[]) {
  test(`${name}: newer folders keep the image processor's settings in processor_config.json`, {
    skip: missing,
  }, (t) => {
    const dir = copyFixture(t, name, null);
    const pixels = (): Float32Array => {
      const reader = imageReader(dir, readModelConfig(dir), undefined, TextTokenizer.load(dir));
      return reader.prepare(picture(60, 40, 3)).feeds.pixel_values.data;
    };
    const before = pixels();
    const image_processor = JSON.parse(readFileSync(join(dir, "preprocessor_config.json"), "utf8"));
    rmSync(join(dir, "preprocessor_config.json"));
    assert.throws(pixels, /preprocessor_config\.json: missing/);
    const rest = name === "smolvlm" ? { image_seq_len: 4 } : {};
    writeFileSync(join(dir, "processor_config.json"), JSON.stringify({ ...rest, image_processor }));
    assert.deepEqual(pixels(), before);
  });
}

test("config.json without image_token_id: the family's own image token", { skip: missing }, (t) => {
  const dir = copyFixture(t, "qwen2-vl", null);
  editJson(dir, "config.json", ({ image_token_id, ...rest }) => rest);
  const reader = imageReader(dir, readModelConfig(dir), undefined, TextTokenizer.load(dir));
  assert.equal(reader.image_token, "<|image_pad|>");
  assert.throws(() => imageReader(dir, readModelConfig(dir), true, TextTokenizer.load(dir)), /qwen2_vl do not split/);
});
