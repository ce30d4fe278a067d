import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const bench = fileURLToPath(new URL("../../../bench/integrity.js", import.meta.url));
const run = (...args: string[]) => spawnSync(process.execPath, [bench, ...args], { encoding: "utf8" });

describe("bench:integrity", () => {
  it("lists its scenarios", () => {
    const { status, stdout } = run("--list");
    assert.equal(status, 0);
    assert.match(stdout, /^heading-180 \(adversarial\): the heading is wrong by 180°/m);
    assert.match(stdout, /^nominal-town-120 \(nominal\): over urban land at 120 m/m);
  });

  for (const [args, message] of [
    [["--only", "heding-15"], /--only: unknown scenario "heding-15".*heading-15/],
    [["--only", "nothing-*"], /--only: unknown scenario "nothing-\*"/],
    [["--jobs", "0"], /--jobs "0": a whole number of at least 1/],
    [["--fast"], /--fast.*the options are --json/],
    [["--json", "/no/such/folder/x.json"], /the folder \/no\/such\/folder does not exist/],
  ] as const) {
    it(`says in one line what is wrong with ${args.join(" ")}`, () => {
      const { status, stderr } = run(...args);
      assert.equal(status, 2);
      assert.match(stderr, message);
      assert.equal(stderr.trim().split("\n").length, 1);
    });
  }
});
