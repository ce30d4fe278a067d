import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { DATASETS, datasetReader } from "../../../agent/eval/datasets/registry.js";
import { modelsMissing } from "../helpers/small-pack.js";
import { raster } from "./raster.js";
import { writeRaster } from "./small-images.js";

const CLI = fileURLToPath(new URL("../../../agent/cli.js", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "eval-command-"));
after(() => rmSync(dir, { recursive: true, force: true }));

function run(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, "eval", ...args], { encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

test("data sets by name, and options that mean nothing for one", () => {
  assert.equal(datasetReader("University1652", {}).name, "university-1652");
  assert.equal(datasetReader("SUES_200", { heights_m: [150] }).name, "sues-200");
  assert.throws(() => datasetReader("denseuv", {}), /unknown data set "denseuv"; did you mean "denseuav"\?/);
  assert.throws(
    () => datasetReader("denseuav", { heights_m: [150] }),
    /--heights means nothing for denseuav; it takes --direction/,
  );
  assert.throws(
    () => datasetReader("uav-visloc", { direction: "drone-to-satellite" }),
    /--direction means nothing .*--flights/,
  );
  assert.equal(new Set(DATASETS.map(({ name }) => name)).size, 4);
});

test("wrong input is the user's error and writes nothing", () => {
  const json = join(dir, "report.json");
  for (const [args, pattern] of [
    [["university-1652", join(dir, "none")], /^error: .*none: no such folder/],
    [["univrsity-1652", dir], /did you mean "university-1652"\?/],
    [["university-1652", dir, "--fit", "crp"], /did you mean "crop"\?/],
    [["university-1652", dir, "--no-rerank", "--reranker", dir], /contradict each other/],
    [["sues-200", dir, "--heights", "150,,200"], /expected names with commas/],
  ] as const) {
    const { code, out, err } = run(...args, "--json", json);
    assert.equal(code, 2, err);
    assert.match(err, pattern);
    assert.equal(out, "");
    assert.ok(!existsSync(json));
  }
});

describe("the shipped models on a small University-1652", { skip: modelsMissing() }, () => {
  const data = join(dir, "data");

  before(async () => {
    // Places are patterns of their own; the drone sees them a little shifted.
    for (const place of [1, 2, 3]) {
      const pattern = (shift: number) =>
        raster(64, 64, (x, y) => {
          const on =
            place === 1 ? (x + shift) % 16 < 8 : place === 2 ? (y + shift) % 16 < 8 : (x + y + shift) % 24 < 12;
          return on ? [200, 190, 60 * place] : [40 * place, 80, 40];
        });
      const folder = (name: string): string => join(data, "test", name, `000${place}`);
      await writeRaster(join(folder("gallery_satellite"), "a.jpg"), pattern(0));
      await writeRaster(join(folder("query_drone"), "a.jpeg"), pattern(1));
    }
  });

  test("prints a table and writes the same figures as JSON", () => {
    const json = join(dir, "good.json");
    const { code, out, err } = run("university-1652", data, "--json", json, "--rerank-k", "2");
    assert.equal(code, 0, err);
    assert.match(out, /re-ranks the best 2/);
    assert.match(out, /drone → satellite +3 +3 +before +100\.00/);
    const report: unknown = JSON.parse(readFileSync(json, "utf8"));
    assert.ok(typeof report === "object" && report !== null && "tasks" in report && Array.isArray(report.tasks));
    const [row]: { before: { recall_at: Record<string, number> }; after: { ap: number } }[] = report.tasks;
    assert.equal(row?.before.recall_at["1"], 1);
    assert.ok((row?.after.ap ?? 0) > 0);
  });

  test("a damaged image is named and nothing is written", () => {
    const bad = join(data, "test", "gallery_satellite", "0003", "b.jpg");
    const json = join(dir, "bad.json");
    writeFileSync(bad, "no picture");
    const { code, err } = run("university-1652", data, "--no-rerank", "--json", json);
    rmSync(bad);
    assert.equal(code, 2);
    assert.ok(err.startsWith(`error: ${bad}: cannot be decoded`), err);
    assert.ok(!existsSync(json));
  });
});
