/**
 * The whole way on real input: packs a map, replays frames over it, and prints what came out, against the untrained
 * descriptor where one is given.
 *
 *     node dist/bench/first-cut.js --data DIR [--baseline MODEL_DIR] [--work DIR] [--json FILE] [--queries N]
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { shippedModel } from "../models/runtime/paths.js";
import { commandLine, required, wholeNumber } from "./command-line.js";
import { buildAirfield } from "./datasets/airfield.js";
import { buildPairs, type PairsOptions } from "./datasets/cross-date-pairs.js";
import { buildOrtholoc } from "./datasets/ortholoc.js";
import { type FrameRow, readFrames, type Summary, summarise } from "./frames-summary.js";
import { runCli } from "./run-cli.js";

const { values } = commandLine({
  options: {
    data: { type: "string" },
    baseline: { type: "string" },
    work: { type: "string" },
    json: { type: "string" },
    queries: { type: "string", default: "24" },
  },
});
const data = required("--data", values.data, "the folder with sztaki_airchange, edth_airfield, ortholoc_pair");
const work = values.work ?? mkdtempSync(join(tmpdir(), "skylink-first-cut-"));
mkdirSync(work, { recursive: true });

function pack(map: string, out: string, scale: string[], model?: string): void {
  runCli("flash/cli.js", [
    "pack",
    map,
    "--out",
    out,
    ...scale,
    "--overwrite",
    "--quiet",
    ...(model === undefined ? [] : ["--model", model]),
  ]);
}

function replay(flight: string, packDir: string, name: string, extra: string[] = []): FrameRow[] {
  const csv = join(work, `${name}.csv`);
  const report = join(work, `${name}.json`);
  runCli("agent/cli.js", [
    "replay",
    flight,
    "--pack",
    packDir,
    "--stills",
    "--frames-csv",
    csv,
    "--json",
    report,
    ...extra,
  ]);
  return readFrames(readFileSync(csv, "utf8"));
}

/** A copy of the shipped registrar that names another encoder. */
function registrarFor(encoder: string, out: string): string {
  const { id } = z.looseObject({ id: z.string() }).parse(JSON.parse(readFileSync(join(encoder, "model.json"), "utf8")));
  cpSync(shippedModel("registrar"), out, { recursive: true });
  const card = z.looseObject({}).parse(JSON.parse(readFileSync(join(out, "model.json"), "utf8")));
  writeFileSync(join(out, "model.json"), JSON.stringify({ ...card, encoder_id: id }));
  return out;
}

const rows: (Summary & { what: string })[] = [];
function add(what: string, frames: FrameRow[], metresPerPixel: number): void {
  const summary = { what, ...summarise(frames, metresPerPixel) };
  rows.push(summary);
  process.stderr.write(`${what}: ${JSON.stringify(summary)}\n`);
}

const base: PairsOptions = {
  queriesEach: wholeNumber("--queries", values.queries),
  seed: 7,
  headingError_deg: 0,
  headingSigma_deg: 5,
  heightFactor: 1,
  queriesFrom: "held-out",
};
const pairCases: [string, Partial<PairsOptions>][] = [
  ["exact pose", {}],
  ["heading 10 deg off", { headingError_deg: 10, headingSigma_deg: 10 }],
  ["heading 20 deg off", { headingError_deg: 20, headingSigma_deg: 20 }],
  ["heading unknown", { headingError_deg: 90, headingSigma_deg: 180 }],
  ["height x0.8", { heightFactor: 0.8 }],
  ["height x1.25", { heightFactor: 1.25 }],
];
const pairsPack = join(work, "pairs.skypack");
for (const [index, [name, changes]] of pairCases.entries()) {
  const folder = join(work, `pairs-${index}`);
  await buildPairs(data, folder, { ...base, ...changes });
  if (index === 0) {
    pack(join(folder, "map.tif"), pairsPack, ["--gsd", "1.5"]);
    if (values.baseline !== undefined) {
      const baselinePack = join(work, "pairs-baseline.skypack");
      pack(join(folder, "map.tif"), baselinePack, ["--gsd", "1.5"], values.baseline);
      // Only retrieval counts in this row; the shipped registrar is not fitted to other features, but it must be there.
      const registrar = registrarFor(values.baseline, join(work, "baseline-registrar"));
      const extra = ["--encoder", values.baseline, "--registrar", registrar, "--no-rerank"];
      add(
        "registered pairs, exact pose, untrained grid",
        replay(join(folder, "flight"), baselinePack, "base", extra),
        1.5,
      );
    }
  }
  add(`registered pairs, ${name}`, replay(join(folder, "flight"), pairsPack, `pairs-${index}`), 1.5);
}

for (const headingKnown of [true, false]) {
  const folder = join(work, `airfield-${headingKnown ? "heading" : "free"}`);
  const made = await buildAirfield(data, folder, { headingKnown });
  const packDir = join(work, "airfield.skypack");
  pack(join(folder, "map.tif"), packDir, ["--agl", String(made.agl_m), "--hfov", String(made.hfov_deg)]);
  const name = headingKnown ? "airfield, heading known" : "airfield, heading unknown";
  add(name, replay(join(folder, "flight"), packDir, name.replaceAll(/\W+/g, "-")), 0.3);
}

for (const map of ["DOP", "xDOP"] as const) {
  const folder = join(work, `ortholoc-${map}`);
  const made = await buildOrtholoc(data, folder, map);
  const packDir = join(work, `ortholoc-${map}.skypack`);
  pack(join(folder, "map.tif"), packDir, ["--agl", String(made.agl_m), "--hfov", String(made.hfov_deg)]);
  add(`ortholoc frame on ${map}`, replay(join(folder, "flight"), packDir, `ortholoc-${map}`), 0.1815);
}

const cell = (value: number | null, digits: number): string => (value === null ? "-" : value.toFixed(digits));
process.stdout.write(
  "what | n | R@1 / R@5 / R@10 retrieved | R@1 / R@5 / R@10 re-ranked | right cell: median m (px) | fixes | fix error median / max m | false\n",
);
process.stdout.write("---|---|---|---|---|---|---|---\n");
for (const row of rows) {
  const recall = (r: Summary["before"]): string => `${cell(r.at_1, 3)} / ${cell(r.at_5, 3)} / ${cell(r.at_10, 3)}`;
  process.stdout.write(
    `${row.what} | ${row.n} | ${recall(row.before)} | ${recall(row.after)} | ${cell(row.right_median_m, 2)} (${cell(row.right_median_px, 2)}) | ${row.fixes} | ${cell(row.fix_median_m, 2)} / ${cell(row.fix_max_m, 2)} | ${row.false_fixes}\n`,
  );
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ rows }, null, 2)}\n`);
