/**
 * Real pairs of pictures whose relation nobody has measured, and that no model of ours was trained on: is the right
 * picture found, and is a wrong one ever believed?
 *
 *     node dist/bench/unregistered.js --data DIR [--gallery N] [--queries N] [--candidates K] [--work DIR] [--encoder DIR]
 *         [--reranker DIR] [--registrar DIR] [--threads N] [--json FILE] [--markdown FILE]
 *
 * The map holds one picture of each pair, filled up to the gallery's number of cells with other imagery; frames are cut
 * from the other pictures in any heading. The whole pipeline judges each alone, with the heading unknown and a height
 * that is stated to 15 %. Right is a candidate that lies on the frame's own pair: where on it, and whether the frame's
 * ground is on it at all, is not known. A fix on another picture is a false one.
 */
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFileAtomic } from "../agent/report/atomic-file.js";
import { DEFAULT_VISION_CONFIG } from "../agent/vision/config.js";
import { VisionPipeline } from "../agent/vision/pipeline.js";
import { Encoder } from "../models/runtime/encoder.js";
import { shippedModel } from "../models/runtime/paths.js";
import { commandLine, wholeNumber } from "./command-line.js";
import { readUnregistered, UNREGISTERED_FOLDERS } from "./datasets/unregistered.js";
import { openGallery, requireData } from "./matching/galleries.js";
import { drawQueries, frameFor, RIG } from "./matching/queries.js";
import { UNKNOWN_HEADING } from "./matching/settings.js";
import { type FoundRecord, foundMarkdown, foundRows } from "./matching/unregistered-table.js";

const { values } = commandLine({
  options: {
    data: { type: "string" },
    gallery: { type: "string", default: "10000" },
    queries: { type: "string", default: "6" },
    candidates: { type: "string", default: "20" },
    seed: { type: "string", default: "7" },
    work: { type: "string" },
    encoder: { type: "string" },
    reranker: { type: "string" },
    registrar: { type: "string" },
    threads: { type: "string", default: "2" },
    json: { type: "string" },
    markdown: { type: "string" },
  },
});
/** 1-sigma of the stated height over it: two pictures of a pair differ in scale by what nobody knows. */
const HEIGHT_SIGMA = 0.15;

const data = requireData(values.data, [...UNREGISTERED_FOLDERS, "rsscn7", "sat_tiles_geo"]);
const size = wholeNumber("--gallery", values.gallery);
const each = wholeNumber("--queries", values.queries);
const threads = wholeNumber("--threads", values.threads);
const candidates = wholeNumber("--candidates", values.candidates);
const work = values.work ?? mkdtempSync(join(tmpdir(), "skylink-unregistered-"));
mkdirSync(work, { recursive: true });
const encoderDir = values.encoder ?? shippedModel("encoder");
const encoder = await Encoder.load(encoderDir, { threads });
const pairs = await readUnregistered(data);
const gallery = await openGallery(size, pairs, data, encoder, encoderDir, work);
const cells = gallery.pack.manifest.counts.cells;
const pack = gallery.pack.dir;
gallery.pack.close();
await encoder.release();

const { retrieve, ...others } = DEFAULT_VISION_CONFIG;
const pipeline = await VisionPipeline.open({
  pack,
  rig: RIG,
  encoder: encoderDir,
  threads,
  config: { ...others, retrieve: { ...retrieve, candidates } },
  ...(values.reranker === undefined ? {} : { reranker: values.reranker }),
  ...(values.registrar === undefined ? {} : { registrar: values.registrar }),
});
const records: FoundRecord[] = [];
for (const query of drawQueries(pairs, encoder.id, each, wholeNumber("--seed", values.seed, 0))) {
  const frame = frameFor(query, UNKNOWN_HEADING);
  const result = await pipeline.localise({ ...frame, agl_sigma_m: frame.agl_m * HEIGHT_SIGMA });
  const on = (place: { lat_deg: number; lon_deg: number } | null | undefined): string | null =>
    place == null ? null : gallery.places.at(place);
  const rank = (list: readonly { lat_deg: number; lon_deg: number }[]): number | null => {
    const at = list.findIndex((one) => on(one) === query.pair.name);
    return at < 0 ? null : at + 1;
  };
  const { x, y, heading_deg } = query.view;
  records.push({
    set: query.pair.set,
    pair: query.pair.name,
    view: { x, y, heading_deg },
    retrieved: rank(result.retrieved),
    reranked: rank(result.ranked),
    fix_on: on(result.fix),
    fixed: result.fix !== null,
  });
}
await pipeline.close();

const rows = foundRows(records);
const table = foundMarkdown(rows);
process.stdout.write(`${cells} cells, K = ${candidates}, heading unknown, height to 15 %\n\n${table}`);
if (values.markdown !== undefined) writeFileAtomic(values.markdown, table);
if (values.json !== undefined) {
  const report = { benchmark: "unregistered", encoder: encoder.id, cells, candidates, rows, records };
  writeFileAtomic(values.json, `${JSON.stringify(report, null, 1)}\n`);
}
