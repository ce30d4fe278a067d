import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { packageRoot } from "../../../../../models/runtime/paths.js";
import { modelsMissing } from "../../../helpers/small-pack.js";
import { fixtureFolder, missing } from "./fixture.js";

const FLIGHTS = join(packageRoot(), "test", "fixtures", "flights");
const dir = mkdtempSync(join(tmpdir(), "skylink-vlm-"));
after(() => rmSync(dir, { recursive: true, force: true }));

function run(program: "agent" | "flash", ...args: string[]): { code: number | null; err: string } {
  const cli = fileURLToPath(new URL(`../../../../../${program}/cli.js`, import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" });
  return { code: status, err: stderr };
}

describe("a vision-language model is plugged in by naming its folder", { skip: modelsMissing() || missing }, () => {
  const flight = join(dir, "flight");
  const pack = join(dir, "map.skypack");

  before(() => {
    mkdirSync(flight);
    symlinkSync(join(FLIGHTS, "frames"), join(flight, "frames"));
    cpSync(join(FLIGHTS, "flight.toml"), join(flight, "flight.toml"));
    cpSync(join(FLIGHTS, "over-the-map.csv"), join(flight, "frames.csv"));
    const map = ["pack", join(FLIGHTS, "map.mbtiles"), "--out", pack, "--agl", "90", "--hfov", "70", "--quiet"];
    const { code, err } = run("flash", ...map);
    assert.equal(code, 0, err);
  });

  test("replay re-ranks with it, each candidate by its own picture", () => {
    const [json, csv] = [join(dir, "report.json"), join(dir, "frames.csv")];
    const args = ["--pack", pack, "--stills", "--limit", "1", "--json", json, "--frames-csv", csv];
    const { code, err } = run("agent", "replay", flight, ...args, "--reranker", fixtureFolder("qwen2-vl"));
    assert.equal(code, 0, err);
    const report = JSON.parse(readFileSync(json, "utf8"));
    assert.equal(report.models.reranker, "qwen2-vl");
    assert.equal(report.recall.before.at_10, report.recall.after.at_10);
    const [head = "", row = ""] = readFileSync(csv, "utf8").split("\n");
    const margin = Number(row.split(",")[head.split(",").indexOf("logit_margin")]);
    assert.ok(Number.isFinite(margin) && margin !== 0, `candidates have the same logit: ${row}`);
  });

  test("a folder that holds no re-ranker is refused in one line", () => {
    const { code, err } = run("agent", "replay", flight, "--pack", pack, "--stills", "--reranker", flight);
    assert.equal(code, 2);
    assert.match(err, /^error: .*neither model\.json nor a Hugging Face model[^\n]*\n$/);
  });
});
