import assert from "node:assert/strict";
import { test } from "node:test";
import { crop, seenParts, visiblePositions } from "../../../../agent/vision/encode/dense-query.js";

test("a feature position is visible when half of its pixels are", () => {
  const valid = new Uint8Array(16 * 16);
  // Position (0, 0): 32 of 64 pixels; (0, 1): 31; (1, 0): none; (1, 1): all.
  for (let i = 0; i < 32; i++) valid[Math.floor(i / 8) * 16 + (i % 8)] = 1;
  for (let i = 0; i < 31; i++) valid[Math.floor(i / 8) * 16 + 8 + (i % 8)] = 1;
  for (let y = 8; y < 16; y++) valid.fill(1, y * 16 + 8, y * 16 + 16);
  const query = { n: 1, side_px: 16, gsd_m: 1, rgb: new Uint8Array(0), valid };
  assert.deepEqual([...visiblePositions(query, 8, 0.5)], [1, 0, 0, 1]);
});

test("a square out of maps, and how much of a square was seen", () => {
  // Two maps of 4 x 4: their numbers, and which are valid.
  const map = Float32Array.from({ length: 32 }, (_, i) => i);
  const cropped = (left: number, top: number) => [...crop(map, 4, { left, top }, 2, new Float32Array(8))];
  assert.deepEqual(cropped(1, 1), [5, 6, 9, 10, 21, 22, 25, 26]);
  assert.deepEqual(cropped(2, 0), [2, 3, 6, 7, 18, 19, 22, 23]);
  const one = map.slice(0, 16);
  assert.deepEqual([...crop(one, 4, { left: 0, top: 0 }, 4, new Float32Array(16))], [...one]);
  const valid = Uint8Array.from({ length: 32 }, (_, i) => (i < 16 && i % 4 < 2 ? 1 : 0));
  const query = { n: 2, side: 4, features: new Float32Array(0), coarse: new Float32Array(0), valid };
  const corners = [
    { left: 0, top: 2 },
    { left: 1, top: 1 },
    { left: 2, top: 0 },
  ];
  assert.deepEqual([...seenParts(query, corners, 2)], [1, 0.5, 0, 0, 0, 0]);
});
