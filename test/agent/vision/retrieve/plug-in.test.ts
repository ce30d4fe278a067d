import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { packageRoot, shippedModel } from "../../../../models/runtime/paths.js";
import { modelsMissing } from "../../helpers/small-pack.js";

const HOG = join(packageRoot(), "models", "hog-1");
const FLIGHTS = join(packageRoot(), "test", "fixtures", "flights");
const dir = mkdtempSync(join(tmpdir(), "skylink-plug-in-"));
after(() => rmSync(dir, { recursive: true, force: true }));

function run(program: "agent" | "flash", ...args: string[]): { code: number | null; err: string } {
  const cli = fileURLToPath(new URL(`../../../../${program}/cli.js`, import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" });
  return { code: status, err: stderr };
}

describe("a retriever is plugged in by naming its folder", { skip: modelsMissing() }, () => {
  const flight = join(dir, "flight");
  const pack = join(dir, "hog.skypack");
  const plain = join(dir, "plain.skypack");

  before(() => {
    mkdirSync(flight);
    symlinkSync(join(FLIGHTS, "frames"), join(flight, "frames"));
    cpSync(join(FLIGHTS, "flight.toml"), join(flight, "flight.toml"));
    cpSync(join(FLIGHTS, "over-the-map.csv"), join(flight, "frames.csv"));
    for (const [out, more] of [
      [pack, ["--retriever", HOG]],
      [plain, []],
    ] as const) {
      const map = ["pack", join(FLIGHTS, "map.mbtiles"), "--out", out, "--agl", "90", "--hfov", "70", "--quiet"];
      const { code, err } = run("flash", ...map, ...more);
      assert.equal(code, 0, err);
    }
  });

  test("its candidates are re-ranked and registered as any", () => {
    const json = join(dir, "report.json");
    const args = ["--pack", pack, "--retriever", HOG, "--stills", "--limit", "3", "--json", json];
    const { code, err } = run("agent", "replay", flight, ...args);
    assert.equal(code, 0, err);
    const report = JSON.parse(readFileSync(json, "utf8"));
    assert.equal(report.models.retriever, "hog-1");
    assert.notEqual(report.models.reranker, null);
    assert.equal(report.recall.queries, 3);
    assert.equal(report.recall.before.at_10, 1);
    assert.equal(report.recall.after.at_10, 1);
    assert.equal(report.fixes, 3);
    assert.equal(report.false_fixes, 0);
  });

  test("a pack opens with its own retriever only", () => {
    const replay = (...args: string[]): string => {
      const { code, err } = run("agent", "replay", flight, "--stills", "--limit", "1", ...args);
      assert.equal(code, 2, err);
      assert.equal(err.trim().split("\n").length, 1, err);
      return err;
    };
    assert.match(replay("--pack", pack), /^error: .*made with retriever hog-1 .*the encoder alone: use .*--retriever/);
    assert.match(replay("--pack", plain, "--retriever", HOG), /^error: .*made without a retriever/);
    const encoder = shippedModel("encoder");
    assert.match(
      replay("--pack", pack, "--retriever", encoder),
      /made with retriever hog-1 .* is retriever skylink-enc/,
    );
  });
});
