import assert from "node:assert/strict";
import { test } from "node:test";
import { visiblePositions } from "../../../../agent/vision/encode/query-encoder.js";

test("a feature position is visible when half of its pixels are", () => {
  const valid = new Uint8Array(16 * 16);
  // Position (0, 0): 32 of 64 pixels; (0, 1): 31; (1, 0): none; (1, 1): all.
  for (let i = 0; i < 32; i++) valid[Math.floor(i / 8) * 16 + (i % 8)] = 1;
  for (let i = 0; i < 31; i++) valid[Math.floor(i / 8) * 16 + 8 + (i % 8)] = 1;
  for (let y = 8; y < 16; y++) valid.fill(1, y * 16 + 8, y * 16 + 16);
  const query = { n: 1, side_px: 16, gsd_m: 1, rgb: new Uint8Array(0), valid };
  assert.deepEqual([...visiblePositions(query, 8, 0.5)], [1, 0, 0, 1]);
});
