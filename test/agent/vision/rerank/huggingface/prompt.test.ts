import assert from "node:assert/strict";
import { test } from "node:test";
import { readCard } from "../../../../../agent/vision/rerank/huggingface/files/card.js";
import { ChatTemplate } from "../../../../../agent/vision/rerank/huggingface/files/chat-template.js";
import { readModelConfig } from "../../../../../agent/vision/rerank/huggingface/files/model-config.js";
import { TextTokenizer } from "../../../../../agent/vision/rerank/huggingface/files/text-tokenizer.js";
import { imageReader } from "../../../../../agent/vision/rerank/huggingface/images/reader.js";
import { multimodalPositions, positionFeed } from "../../../../../agent/vision/rerank/huggingface/positions.js";
import { type PreparedPrompt, PromptWriter } from "../../../../../agent/vision/rerank/huggingface/prepared-prompt.js";
import { ImagePrompt } from "../../../../../agent/vision/rerank/huggingface/prompt-parts.js";
import { UserError } from "../../../../../tiles/errors.js";
import { type FixtureName, fixtureFolder, missing, pictures, reference } from "./fixture.js";

function writtenFor(name: FixtureName): { text: string; prompt: PreparedPrompt; tokenizer: TextTokenizer } {
  const dir = fixtureFolder(name);
  const card = readCard(dir);
  const tokenizer = TextTokenizer.load(dir);
  const images = imageReader(dir, readModelConfig(dir), card.image_splitting, tokenizer);
  const template = new ImagePrompt(card.prompt, dir);
  const writer = new PromptWriter(template, card.system, ChatTemplate.load(dir), tokenizer, images.image_token);
  const of = reference(name);
  const { query, candidates } = pictures(of);
  const [first = query] = candidates;
  return {
    text: writer.text(of.values),
    prompt: writer.prepare(of.values, images.prepare(query), images.prepare(first)),
    tokenizer,
  };
}

for (const name of ["smolvlm", "smolvlm-score", "qwen2-vl"] as const) {
  test(`${name}: text and token ids are those of transformers`, { skip: missing }, () => {
    const { text, prompt } = writtenFor(name);
    const of = reference(name);
    assert.equal(text, of.text);
    assert.deepEqual(prompt.ids, of.input_ids);
  });
}

test("Qwen2-VL: positions in time, down and across are those of transformers", { skip: missing }, () => {
  const { prompt } = writtenFor("qwen2-vl");
  const { length } = prompt.ids;
  const { data, dims } = positionFeed(prompt.positions, 0, length, 1);
  assert.deepEqual(dims, [3, 1, length]);
  assert.deepEqual([...data].map(Number), reference("qwen2-vl").position_ids?.flat());
});

test("a part of the positions is repeated for every sequence of a batch", () => {
  const all = multimodalPositions([7, 9, 9, 9, 9, 7], 9, [{ rows: 2, cols: 2 }]);
  const { data, dims } = positionFeed(all, 1, 6, 2);
  assert.deepEqual(dims, [3, 2, 5]);
  const rows = [0, 1, 2].map((axis) => [...data.slice(axis * 10, axis * 10 + 5)].map(Number));
  assert.deepEqual(rows, [
    [1, 1, 1, 1, 3],
    [1, 1, 2, 2, 3],
    [1, 2, 1, 2, 3],
  ]);
  assert.deepEqual(data.slice(0, 5), data.slice(5, 10));
});

test("answers are the spellings that are one token", { skip: missing }, () => {
  for (const name of ["smolvlm", "qwen2-vl"] as const) {
    const { tokenizer } = writtenFor(name);
    const { yes, no } = readCard(fixtureFolder(name)).answers;
    assert.deepEqual(tokenizer.singleTokens(yes), reference(name).answers.yes);
    assert.deepEqual(tokenizer.singleTokens(no), reference(name).answers.no);
    assert.throws(() => tokenizer.singleTokens(["quite so"]), /none of "quite so" is a single token.*"answers"/);
  }
});

test("a prompt needs both images, the query first", () => {
  for (const wrong of ["<query> only", "<candidate> before <query>", "<query><candidate><candidate>"]) {
    assert.throws(() => new ImagePrompt(wrong, "model.json"), UserError);
  }
  assert.throws(() => new ImagePrompt("{height:3} <query><candidate>", "model.json"), /height/);
});
