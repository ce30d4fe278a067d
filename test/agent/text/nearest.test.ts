import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestWord, unknownWord } from "../../../agent/text/nearest.js";

test("a misspelled word finds the valid one", () => {
  const valid = ["width_px", "height_px", "fx"];
  assert.equal(nearestWord("widht_px", valid), "width_px");
  assert.equal(nearestWord("Height", valid), "height_px");
  assert.equal(nearestWord("temperature", valid), null);
});

test("the message names the word, the guess and all valid words", () => {
  assert.equal(unknownWord("key", "fxx", ["fx", "fy"]), 'unknown key "fxx"; did you mean "fx"? valid: fx, fy');
});
