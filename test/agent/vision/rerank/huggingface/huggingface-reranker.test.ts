import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import type { EncodedQuery } from "../../../../../agent/vision/encode/query-encoder.js";
import type { MapPictures } from "../../../../../agent/vision/map-picture.js";
import type { RectifiedQuery } from "../../../../../agent/vision/rectify/rectifier.js";
import { HuggingFaceReranker } from "../../../../../agent/vision/rerank/huggingface/huggingface-reranker.js";
import type { RgbImage } from "../../../../../agent/vision/rerank/huggingface/images/image.js";
import type { Candidate } from "../../../../../agent/vision/result.js";
import { MERCATOR_HALF_WORLD_M, TILE_PX, tileSide_merc_m } from "../../../../../tiles/geodesy/index.js";
import { type FixtureName, fixtureFolder, missing, picture, pictures, reference } from "./fixture.js";

const ZOOM = 12;
/** Candidates' pictures lie side by side on the first tile, one every so many pixels. */
const STEP_PX = 64;

/** A map whose only tile shows the given pictures. */
async function mapOf(shown: readonly RgbImage[]): Promise<MapPictures> {
  const rgb = new Uint8Array(TILE_PX * TILE_PX * 3);
  shown.forEach((one, i) => {
    for (let y = 0; y < one.height; y++) {
      rgb.set(one.rgb.subarray(y * one.width * 3, (y + 1) * one.width * 3), (y * TILE_PX + i * STEP_PX) * 3);
    }
  });
  const tile = await sharp(rgb, { raw: { width: TILE_PX, height: TILE_PX, channels: 3 } })
    .png()
    .toBuffer();
  const geometry = {
    x0_merc_m: -MERCATOR_HALF_WORLD_M,
    y0_merc_m: MERCATOR_HALF_WORLD_M,
    pixel_merc_m: tileSide_merc_m(ZOOM) / TILE_PX,
  };
  return {
    manifest: { zoom: { min: ZOOM, max: ZOOM } },
    level: () => ({ geometry }),
    tile: (_z, x, y) => (x === 0 && y === 0 ? tile : null),
  };
}

function candidate(row: number, hypothesis: number, side_px: number): Candidate {
  return {
    row,
    level: 0,
    lat_deg: 0,
    lon_deg: 0,
    col_px: row * STEP_PX + side_px / 2,
    row_px: side_px / 2,
    hypothesis,
    heading_deg: hypothesis * 10,
    scale: 1,
    similarity: 0.5 + row / 10,
    frame_similarity: 0.5 + row / 10,
  };
}

/** Two hypotheses: another pattern, then the reference's query. */
function patchesOf(name: FixtureName): RectifiedQuery {
  const { side_px } = reference(name);
  const { query } = pictures(reference(name));
  const rgb = new Uint8Array(2 * query.rgb.length);
  rgb.set(picture(side_px, side_px, 9).rgb, 0);
  rgb.set(query.rgb, query.rgb.length);
  return { n: 2, side_px, gsd_m: 0.5, rgb, valid: new Uint8Array(2 * side_px * side_px).fill(1) };
}

const NO_FEATURES: EncodedQuery = {
  hypotheses: [0, 10].map((heading_deg) => ({ heading_deg, scale: 1 })),
  side: 0,
  channels: 0,
  features: new Float32Array(0),
  valid: new Uint8Array(0),
  descriptors: new Float32Array(0),
  descriptorWidth: 0,
};

for (const name of ["smolvlm", "smolvlm-score", "qwen2-vl"] as const) {
  test(`${name}: the map's pictures under the candidates decide the order`, { skip: missing }, async () => {
    const of = reference(name);
    const map = await mapOf(pictures(of).candidates);
    const reranker = await HuggingFaceReranker.load(fixtureFolder(name), map, [128, 128, 128], {});
    try {
      const candidates = of.candidate_seeds.map((_, row) => candidate(row, 1, of.side_px));
      const ranked = await reranker.rerank(NO_FEATURES, candidates, of.values, patchesOf(name));
      const weight = name === "smolvlm-score" ? 2 : 0;
      const fused = of.candidates.map(({ score }, row) => score + weight * (0.5 + row / 10));
      const order = [...fused.keys()].sort((a, b) => (fused[b] ?? 0) - (fused[a] ?? 0));
      assert.deepEqual(
        ranked.map(({ row }) => row),
        order,
      );
      for (const { row, logit, score, relevance } of ranked) {
        assert.ok(Math.abs((logit ?? Number.NaN) - (of.candidates[row]?.score ?? 0)) < 1e-3);
        assert.ok(Math.abs(score - (fused[row] ?? 0)) < 1e-3);
        assert.ok(Math.abs((relevance ?? 0) - 1 / (1 + Math.exp(-(logit ?? 0)))) < 1e-12);
      }
    } finally {
      await reranker.release();
    }
  });
}

test("each candidate is compared with the query under its own hypothesis", { skip: missing }, async () => {
  const of = reference("smolvlm");
  const map = await mapOf(pictures(of).candidates);
  const reranker = await HuggingFaceReranker.load(fixtureFolder("smolvlm"), map, [128, 128, 128], {});
  try {
    const mixed = [candidate(0, 0, of.side_px), candidate(1, 1, of.side_px), candidate(0, 1, of.side_px)];
    const ranked = await reranker.rerank(NO_FEATURES, mixed, of.values, patchesOf("smolvlm"));
    assert.equal(ranked.length, 3);
    const logit = (row: number, hypothesis: number): number =>
      ranked.find((one) => one.row === row && one.hypothesis === hypothesis)?.logit ?? Number.NaN;
    assert.ok(Math.abs(logit(0, 1) - (of.candidates[0]?.score ?? 0)) < 1e-3);
    assert.ok(Math.abs(logit(1, 1) - (of.candidates[1]?.score ?? 0)) < 1e-3);
    assert.ok(Math.abs(logit(0, 0) - logit(0, 1)) > 1e-2);
  } finally {
    await reranker.release();
  }
});
