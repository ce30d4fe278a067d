import assert from "node:assert/strict";
import { test } from "node:test";
import { REPORTED } from "../../../../agent/vision/encode/hypotheses.js";
import type { EncodedQuery } from "../../../../agent/vision/encode/query-encoder.js";
import type { MapSource } from "../../../../agent/vision/map-source.js";
import { FrameSimilarity } from "../../../../agent/vision/retrieve/frame-similarity.js";

const STRIDE_PX = 56;
const SIDE = 3;

/** 3 x 3 cells, numbered by rows from the north-west; each has a descriptor of its own. */
function gridMap(): MapSource {
  const unused = (): never => {
    throw new Error("not used");
  };
  return {
    manifest: { levels: [] },
    index: {
      searchMany: unused,
      row: (row) => Float32Array.from({ length: SIDE * SIDE }, (_, i) => (i === row ? 1 : 0)),
    },
    level: unused,
    cells: () => ({
      centre: (row) => ({
        lat_deg: 0,
        lon_deg: 0,
        col_px: STRIDE_PX * (row % SIDE),
        row_px: STRIDE_PX * Math.floor(row / SIDE),
      }),
      at: (col_px, row_px) => {
        const [col, row] = [col_px / STRIDE_PX, row_px / STRIDE_PX];
        return col >= 0 && col < SIDE && row >= 0 && row < SIDE ? row * SIDE + col : null;
      },
    }),
    cellsWithin: unused,
    featureWindow: unused,
  };
}

/** A frame whose patches beside the middle look like the given cells. */
function query(beside: readonly { east: number; south: number; cell: number; visible: number }[]): EncodedQuery {
  const nothing = new Float32Array(0);
  const width = SIDE * SIDE;
  const descriptors = new Float32Array(beside.length * width);
  beside.forEach(({ cell }, i) => {
    descriptors[i * width + cell] = 1;
  });
  return {
    hypotheses: [REPORTED],
    side: 28,
    channels: 1,
    features: nothing,
    valid: new Uint8Array(0),
    descriptors: nothing,
    descriptorWidth: width,
    surroundings: {
      steps: beside,
      stride_px: STRIDE_PX,
      descriptors,
      visible: Float32Array.from(beside, ({ visible }) => visible),
      centre_visible: Float32Array.of(1),
      features: nothing,
      side: 42,
    },
  };
}

const MIDDLE = { row: 4, hypothesis: 0, similarity: 0.4 };

test("each patch beside the middle is laid on the cell of its own direction", () => {
  const directions = [
    { east: 0, south: -1, cell: 1 },
    { east: 1, south: 0, cell: 5 },
    { east: 0, south: 1, cell: 7 },
    { east: -1, south: 0, cell: 3 },
    { east: -1, south: 1, cell: 6 },
  ];
  for (const direction of directions) {
    const found = new FrameSimilarity(query([{ ...direction, visible: 1 }]), gridMap(), 0).of(MIDDLE);
    assert.ok(Math.abs(found - (0.4 + 1) / 2) < 1e-6, JSON.stringify(direction));
  }
});

test("a patch weighs as much as was seen of it; without surroundings the patch stands alone", () => {
  const shown = query([
    { east: 0, south: -1, cell: 1, visible: 0.7 },
    { east: 0, south: 1, cell: 0, visible: 0.8 },
    { east: 1, south: 0, cell: 5, visible: 0 },
  ]);
  const found = new FrameSimilarity(shown, gridMap(), 0).of(MIDDLE);
  assert.ok(Math.abs(found - (0.4 + 0.7) / 2.5) < 1e-6, String(found));
  const { surroundings: _, ...narrow } = shown;
  assert.equal(new FrameSimilarity(narrow, gridMap(), 0).of(MIDDLE), 0.4);
});
