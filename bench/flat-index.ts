// Exact top-k search over one index, the ways side by side in one run: a plain JavaScript float loop, the flat index
// with everything in memory, with its float rows on disk, streamed from disk, and a batch of headings. The results of
// all ways are compared with the plain loop's; a difference ends the run with an error.
//
//   node dist/bench/flat-index.js [--rows 100000] [--width 256] [--k 10] [--queries 36] [--common 0] [--json FILE]
//
// `--common 0.8` gives all rows a common direction (cosines between rows of about 0.8), which real descriptors have
// and which makes the scan's bound work harder than independent rows do.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { FlatIndex, type IndexMemory, type SearchResult } from "../tiles/index/flat-index.js";
import { TopK } from "../tiles/index/top-k.js";
import { IndexWriter } from "../tiles/index/writer.js";
import { commandLine, numberWithin, wholeNumber } from "./command-line.js";

const { values: flags } = commandLine({
  options: {
    rows: { type: "string", default: "100000" },
    width: { type: "string", default: "256" },
    k: { type: "string", default: "10" },
    queries: { type: "string", default: "36" },
    common: { type: "string", default: "0" },
    json: { type: "string" },
  },
});
const count = wholeNumber("--rows", flags.rows);
const width = wholeNumber("--width", flags.width);
const k = wholeNumber("--k", flags.k);
const queryCount = wholeNumber("--queries", flags.queries);
const common = numberWithin("--common", flags.common, 0, 1);

let state = 1;
/** Uniform in [0, 1): xorshift32. */
function uniform(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}
function direction(): Float32Array {
  const vector = new Float32Array(width);
  for (let i = 0; i < width; i++) vector[i] = uniform() + uniform() + uniform() + uniform() - 2;
  return normalise(vector);
}
function normalise(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}
const shared = direction();
function descriptor(): Float32Array {
  const own = direction();
  return normalise(own.map((value, i) => Math.sqrt(common) * (shared[i] as number) + Math.sqrt(1 - common) * value));
}

const folder = mkdtempSync(join(tmpdir(), "flat-index-"));
try {
  const path = join(folder, "index.bin");
  const rows = new Float32Array(count * width);
  const writer = new IndexWriter(folder, width);
  for (let row = 0; row < count; row++) {
    const vector = descriptor();
    rows.set(vector, row * width);
    writer.append(vector);
  }
  writer.finish(path);
  const queries = Array.from({ length: queryCount }, descriptor);

  /** What anybody would write first. */
  const plain = (query: Float32Array): SearchResult => {
    const best = new TopK(k);
    for (let row = 0, at = 0; row < count; row++) {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += (rows[at++] as number) * (query[i] as number);
      const score = Math.fround(sum);
      if (score >= best.threshold) best.push(score, row);
    }
    return best.sorted();
  };
  const expected = queries.map(plain);

  const results: { name: string; ms_per_query: number; times_faster: number; rescored_per_query: number | null }[] = [];
  const measure = (name: string, search: () => SearchResult[], rescored?: () => number) => {
    search();
    const times: number[] = [];
    const before = rescored?.() ?? 0;
    for (let round = 0; round < 5; round++) {
      const started = performance.now();
      const found = search();
      times.push((performance.now() - started) / queries.length);
      if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error(`${name} differs from the plain loop`);
    }
    const ms_per_query = times.sort((a, b) => a - b)[2] as number;
    const rescored_per_query = rescored === undefined ? null : (rescored() - before) / 5 / queries.length;
    const times_faster = (results[0]?.ms_per_query ?? ms_per_query) / ms_per_query;
    results.push({ name, ms_per_query, times_faster, rescored_per_query });
  };

  measure("plain JavaScript float loop", () => queries.map(plain));
  const ways: [string, IndexMemory, boolean][] = [
    ["flat index, all in memory", { scan_bytes: Infinity, float_bytes: Infinity }, false],
    ["flat index, float rows on disk", { scan_bytes: Infinity, float_bytes: 0 }, false],
    [`flat index, batch of ${queryCount}`, { scan_bytes: Infinity, float_bytes: 0 }, true],
    ["flat index, streamed from disk", { scan_bytes: 0, float_bytes: 0 }, false],
    [`flat index, streamed, batch of ${queryCount}`, { scan_bytes: 0, float_bytes: 0 }, true],
  ];
  for (const [name, memory, batch] of ways) {
    const index = FlatIndex.open(path, memory);
    const search = batch ? () => index.searchMany(queries, k) : () => queries.map((query) => index.search(query, k));
    measure(name, search, () => index.rescored);
    index.close();
  }

  console.log(
    `${count} rows x ${width}, top ${k}, ${queryCount} queries, common ${common}, ${cpus()[0]?.model ?? "?"}`,
  );
  for (const { name, ms_per_query, times_faster, rescored_per_query } of results) {
    const rescored = rescored_per_query === null ? "" : `  re-scored ${rescored_per_query.toFixed(0)}`;
    console.log(`${name.padEnd(36)} ${ms_per_query.toFixed(2).padStart(8)} ms  ${times_faster.toFixed(1)}x${rescored}`);
  }
  if (flags.json !== undefined) {
    writeFileSync(
      flags.json,
      `${JSON.stringify({ rows: count, width, k, queries: queryCount, common, results }, null, 2)}\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
