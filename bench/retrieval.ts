/**
 * Retrieval and re-ranking on the registered cross-date pairs, in galleries filled up with other imagery.
 *
 *     node dist/bench/retrieval.js --data DIR [--gallery 1000,10000,100000] [--settings exact,heading-unknown,...]
 *         [--queries N] [--candidates K] [--ceiling] [--training] [--work DIR] [--encoder DIR] [--reranker DIR] [--threads N]
 *         [--json FILE] [--markdown FILE]
 *
 * Queries are frames cut from the second dates of the held-out pairs; the map holds their first dates, filled up to the
 * gallery's size with first dates of the training pairs and other imagery, all laid out alike. The packs stay in --work:
 * a second run with the same encoder uses them again. A query counts as found at a rank when that candidate's centre is
 * within half a cell side of the true patch centre, north-south and east-west. --ceiling adds the column R@K: how many queries have
 * such a candidate among the K at all, which re-ranking cannot exceed. --training takes frames of the training pairs that all
 * galleries show: what a model's constants may be chosen on.
 */
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFileAtomic } from "../agent/report/atomic-file.js";
import { Encoder } from "../models/runtime/encoder.js";
import { shippedModel } from "../models/runtime/paths.js";
import { UserError } from "../tiles/errors.js";
import { commandLine, wholeNumber } from "./command-line.js";
import { readPairs } from "./datasets/pair-views.js";
import { type Gallery, openGallery, requireData } from "./matching/galleries.js";
import { drawQueries } from "./matching/queries.js";
import { type RankRecord, RetrievalBench } from "./matching/retrieval-run.js";
import { retrievalMarkdown, retrievalRows } from "./matching/retrieval-table.js";
import { chooseSettings } from "./matching/settings.js";

const { values } = commandLine({
  options: {
    data: { type: "string" },
    gallery: { type: "string", default: "1000,10000" },
    settings: { type: "string" },
    queries: { type: "string", default: "24" },
    candidates: { type: "string", default: "20" },
    ceiling: { type: "boolean", default: false },
    training: { type: "boolean", default: false },
    seed: { type: "string", default: "7" },
    work: { type: "string" },
    encoder: { type: "string" },
    reranker: { type: "string" },
    threads: { type: "string", default: "2" },
    json: { type: "string" },
    markdown: { type: "string" },
  },
});

async function main(): Promise<void> {
  const data = requireData(values.data, ["sztaki_airchange", "change_pairs", "rsscn7", "sat_tiles_geo"]);
  const settings = chooseSettings(values.settings);
  const sizes = values.gallery.split(",").map((word) => wholeNumber("--gallery", word));
  const candidates = wholeNumber("--candidates", values.candidates);
  const threads = wholeNumber("--threads", values.threads);
  const work = values.work ?? mkdtempSync(join(tmpdir(), "skylink-retrieval-"));
  mkdirSync(work, { recursive: true });
  const encoderDir = values.encoder ?? shippedModel("encoder");
  const rerankerDir = values.reranker ?? shippedModel("reranker");
  const encoder = await Encoder.load(encoderDir, { threads });
  const pairs = await readPairs(data);
  const galleries: Gallery[] = [];
  for (const size of sizes) galleries.push(await openGallery(size, pairs, data, encoder, encoderDir, work));
  const shown = pairs.filter(({ heldOut, name }) =>
    values.training ? !heldOut && galleries.every(({ places }) => places.has(name)) : heldOut,
  );
  if (shown.length === 0) throw new UserError("--training: a gallery shows no training pair; ask for a larger one");
  const queries = drawQueries(
    shown,
    encoder.id,
    wholeNumber("--queries", values.queries),
    wholeNumber("--seed", values.seed, 0),
  );
  const bench = await RetrievalBench.open(galleries, encoder, rerankerDir, candidates, threads);
  const records: RankRecord[] = [];
  for (const setting of settings) {
    for (const [i, query] of queries.entries()) {
      records.push(...(await bench.run(query, setting)));
      if (process.stderr.isTTY) process.stderr.write(`\r${setting.name} ${i + 1}/${queries.length} `);
    }
    process.stderr.write(`${process.stderr.isTTY ? "\r" : ""}${setting.name}: ${queries.length} queries\n`);
  }
  const cells = new Map(galleries.map(({ size, pack }) => [size, pack.manifest.counts.cells]));
  const rows = retrievalRows(records);
  const table = retrievalMarkdown(rows, (size) => cells.get(size) ?? size, values.ceiling ? candidates : undefined);
  process.stdout.write(`encoder ${encoder.id}, K = ${candidates}, ${queries.length} queries a setting\n\n${table}`);
  if (values.markdown !== undefined) writeFileAtomic(values.markdown, table);
  if (values.json !== undefined) {
    const report = {
      benchmark: "retrieval",
      encoder: encoder.id,
      candidates,
      galleries: Object.fromEntries(cells),
      rows,
      records,
    };
    writeFileAtomic(values.json, `${JSON.stringify(report, null, 1)}\n`);
  }
  await bench.close();
  await encoder.release();
}

await main();
