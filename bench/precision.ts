/**
 * Two exports of one network side by side, such as float32 and int8: how alike their descriptors are, whether they rank
 * the same cells first, and how long they take.
 *
 *     node dist/bench/precision.js --data DIR --reference DIR [--other DIR] [--queries N] [--threads N] [--json FILE]
 *
 * --reference and --other are model folders of kind "encoder" or "retriever"; --other is the shipped encoder unless given.
 * Queries are squares of the second dates of the held-out pairs, north up at the true heading; cells are squares of their
 * first dates, a quarter of a side apart, as in a pack. "mixed" takes the queries of one and the cells of the other: an aircraft that computes
 * otherwise than the workstation that made the pack. A query is found when the first cell is within half a side of it,
 * north-south and east-west. Times are medians of runs on one image, the two networks in turn.
 */
import { writeFileAtomic } from "../agent/report/atomic-file.js";
import { type ImageEmbedder, loadEmbedder } from "../models/runtime/embedder.js";
import { shippedModel } from "../models/runtime/paths.js";
import { UserError } from "../tiles/errors.js";
import { commandLine, wholeNumber } from "./command-line.js";
import { type Pair, readPairs } from "./datasets/pair-views.js";
import { cutView, seeded } from "./datasets/raster.js";
import { requireData } from "./matching/galleries.js";
import { agreement, cosines, hits, median, type Place, rank } from "./precision/compare.js";

const { values } = commandLine({
  options: {
    data: { type: "string" },
    reference: { type: "string" },
    other: { type: "string" },
    queries: { type: "string", default: "12" },
    seed: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
    json: { type: "string" },
  },
});

/** How often a run on one image is timed. */
const TIMED_RUNS = 40;
const TOP = 10;

interface Squares {
  readonly places: Place[];
  readonly images: Uint8Array[];
}

async function main(): Promise<void> {
  const data = requireData(values.data, ["sztaki_airchange", "change_pairs"]);
  if (values.reference === undefined)
    throw new UserError("--reference DIR is missing: the model folder to compare with");
  const threads = wholeNumber("--threads", values.threads);
  const reference = await loadEmbedder(values.reference, { threads });
  const other = await loadEmbedder(values.other ?? shippedModel("encoder"), { threads });
  if (reference.side_px !== other.side_px || reference.width !== other.width) {
    throw new UserError(
      `${reference.id} and ${other.id} take or give other sizes: they are not two exports of one network`,
    );
  }
  const pairs = (await readPairs(data)).filter(({ heldOut }) => heldOut);
  const queries = querySquares(
    pairs,
    other.side_px,
    wholeNumber("--queries", values.queries),
    seeded(wholeNumber("--seed", values.seed, 0)),
  );
  const cells = cellSquares(pairs, other.side_px);
  const [times, vectors] = [
    { reference: [] as number[], other: [] as number[] },
    {
      reference: { queries: await embedAll(reference, queries), cells: await embedAll(reference, cells) },
      other: { queries: await embedAll(other, queries), cells: await embedAll(other, cells) },
    },
  ];
  const [image = new Uint8Array()] = queries.images;
  for (let run = 0; run < TIMED_RUNS; run++) {
    times.reference.push(await timed(reference, image));
    times.other.push(await timed(other, image));
  }
  const ranks = {
    reference: rank(vectors.reference.queries, vectors.reference.cells, TOP),
    other: rank(vectors.other.queries, vectors.other.cells, TOP),
    mixed: rank(vectors.other.queries, vectors.reference.cells, TOP),
  };
  const radius = other.side_px / 2;
  const alike = cosines(
    [...vectors.reference.queries, ...vectors.reference.cells],
    [...vectors.other.queries, ...vectors.other.cells],
  );
  const found = (ranking: readonly (readonly number[])[]): number =>
    hits(ranking, queries.places, cells.places, radius);
  const [reference_ms, other_ms] = [median(times.reference), median(times.other)];
  const report = {
    reference: values.reference,
    other: values.other ?? "shipped",
    queries: queries.images.length,
    cells: cells.images.length,
    threads,
    descriptor_cosine: alike,
    same_first: agreement(ranks.reference, ranks.other, 1),
    same_of_10: agreement(ranks.reference, ranks.other, TOP),
    found_first: { reference: found(ranks.reference), other: found(ranks.other), mixed: found(ranks.mixed) },
    ms: { reference: reference_ms, other: other_ms, ratio: reference_ms / other_ms },
  };
  process.stdout.write(text(report));
  if (values.json !== undefined) writeFileAtomic(values.json, `${JSON.stringify(report, null, 2)}\n`);
  await reference.release();
  await other.release();
}

function querySquares(pairs: readonly Pair[], side: number, each: number, random: () => number): Squares {
  const places: Place[] = [];
  const images: Uint8Array[] = [];
  for (const [index, { second }] of pairs.entries()) {
    for (let i = 0; i < each; i++) {
      const x = side / 2 + random() * (second.width - side);
      const y = side / 2 + random() * (second.height - side);
      places.push({ image: index, x, y });
      images.push(cutView(second, { x, y, heading_deg: 0, step: 1, width: side, height: side }).data);
    }
  }
  return { places, images };
}

function cellSquares(pairs: readonly Pair[], side: number): Squares {
  const places: Place[] = [];
  const images: Uint8Array[] = [];
  for (const [index, { first }] of pairs.entries()) {
    for (let y = side / 2; y + side / 2 <= first.height; y += side / 4) {
      for (let x = side / 2; x + side / 2 <= first.width; x += side / 4) {
        places.push({ image: index, x, y });
        images.push(cutView(first, { x, y, heading_deg: 0, step: 1, width: side, height: side }).data);
      }
    }
  }
  return { places, images };
}

async function embedAll(embedder: ImageEmbedder, { images }: Squares): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const image of images) vectors.push(await embedder.embed(image, 1));
  return vectors;
}

async function timed(embedder: ImageEmbedder, image: Uint8Array): Promise<number> {
  const from_ms = performance.now();
  await embedder.embed(image, 1);
  return performance.now() - from_ms;
}

interface Report {
  readonly queries: number;
  readonly cells: number;
  readonly descriptor_cosine: { readonly mean: number; readonly least: number };
  readonly same_first: number;
  readonly same_of_10: number;
  readonly found_first: { readonly reference: number; readonly other: number; readonly mixed: number };
  readonly ms: { readonly reference: number; readonly other: number; readonly ratio: number };
}

function text({ queries, cells, descriptor_cosine, same_first, same_of_10, found_first, ms }: Report): string {
  const share = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const rows: [string, string][] = [
    ["queries, cells", `${queries}, ${cells}`],
    ["descriptor cosine", `mean ${descriptor_cosine.mean.toFixed(4)}, least ${descriptor_cosine.least.toFixed(4)}`],
    ["the same cell first", share(same_first)],
    [`the same of the first ${TOP}`, share(same_of_10)],
    ["found first: reference", share(found_first.reference)],
    ["found first: other", share(found_first.other)],
    ["found first: mixed", share(found_first.mixed)],
    ["ms an image", `reference ${ms.reference.toFixed(1)}, other ${ms.other.toFixed(1)}, ratio ${ms.ratio.toFixed(2)}`],
  ];
  return `${rows.map(([name, value]) => `${name.padEnd(26)}${value}`).join("\n")}\n`;
}

await main();
