import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { REPORTED } from "../../../../agent/vision/encode/hypotheses.js";
import type { EncodedQuery } from "../../../../agent/vision/encode/query-encoder.js";
import type { RectifiedQuery } from "../../../../agent/vision/rectify/rectifier.js";
import { CompactReranker } from "../../../../agent/vision/rerank/compact-reranker.js";
import type { PixelMap } from "../../../../agent/vision/rerank/pixel-agreement.js";
import type { PromptValues } from "../../../../agent/vision/rerank/prompt.js";
import type { Candidate, RankedCandidate } from "../../../../agent/vision/result.js";
import { Encoder } from "../../../../models/runtime/encoder.js";
import { makeInput } from "../../../../models/runtime/golden-input.js";
import { shippedModel } from "../../../../models/runtime/paths.js";

const [SIDE, CHANNELS, STRIDE_PX] = [28, 64, 8];
const AREA = SIDE * SIDE;
/** A candidate's window begins this many features from the one before: the windows share no ground. */
const APART = SIDE + 4;

const PROMPT: PromptValues = {
  agl_m: 120,
  footprint_m: 90,
  gsd_cm: 40,
  yaw_sigma_deg: 5,
  agl_sigma_percent: 3,
  off_nadir_deg: 0,
  map_age_months: 0,
  month: 0,
};

/** Smooth features of unit norm, [n, h, w, channels]: ground that is nowhere alike. */
function ground(n: number, h: number, w: number, seed: number): Float32Array {
  const shape = [n, h, w, CHANNELS];
  const data = makeInput({ fill: "smooth", shape, seed, low: -1, high: 1, step: 4, last: true }).data as Float32Array;
  for (let at = 0; at < data.length; at += CHANNELS) {
    const norm = Math.hypot(...data.subarray(at, at + CHANNELS));
    for (let c = 0; c < CHANNELS; c++) data[at + c] = (data[at + c] as number) / norm;
  }
  return data;
}

const WIDTH = 6 * APART;
const field = ground(1, SIDE, WIDTH, 3);

/** int8 features of the field, zero beyond it, in units of `scale`; no pictures. */
function mapOf(scale: number): PixelMap {
  return {
    manifest: { zoom: { min: 10, max: 20 } },
    level: () => ({ geometry: { x0_merc_m: 0, y0_merc_m: 0, pixel_merc_m: 1 } }),
    tile: () => null,
    featureWindow(_level, j0, i0, w, h) {
      const out = new Int8Array(w * h * CHANNELS);
      for (let i = 0; i < h; i++) {
        for (let j = 0; j < w; j++) {
          const [y, x] = [i0 + i, j0 + j];
          if (y < 0 || x < 0 || y >= SIDE || x >= WIDTH) continue;
          for (let c = 0; c < CHANNELS; c++) {
            out[(i * w + j) * CHANNELS + c] = Math.round((field[(y * WIDTH + x) * CHANNELS + c] as number) * scale);
          }
        }
      }
      return out;
    },
  };
}

/** Views of the field that begin at these columns; null: ground that the field does not have. */
function queryAt(columns: readonly (number | null)[]): EncodedQuery {
  const features = new Float32Array(columns.length * CHANNELS * AREA);
  const strange = ground(1, SIDE, SIDE, 11);
  columns.forEach((column, view) => {
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const from = column === null ? strange : field;
        const at = column === null ? y * SIDE + x : y * WIDTH + x + column;
        for (let c = 0; c < CHANNELS; c++) {
          features[(view * CHANNELS + c) * AREA + y * SIDE + x] = from[at * CHANNELS + c] as number;
        }
      }
    }
  });
  return {
    hypotheses: columns.map(() => REPORTED),
    side: SIDE,
    channels: CHANNELS,
    features,
    valid: new Uint8Array(columns.length * AREA).fill(1),
    descriptors: new Float32Array(0),
    descriptorWidth: 0,
  };
}

/** Patches in which nothing can be seen: pixels tell nothing. */
const PATCHES: RectifiedQuery = {
  n: 4,
  side_px: SIDE * STRIDE_PX,
  gsd_m: 0.4,
  rgb: new Uint8Array(4 * (SIDE * STRIDE_PX) ** 2 * 3),
  valid: new Uint8Array(4 * (SIDE * STRIDE_PX) ** 2),
};

