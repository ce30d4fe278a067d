import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { askYes } from "../../../agent/doctor/question.js";

async function answer(text: string): Promise<{ yes: boolean; shown: string }> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  input.end(text);
  const yes = await askYes("Write 3 parameters?", input, output);
  return { yes, shown: String(output.read() ?? "") };
}

describe("askYes", () => {
  it("takes only a yes for a yes", async () => {
    for (const text of ["y\n", "Y\n", "yes\n", " y \n"]) assert.equal((await answer(text)).yes, true, text);
    for (const text of ["", "\n", "n\n", "no\n", "yep\n", "yy\n"]) assert.equal((await answer(text)).yes, false, text);
    assert.match((await answer("\n")).shown, /Write 3 parameters\? \[y\/N\] /);
  });
});
