import assert from "node:assert/strict";
import { test } from "node:test";
import { flownSeconds, wholeLines } from "../../../bench/endurance/flown.js";

test("a log that is being written ends with its last whole line", () => {
  const text = '{"t_s":3}\n{"t_s":63.5}\n{"t_';
  assert.equal(flownSeconds(wholeLines(text), 3.5), 60);
  assert.equal(flownSeconds(wholeLines(text), null), 0);
  assert.equal(flownSeconds(wholeLines('{"t'), 3), 0);
});
