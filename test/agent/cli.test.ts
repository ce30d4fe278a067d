import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { shippedModel } from "../../models/runtime/paths.js";
import { straightFlight, writeSmallFlight } from "./helpers/small-flight.js";
import { modelsMissing, writeAcceptingRegistrar, writeSmallPack } from "./helpers/small-pack.js";

const CLI = fileURLToPath(new URL("../../agent/cli.js", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "cli-"));
after(() => rmSync(dir, { recursive: true, force: true }));

function run(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

test("version and help", () => {
  const version = run("--version");
  assert.equal(version.code, 0);
  assert.match(version.out, /^\d+\.\d+\.\d+/);
  const help = run("replay", "--help");
  assert.equal(help.code, 0);
  for (const word of ["--pack", "--stills", "--frames-csv", "--no-rerank", "Examples:"])
    assert.ok(help.out.includes(word));
});

test("wrong usage is the user's error", () => {
  assert.equal(run("replay").code, 2);
  assert.equal(run("fly").code, 2);
  const unknown = run("replay", "f", "--pack", "p", "--still");
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /--stills/);
  const number = run("replay", "f", "--pack", "p", "--candidates", "0");
  assert.equal(number.code, 2);
  assert.match(number.err, /whole number of at least 1/);
  const missing = run("replay", join(dir, "none"), "--pack", join(dir, "none.skypack"));
  assert.equal(missing.code, 2);
  assert.match(missing.err, /^error: .*no such flight folder/);
  const folder = run("replay", "f", "--pack", "p", "--json", join(dir, "nowhere", "report.json"));
  assert.equal(folder.code, 2);
  assert.match(folder.err, /^error: .*nowhere does not exist/);
});

describe("replay on a small map", { skip: modelsMissing() }, () => {
  const pack = join(dir, "small.skypack");
  const flight = join(dir, "flight");
  const registrar = join(dir, "registrar");

  before(async () => {
    writeAcceptingRegistrar(registrar);
    await writeSmallPack(pack);
    await writeSmallFlight(flight, straightFlight(12));
  });

  test("a sequence is published once frames of new ground agree, and the report is the same every time", () => {
    const files = ["a", "b"].map((name) => join(dir, `${name}.json`));
    const reports = files.map((file) => {
      const { code, out, err } = run("replay", flight, "--pack", pack, "--registrar", registrar, "--json", file);
      assert.equal(code, 0, err);
      assert.match(out, /false fixes\s+0/);
      return JSON.parse(readFileSync(file, "utf8"));
    });
    const [report, again] = reports;
    assert.equal(report.mode, "sequence");
    assert.equal(report.frames, 12);
    assert.ok(report.fixes >= 3 && report.fixes <= 9, `${report.fixes}`);
    assert.ok(report.time_to_first_fix_s >= 2);
    assert.deepEqual(report.no_fix, { agreement: 12 - report.fixes });
    assert.equal(report.navigation.resets, 1);
    assert.equal(report.navigation.odometry.steps, 11);
    assert.equal(report.navigation.gates.agreement.held, report.fixes);
    assert.ok(report.error_m.max < 5, `${report.error_m.max}`);
    assert.equal(report.within_m["5"], 1);
    assert.equal(report.false_fixes, 0);
    assert.equal(report.recall.queries, 12);
    assert.equal(report.recall.before.at_1, 1);
    assert.deepEqual(Object.keys(report.stage_ms.total), ["p50", "p95", "p99"]);
    delete report.stage_ms;
    delete again.stage_ms;
    assert.deepEqual(report, again);
    assert.deepEqual(
      readdirSync(dir).filter((name) => name.includes("tmp-")),
      [],
    );
  });

  test("stills are each judged alone; per-frame results are written; the re-ranker can be left out", () => {
    const json = join(dir, "stills.json");
    const csv = join(dir, "frames.csv");
    const args = [
      "--pack",
      pack,
      "--registrar",
      registrar,
      "--stills",
      "--no-rerank",
      "--limit",
      "2",
      "--json",
      json,
      "--frames-csv",
      csv,
    ];
    const { code, err } = run("replay", flight, ...args);
    assert.equal(code, 0, err);
    const report = JSON.parse(readFileSync(json, "utf8"));
    assert.equal(report.mode, "stills");
    assert.equal(report.frames, 2);
    assert.equal(report.fixes, 2);
    assert.equal(report.models.reranker, null);
    assert.equal(report.recall.after, null);
    const lines = readFileSync(csv, "utf8").trim().split("\n");
    assert.equal(lines.length, 3);
    assert.ok(lines[0]?.startsWith("t_us,file,published,reason,lat_deg"));
  });

  test("without truth there are fixes but no errors", () => {
    const blind = join(dir, "blind");
    cpSync(flight, blind, { recursive: true });
    const csv = readFileSync(join(blind, "frames.csv"), "utf8").trim().split("\n");
    writeFileSync(join(blind, "frames.csv"), csv.map((line) => line.split(",").slice(0, 6).join(",")).join("\n"));
    const json = join(dir, "blind.json");
    const args = ["--pack", pack, "--registrar", registrar, "--stills", "--limit", "1", "--json", json];
    const { code, err } = run("replay", blind, ...args);
    assert.equal(code, 0, err);
    const report = JSON.parse(readFileSync(json, "utf8"));
    assert.equal(report.fixes, 1);
    assert.deepEqual(report.error_m, { median: null, p95: null, rmse: null, max: null });
    assert.equal(report.false_fixes, null);
    assert.equal(report.nees, null);
  });

  test("an encoder that is not the pack's is refused, and nothing is written", () => {
    const other = join(dir, "encoder");
    cpSync(shippedModel("encoder"), other, { recursive: true });
    const card = JSON.parse(readFileSync(join(other, "model.json"), "utf8"));
    writeFileSync(join(other, "model.json"), JSON.stringify({ ...card, id: "another-encoder" }));
    const json = join(dir, "never.json");
    const { code, err } = run("replay", flight, "--pack", pack, "--encoder", other, "--json", json);
    assert.equal(code, 2);
    assert.match(err, /^error: .*another-encoder/);
    assert.equal(existsSync(json), false);
  });

  test("a damaged image stops the replay with its name", () => {
    const broken = join(dir, "broken");
    cpSync(flight, broken, { recursive: true });
    const image = readFileSync(join(broken, "frames", "1.jpg"));
    writeFileSync(join(broken, "frames", "1.jpg"), image.subarray(0, image.length >> 1));
    const { code, err } = run("replay", broken, "--pack", pack, "--json", join(dir, "broken.json"));
    assert.equal(code, 2);
    assert.match(err, /^error: .*1\.jpg cannot be decoded/);
    assert.equal(existsSync(join(dir, "broken.json")), false);
  });
});
