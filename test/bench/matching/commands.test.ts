import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { peersMissing } from "../../../bench/matching/peers.js";

function bench(name: string, args: string[]): { status: number | null; stderr: string } {
  const path = fileURLToPath(new URL(`../../../bench/${name}.js`, import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [path, ...args], { encoding: "utf8" });
  return { status, stderr };
}

describe("the benchmarks without their data", () => {
  for (const [name, folder] of [
    ["retrieval", "sztaki_airchange"],
    ["registration", "sztaki_airchange"],
    ["unregistered", "deepaerial_pairs"],
  ] as const) {
    test(`${name}: says which folder is missing and ends with 2`, () => {
      const none = bench(name, []);
      assert.equal(none.status, 2);
      assert.ok(none.stderr.startsWith(`error: --data DIR is missing: the folder with ${folder}, `), none.stderr);
      const empty = mkdtempSync(join(tmpdir(), "skylink-bench-"));
      try {
        const { status, stderr } = bench(name, ["--data", empty]);
        assert.equal(status, 2);
        assert.ok(stderr.includes(`has no folder ${folder}`), stderr);
      } finally {
        rmSync(empty, { recursive: true });
      }
    });
  }
});

test("peers are left out, with the reason, without a Python or with one that is not there", () => {
  assert.match(peersMissing(undefined) ?? "", /no --python PATH/);
  assert.match(peersMissing("/nowhere/python") ?? "", /cannot be run/);
});