function candidate(row: number, hypothesis = 0): Candidate {
  return {
    row,
    level: 0,
    lat_deg: 0,
    lon_deg: 0,
    col_px: (row * APART + SIDE / 2) * STRIDE_PX,
    row_px: (SIDE / 2) * STRIDE_PX,
    hypothesis,
    ...REPORTED,
    similarity: 0.5,
    frame_similarity: 0.5,
  };
}

const scratch = mkdtempSync(join(tmpdir(), "compact-reranker-"));
let encoder: Encoder;
let reranker: CompactReranker;
before(async () => {
  encoder = await Encoder.load(shippedModel("encoder"), { threads: 1 });
  reranker = await CompactReranker.load(shippedModel("reranker"), encoder, mapOf(120), { threads: 1 });
});
after(async () => {
  await reranker.release();
  await encoder.release();
  rmSync(scratch, { recursive: true, force: true });
});

const logits = (ranked: readonly RankedCandidate[]): Map<number, number> =>
  new Map(ranked.map(({ row, logit }) => [row, logit ?? Number.NaN]));

test("the place that the query shows comes first, centred or off by a quarter of a cell", async () => {
  const candidates = [0, 1, 2, 3, 4].map((row) => candidate(row));
  for (const offset of [0, 7]) {
    const ranked = await reranker.rerank(queryAt([3 * APART + offset]), candidates, PROMPT, PATCHES);
    assert.equal(ranked[0]?.row, 3);
    assert.equal(ranked.length, 5);
    assert.ok((ranked[0]?.relevance ?? 0) > (ranked[1]?.relevance ?? 1));
  }
  assert.deepEqual(await reranker.rerank(queryAt([0]), [], PROMPT, PATCHES), []);
});

test("a candidate is judged by the hypothesis that it came with, whatever else is in the list", async () => {
  // Views 1 and 3 show candidate 2's ground; no candidate came with view 0.
  const query = queryAt([null, 2 * APART, null, 2 * APART]);
  const list = [candidate(2, 3), candidate(4, 1), candidate(0, 2), candidate(1, 3)];
  const together = logits(await reranker.rerank(query, list, PROMPT, PATCHES));
  assert.equal([...together.keys()][0], 2);
  for (const one of list) {
    const alone = logits(await reranker.rerank(query, [one], PROMPT, PATCHES)).get(one.row) ?? Number.NaN;
    // Weights are quantised with the range of the activations of the whole list.
    assert.ok(Math.abs(alone - (together.get(one.row) ?? Number.NaN)) < 0.5);
  }
  const reversed = logits(await reranker.rerank(query, [...list].reverse(), PROMPT, PATCHES));
  for (const [row, logit] of together) assert.ok(Math.abs(logit - (reversed.get(row) ?? Number.NaN)) < 1e-3);
});

test("the scale of the map's features does not count", async () => {
  const other = await CompactReranker.load(shippedModel("reranker"), encoder, mapOf(60), { threads: 1 });
  try {
    const list = [candidate(1), candidate(2)];
    const ours = logits(await reranker.rerank(queryAt([APART]), list, PROMPT, PATCHES));
    const theirs = logits(await other.rerank(queryAt([APART]), list, PROMPT, PATCHES));
    for (const [row, logit] of ours) assert.ok(Math.abs(logit - (theirs.get(row) ?? Number.NaN)) < 0.5);
  } finally {
    await other.release();
  }
});

test("a card of the old layout is refused by the name of what it lacks", async () => {
  const dir = join(scratch, "old");
  await cp(shippedModel("reranker"), dir, { recursive: true });
  const path = join(dir, "model.json");
  const card = JSON.parse(readFileSync(path, "utf8")) as { graph: Record<string, unknown> };
  const { views: _views, ...graph } = card.graph;
  writeFileSync(path, JSON.stringify({ ...card, graph }));
  await assert.rejects(CompactReranker.load(dir, encoder, mapOf(120), {}), /old\/model\.json: graph\.views: /);
});
