import assert from "node:assert/strict";
import { test } from "node:test";
import { REPORTED } from "../../../../agent/vision/encode/hypotheses.js";
import type { EncodedQuery } from "../../../../agent/vision/encode/query-encoder.js";
import { inDoubt, sidePairs, withSides } from "../../../../agent/vision/rerank/side-patches.js";
import type { RankedCandidate } from "../../../../agent/vision/result.js";

const MODEL = { doubt: 3, candidates: 2, weight: 2 };
const STRIDE_PX = 16;

function candidate(row: number, score: number, hypothesis = 0): RankedCandidate {
  const place = { row, level: 0, lat_deg: 0, lon_deg: 0, col_px: 1000 * row, row_px: 500, ...REPORTED };
  return { ...place, hypothesis, similarity: 0, frame_similarity: 0, relevance: 0.5, logit: 1, score };
}

const STEPS = [-1, 0, 1].flatMap((south) =>
  [-1, 0, 1].filter((east) => east !== 0 || south !== 0).map((east) => ({ east, south })),
);

/** Two hypotheses of 2 x 2 features in 6 x 6 whose value is their place: 100 h + 10 y + x. */
function query(visible: (hypothesis: number, east: number, south: number) => number): EncodedQuery {
  const features = Float32Array.from({ length: 2 * 36 }, (_, i) => {
    return 100 * Math.floor(i / 36) + 10 * Math.floor((i % 36) / 6) + (i % 6);
  });
  const nothing = new Float32Array(0);
  return {
    hypotheses: [REPORTED, REPORTED],
    side: 2,
    channels: 1,
    features: nothing,
    valid: new Uint8Array(0),
    descriptors: nothing,
    descriptorWidth: 0,
    surroundings: {
      steps: STEPS,
      stride_px: STRIDE_PX,
      descriptors: nothing,
      visible: Float32Array.from([0, 1].flatMap((h) => STEPS.map(({ east, south }) => visible(h, east, south)))),
      centre_visible: Float32Array.of(1, 1),
      features,
      side: 6,
    },
  };
}

test("the first candidates are in doubt where the second is near the first", () => {
  const ranked = [candidate(0, 10), candidate(1, 7.5), candidate(2, 7)];
  assert.deepEqual(inDoubt(ranked, MODEL), ranked.slice(0, 2));
  assert.deepEqual(inDoubt([candidate(0, 10), candidate(1, 7)], MODEL), []);
  assert.deepEqual(inDoubt([candidate(0, 10)], MODEL), []);
  assert.deepEqual(inDoubt([], MODEL), []);
});

test("each side is cut from the frame and laid beside the candidate", () => {
  const asked: [number, number][] = [];
  const pairs = sidePairs(
    [candidate(3, 0, 1)],
    query(() => 1),
    (_level, col_px, row_px) => {
      asked.push([col_px - 3000, row_px - 500]);
      return Int8Array.of(1, 1, 0, 0);
    },
  );
  // North, west, east, south.
  assert.deepEqual(asked, [
    [0, -STRIDE_PX],
    [-STRIDE_PX, 0],
    [STRIDE_PX, 0],
    [0, STRIDE_PX],
  ]);
  assert.deepEqual(
    pairs.map(({ view }) => view[0]),
    [102, 120, 124, 142],
  );
  assert.deepEqual([...(pairs[2]?.view ?? [])], [124, 125, 134, 135]);
});

test("sides that the camera or the map does not show are left out; candidates of one hypothesis share a view", () => {
  const shown = query((_h, east) => (east === -1 ? 0 : 0.7));
  const pairs = sidePairs([candidate(0, 0), candidate(1, 0)], shown, (_level, col_px, row_px) =>
    col_px === 1000 && row_px < 500 ? Int8Array.of(1, 0, 0, 0) : Int8Array.of(1, 1, 1, 1),
  );
  assert.deepEqual(
    pairs.map((one) => one.candidate),
    [0, 0, 0, 1, 1],
  );
  assert.equal(pairs[1]?.view, pairs[3]?.view);
  const { surroundings: _, ...narrow } = shown;
  assert.deepEqual(
    sidePairs([candidate(0, 0)], narrow, () => Int8Array.of(1)),
    [],
  );
});

test("the mean of the sides decides, and none falls below what was not asked", () => {
  const pair = (of: number) => ({ candidate: of, view: new Float32Array(0), window: new Int8Array(0) });
  const asked = [candidate(0, 10), candidate(1, 9), candidate(2, 8)];
  const settled = withSides(asked, [pair(0), pair(0), pair(1)], [-4, -2, 0], 2);
  // Means -3, 0 and, without sides, the own logit 1: 10 + 0, 9 + 6, 8 + 8.
  assert.deepEqual(
    settled.map(({ row, score }) => [row, score]),
    [
      [2, 16],
      [1, 15],
      [0, 10],
    ],
  );
  assert.deepEqual(
    settled.map(({ logit }) => logit),
    [1, 1, 1],
  );
});
