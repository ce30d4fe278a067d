/**
 * The same re-ranker behind different base retrievers: R@1/5/10 before and after re-ranking, on the registered
 * cross-date pairs. The shipped encoder ("ours") is always in; others are model folders.
 *
 *     node dist/bench/retrievers.js --data DIR --retriever hog=models/hog-1 [--retriever NAME=FOLDER ...]
 *         [--gallery 1000] [--settings exact,heading-20,...] [--queries N] [--candidates K] [--work DIR] [--threads N]
 *         [--json FILE] [--markdown FILE]
 *
 * Queries and map are those of bench/retrieval.ts. Every base retriever describes the same cells and the same rectified
 * patches; re-ranking reads the dense features of the shipped encoder for all of them. A query counts as found at a
 * rank when that candidate's centre is within half a cell side of the true patch centre, north-south and east-west.
 */
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFileAtomic } from "../agent/report/atomic-file.js";
import { hitRank } from "../agent/report/report.js";
import { CompactReranker } from "../agent/vision/rerank/compact-reranker.js";
import { Encoder } from "../models/runtime/encoder.js";
import { shippedModel } from "../models/runtime/paths.js";
import { UserError } from "../tiles/errors.js";
import { commandLine, wholeNumber } from "./command-line.js";
import { readPairs } from "./datasets/pair-views.js";
import { cpu_ms, FrameEncoder } from "./matching/encode.js";
import { type Gallery, openGallery, requireData } from "./matching/galleries.js";
import { drawQueries, frameFor, RIG, truthOf } from "./matching/queries.js";
import { chooseSettings, type Setting } from "./matching/settings.js";
import { type BaseRetriever, ownRetriever, pluggedIn } from "./retrievers/base-retriever.js";
import { type RetrieverRecord, retrieverMarkdown, retrieverRows } from "./retrievers/table.js";

const SETTINGS = "exact,heading-20,heading-unknown,scale-0.8,scale-1.25";

function options() {
  return commandLine({
    options: {
      data: { type: "string" },
      retriever: { type: "string", multiple: true, default: [] },
      gallery: { type: "string", default: "1000" },
      settings: { type: "string", default: SETTINGS },
      queries: { type: "string", default: "24" },
      candidates: { type: "string", default: "20" },
      seed: { type: "string", default: "7" },
      work: { type: "string" },
      threads: { type: "string", default: "2" },
      json: { type: "string" },
      markdown: { type: "string" },
    },
  }).values;
}

async function main(values: ReturnType<typeof options>): Promise<void> {
  const data = requireData(values.data, ["sztaki_airchange", "change_pairs", "rsscn7", "sat_tiles_geo"]);
  const settings = chooseSettings(values.settings);
  const folders = values.retriever.map(nameAndFolder);
  const [size, candidates, threads, seed, each] = [
    wholeNumber("--gallery", values.gallery),
    wholeNumber("--candidates", values.candidates),
    wholeNumber("--threads", values.threads),
    wholeNumber("--seed", values.seed),
    wholeNumber("--queries", values.queries),
  ];
  const work = values.work ?? mkdtempSync(join(tmpdir(), "skylink-retrievers-"));
  mkdirSync(work, { recursive: true });
  const encoderDir = shippedModel("encoder");
  const encoder = await Encoder.load(encoderDir, { threads });
  const pairs = await readPairs(data);
  const gallery = await openGallery(size, pairs, data, encoder, encoderDir, work);
  const bases: BaseRetriever[] = [ownRetriever(gallery, encoder)];
  for (const { name, dir } of folders) bases.push(await pluggedIn(name, dir, gallery, encoder, threads));
  // The features of all packs are the same: one re-ranker on the first reads them for every retriever.
  const reranker = await CompactReranker.load(shippedModel("reranker"), encoder, gallery.pack, { threads });
  const frames = new FrameEncoder(encoder);
  const queries = drawQueries(
    pairs.filter(({ heldOut }) => heldOut),
    encoder.id,
    each,
    seed,
  );
  const records: RetrieverRecord[] = [];
  for (const setting of settings) {
    for (const query of queries) {
      const { plan, rectified, encoded, prompt } = await frames.encode(frameFor(query, setting), RIG, gallery.pack);
      const truth = truthOf(query, gallery.places);
      const rank = (list: Parameters<typeof hitRank>[0]): number | null =>
        hitRank(list, truth, (level) => gallery.pack.level(level).cell_side_m);
      for (const { name, describer, retriever, width } of bases) {
        const described =
          describer === null
            ? encoded
            : { ...encoded, descriptors: await describer.describe(rectified), descriptorWidth: width };
        const found = retriever.retrieve(described, plan.level, candidates).candidates;
        const ranked = await reranker.rerank(described, found, prompt, rectified);
        const { pair, seen } = query;
        const where = { retriever: name, setting: setting.name, pair: pair.name, seen };
        records.push({ ...where, retrieved: rank(found), reranked: rank(ranked) });
      }
    }
    process.stderr.write(
      `${setting.name}: ${queries.length} queries, ${(cpu_ms() / 1000).toFixed(0)} s of CPU so far\n`,
    );
  }
  report(values, gallery, settings, candidates, bases, records);
  for (const base of bases) await base.close();
  await reranker.release();
  await encoder.release();
  gallery.pack.close();
}

function report(
  values: ReturnType<typeof options>,
  gallery: Gallery,
  settings: readonly Setting[],
  candidates: number,
  bases: readonly BaseRetriever[],
  records: readonly RetrieverRecord[],
): void {
  const rows = retrieverRows(records);
  const { cells } = gallery.pack.manifest.counts;
  const markdown = retrieverMarkdown(rows);
  process.stdout.write(`${cells} cells, ${candidates} candidates re-ranked\n\n${markdown}`);
  if (values.markdown !== undefined) writeFileAtomic(values.markdown, markdown);
  if (values.json === undefined) return;
  const retrievers = bases.map(({ name, width }) => ({ name, width }));
  const json = { cells, candidates, settings, retrievers, cpu_s: cpu_ms() / 1000, rows, records };
  writeFileAtomic(values.json, `${JSON.stringify(json, null, 2)}\n`);
}

function nameAndFolder(word: string): { name: string; dir: string } {
  const [, name, dir] = /^([\w.-]+)=(.+)$/.exec(word) ?? [];
  if (name === undefined || dir === undefined || name === "ours") {
    throw new UserError(
      `--retriever "${word}": NAME=FOLDER is wanted, such as hog=models/hog-1 (not "ours": it is in)`,
    );
  }
  return { name, dir };
}

await main(options());
