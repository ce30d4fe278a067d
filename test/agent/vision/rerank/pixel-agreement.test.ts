import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { RectifiedQuery } from "../../../../agent/vision/rectify/rectifier.js";
import { PixelAgreement, type PixelMap, type PixelModel } from "../../../../agent/vision/rerank/pixel-agreement.js";
import type { RankedCandidate } from "../../../../agent/vision/result.js";
import { loadModelFolder, rerankerCard } from "../../../../models/runtime/model-folder.js";
import { shippedModel } from "../../../../models/runtime/paths.js";
import { modelsMissing } from "../../helpers/small-pack.js";
import { patchOver, type Texture, texture, texturedMap } from "../../helpers/textured-map.js";

const [SIDE, STRIDE_PX, REDUCTION] = [224, 8, 4];
/** The map of the helper is 512 px wide; what is compared is reduced, so the level's is four times that. */
const MAP_PX = 512 * REDUCTION;
const MODEL: PixelModel = {
  graph: { file: "correlate.onnx", map: "map", query: "query", score: "score" },
  doubt: 2,
  candidates: 3,
  weight: 15,
  reduction: REDUCTION,
  smoothing_px: 3.2,
  reach_px: 48,
  headings_deg: [-4, 0, 4],
  scales: [1],
};
const TRUE = { col_px: 900, row_px: 1100 };

const reduced = (of: Texture): Texture => {
  return (x, y) => of(x / REDUCTION, y / REDUCTION);
};

async function mapOver(of: Texture, zoom_max?: number): Promise<PixelMap & { readonly asked: string[] }> {
  const map = await texturedMap(of, zoom_max);
  const { x0_merc_m, y0_merc_m, pixel_merc_m } = map.level(0).geometry;
  const on = (feature: number): boolean => feature >= 0 && feature < MAP_PX / STRIDE_PX;
  return {
    manifest: map.manifest,
    asked: map.asked,
    tile: (z, x, y) => map.tile(z, x, y),
    level: () => ({ geometry: { x0_merc_m, y0_merc_m, pixel_merc_m: pixel_merc_m / REDUCTION } }),
    featureWindow: (_level, j0, i0, w, h) =>
      Int8Array.from({ length: w * h }, (_, at) => (on(j0 + (at % w)) && on(i0 + Math.floor(at / w)) ? 9 : 0)),
  };
}

async function pixelsOn(map: PixelMap, model: PixelModel = MODEL): Promise<PixelAgreement> {
  const folder = loadModelFolder(shippedModel("reranker"), rerankerCard);
  const card = { ...folder.card, pixels: model };
  const options = { dir: folder.dir, card, path: (file: string) => folder.path(file) };
  const pixels = await PixelAgreement.load(options, { threads: 1 }, map, STRIDE_PX);
  assert.ok(pixels !== null);
  return pixels;
}

function candidate(row: number, col_px: number, row_px: number, score: number, hypothesis = 0): RankedCandidate {
  const pose = { hypothesis, heading_deg: 0, scale: 1 };
  return {
    row,
    level: 0,
    lat_deg: 0,
    lon_deg: 0,
    col_px,
    row_px,
    ...pose,
    similarity: 0,
    frame_similarity: 0,
    relevance: 0,
    logit: 0,
    score,
  };
}

const rows = (list: readonly RankedCandidate[]): number[] => list.map(({ row }) => row);

