import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidArgumentError } from "commander";
import { positiveNumber, providerLadder, wholeNumber } from "../../../agent/commands/options.js";

test("a ladder of providers keeps its order, and a misspelled one is named with the nearest", () => {
  assert.deepEqual(providerLadder("tensorrt, cuda,cpu"), ["tensorrt", "cuda", "cpu"]);
  assert.throws(
    () => providerLadder("tensort,cpu"),
    (thrown: unknown) => thrown instanceof InvalidArgumentError && /did you mean "tensorrt"/.test(thrown.message),
  );
});

test("numbers are numbers", () => {
  assert.equal(wholeNumber(1)("12"), 12);
  for (const text of ["0", "-1", "1.5", "", "x"]) assert.throws(() => wholeNumber(1)(text), InvalidArgumentError);
  assert.equal(positiveNumber("0.5"), 0.5);
  for (const text of ["0", "-3", "", "NaN", "Infinity"])
    assert.throws(() => positiveNumber(text), InvalidArgumentError);
});
