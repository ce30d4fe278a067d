import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const folder = mkdtempSync(join(tmpdir(), "skylink-saved-"));
after(() => rmSync(folder, { recursive: true }));

function report(...paths: string[]): { status: number | null; stdout: string; stderr: string } {
  const path = fileURLToPath(new URL("../../../bench/matching-report.js", import.meta.url));
  return spawnSync(process.execPath, [path, ...paths], { encoding: "utf8" });
}

function save(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const shot = { scene: "pairs", setting: "exact", seen: false, right: true, method: "ours", score: 1, accepted: true };
const given = (name: string, error_m: number): unknown => ({
  ...{ ...shot, shot: name, error_m, error_px: error_m / 1.5, eph_m: null, cpu_ms: 30, map_cpu_ms: null },
});
const run = (records: unknown[]): unknown => ({
  benchmark: "registration",
  encoder: "e",
  records,
  whole_map_records: [],
});

describe("bench/matching-report", () => {
  test("joins runs of a kind", () => {
    const { stdout, stderr } = report(save("a.json", run([given("a", 1)])), save("b.json", run([given("b", 3)])));
    assert.equal(stderr, "");
    assert.match(stdout, /\| pairs \| exact \| all \| ours \| 2 \| 2\.00 \(1\.33\) \|/);
  });

  test("refuses what is no report, and runs of different encoders", () => {
    const other = report(save("c.json", { benchmark: "odometry" }));
    assert.equal(other.status, 2);
    assert.match(other.stderr, /c\.json: is not a report of bench\/retrieval or bench\/registration/);
    const mixed = report(save("d.json", run([])), save("e.json", { ...(run([]) as object), encoder: "f" }));
    assert.match(mixed.stderr, /different encoders: e, f/);
    assert.equal(report().status, 2);
  });
});
