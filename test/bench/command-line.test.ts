import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { numberWithin, required, wholeNumber } from "../../bench/command-line.js";
import { UserError } from "../../tiles/errors.js";

/** Runs a bench of this build. */
function bench(name: string, ...args: string[]): { status: number | null; stderr: string } {
  const path = fileURLToPath(new URL(`../../bench/${name}.js`, import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [path, ...args], { encoding: "utf8" });
  return { status, stderr };
}

describe("a bench's command line", () => {
  it("names the options that there are when one is wrong, on one line, exit code 2", () => {
    const { status, stderr } = bench("belief", "--update", "3");
    assert.equal(status, 2);
    assert.match(stderr, /^error: Unknown option '--update'.*; the options are --json VALUE --updates VALUE\n$/);
  });

  it("names an option whose value is wrong", () => {
    const { status, stderr } = bench("belief", "--updates", "many");
    assert.equal(status, 2);
    assert.equal(stderr, "error: --updates many: give a whole number of at least 1\n");
  });

  it("names a file that is not there", () => {
    const { status, stderr } = bench("calibrate", "--out", "no-folder/out.json", "no-such.csv");
    assert.equal(status, 2);
    assert.match(stderr, /^error: ENOENT.*no-such\.csv'\n$/);
  });

  it("takes numbers within their bounds only", () => {
    assert.equal(wholeNumber("--n", "3"), 3);
    assert.equal(wholeNumber("--n", "0", 0), 0);
    assert.equal(numberWithin("--x", "0.5", 0, 1), 0.5);
    for (const word of ["", " ", "0", "1.5", "x", undefined]) assert.throws(() => wholeNumber("--n", word), UserError);
    for (const word of ["", "-1", "2", "x", undefined]) assert.throws(() => numberWithin("--x", word, 0, 1), UserError);
    assert.equal(required("--data", "dir", "a folder"), "dir");
    assert.throws(() => required("--data", undefined, "a folder"), /--data is missing: give a folder/);
  });
});