describe("doubts settled by pixels", { skip: modelsMissing() }, () => {
  test("the true place agrees wherever within reach its cell lies, and other places do not", async () => {
    const of = texture(5);
    const pixels = await pixelsOn(await mapOver(of));
    const within = { min: -44, max: 44, noNaN: true };
    await fc.assert(
      fc.asyncProperty(
        fc.double(within),
        fc.double(within),
        fc.double({ min: -4.5, max: 4.5, noNaN: true }),
        async (right, down, heading_deg) => {
          const query = patchOver(reduced(of), TRUE, SIDE, heading_deg, 1.02);
          const list = [
            candidate(1, TRUE.col_px + right, TRUE.row_px + down, 0),
            candidate(2, 400, 500, 0),
            candidate(3, 1600, 1500, 0),
          ];
          const found = await pixels.agreements(query, list);
          const [here, ...elsewhere] = found ?? [];
          assert.ok(here !== undefined && here > 0.7, `here ${here}`);
          for (const other of elsewhere) assert.ok(other < 0.45, `elsewhere ${other}`);
        },
      ),
      { seed: 3, numRuns: 15 },
    );
    await pixels.release();
  });

  test("what is in doubt is put in order, what follows stays, and nothing is compared where nothing is in doubt", async () => {
    const of = texture(6);
    const map = await mapOver(of);
    const pixels = await pixelsOn(map);
    const query = patchOver(reduced(of), TRUE, SIDE);
    const sure = [candidate(1, 400, 500, 9), candidate(2, TRUE.col_px, TRUE.row_px, 6.9)];
    assert.equal(await pixels.settle(sure, query), sure);
    assert.deepEqual(map.asked, []);
    const doubtful = [
      candidate(1, 400, 500, 9),
      candidate(2, 1600, 700, 7.1),
      candidate(3, TRUE.col_px + 20, TRUE.row_px - 30, 4),
      candidate(4, TRUE.col_px, TRUE.row_px, 3.9),
    ];
    const settled = await pixels.settle(doubtful, query);
    assert.equal(settled[0]?.row, 3);
    assert.equal(settled[3], doubtful[3], "beyond the candidates that are compared");
    assert.ok((settled[0]?.score ?? 0) > 4 + 0.7 * MODEL.weight);
    assert.deepEqual(rows(await pixels.settle([], query)), []);
    assert.deepEqual(rows(await pixels.settle(doubtful.slice(0, 1), query)), [1]);
    await pixels.release();
  });

  test("each candidate is compared with the patch of its own hypothesis", async () => {
    const of = texture(7);
    const pixels = await pixelsOn(await mapOver(of));
    const right = patchOver(reduced(of), TRUE, SIDE);
    const wrong = patchOver(reduced(texture(8)), TRUE, SIDE);
    const both: RectifiedQuery = {
      ...right,
      n: 2,
      rgb: Uint8Array.from([...wrong.rgb, ...right.rgb]),
      valid: Uint8Array.from([...wrong.valid, ...right.valid]),
    };
    const at = (hypothesis: number): RankedCandidate => candidate(hypothesis, TRUE.col_px, TRUE.row_px, 0, hypothesis);
    const [first, second] = (await pixels.agreements(both, [at(0), at(1)])) ?? [];
    assert.ok((first ?? 1) < 0.45 && (second ?? 0) > 0.7, `${first} ${second}`);
    await pixels.release();
  });

  test("the order stays where pixels cannot tell", async () => {
    const of = texture(9);
    const query = patchOver(reduced(of), TRUE, SIDE);
    const list = [candidate(1, 400, 500, 1), candidate(2, TRUE.col_px, TRUE.row_px, 0)];
    const coarse = await pixelsOn(await mapOver(of, 11));
    assert.equal(await coarse.settle(list, query), list, "tiles of half the resolution");
    await coarse.release();
    const pixels = await pixelsOn(await mapOver(of));
    assert.deepEqual(rows(await pixels.settle(list, query)), [2, 1]);
    const blind = { ...query, valid: new Uint8Array(SIDE * SIDE) };
    assert.equal(await pixels.settle(list, blind), list, "nothing was seen");
    const flat = patchOver(() => 90, TRUE, SIDE);
    assert.deepEqual(await pixels.agreements(flat, list), [0, 0], "a flat picture agrees with nothing");
    const off = candidate(3, MAP_PX + 120, 500, 0);
    assert.deepEqual(await pixels.agreements(query, [off]), [0], "mostly beyond the map");
    await pixels.release();
  });
});

test("a re-ranker without the block has no such part", async () => {
  const folder = loadModelFolder(shippedModel("reranker"), rerankerCard);
  const { pixels: _, ...card } = folder.card;
  const map = await mapOver(texture(1));
  const bare = { dir: folder.dir, card, path: (file: string) => folder.path(file) };
  assert.equal(await PixelAgreement.load(bare, {}, map, STRIDE_PX), null);
});
