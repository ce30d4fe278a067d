import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { PromptTemplate, seasonOf } from "../../../../agent/vision/rerank/prompt.js";
import { WordTokenizer } from "../../../../agent/vision/rerank/tokenizer.js";

const dir = mkdtempSync(join(tmpdir(), "prompt-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const values = {
  agl_m: 119.6,
  footprint_m: 67.2,
  gsd_cm: 30,
  yaw_sigma_deg: 5,
  agl_sigma_percent: 5,
  off_nadir_deg: 3,
  map_age_months: 15,
  month: 9,
};

test("fields become whole numbers of fixed width, cut to what fits", () => {
  const template = new PromptTemplate("height {agl_m:4} m month {month:2} sigma {yaw_sigma_deg:3}", "m");
  assert.equal(template.render(values), "height 0120 m month 09 sigma 005");
  assert.equal(template.render({ ...values, agl_m: 123456, month: -3 }), "height 9999 m month 00 sigma 005");
});

test("a template that cannot be filled is refused", () => {
  assert.throws(
    () => new PromptTemplate("{agl:4}", "model.json"),
    /model\.json: prompt\.template: unknown value "agl"; did/,
  );
  assert.throws(() => new PromptTemplate("{agl_m}", "model.json"), /a field is written \{name:width\}/);
});

test("the season comes from capture time and imagery date, and is 0 when unknown", () => {
  const october = Date.UTC(2025, 9, 5) * 1000;
  assert.deepEqual(seasonOf(october, "2024-07-20"), { map_age_months: 15, month: 10 });
  assert.deepEqual(seasonOf(october, null), { map_age_months: 0, month: 10 });
  assert.deepEqual(seasonOf(5_000_000, "2024-07-20"), { map_age_months: 0, month: 0 });
  assert.deepEqual(seasonOf(october, "2030-01-01"), { map_age_months: 0, month: 10 });
});

test("words and digits become ids, padded at the end", () => {
  const path = join(dir, "tokenizer.json");
  writeFileSync(path, JSON.stringify({ format: 1, words: ["<pad>", "height", "m", "0", "1", "2"] }));
  const tokenizer = WordTokenizer.load(path);
  assert.deepEqual(tokenizer.encode("height 0120 m"), [1, 3, 4, 5, 3, 2]);
  assert.deepEqual(tokenizer.encodePadded("height 1", 4), [1, 4, 0, 0]);
  assert.throws(() => tokenizer.encodePadded("height 1 1 1", 3), /has 4 tokens, the model takes 3/);
  assert.throws(() => tokenizer.encode("hight"), /unknown word "hight"; did you mean "height"\?/);
});

test("a tokenizer file that is none is refused", () => {
  const path = join(dir, "wrong.json");
  writeFileSync(path, "{");
  assert.throws(() => WordTokenizer.load(path), /wrong\.json: cannot be read as JSON/);
  writeFileSync(path, JSON.stringify({ format: 2, words: ["a"] }));
  assert.throws(() => WordTokenizer.load(path), /wrong\.json: format: /);
});
