import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_VISION_CONFIG } from "../../../../agent/vision/config.js";
import { headingHypotheses, visiblePositions } from "../../../../agent/vision/encode/query-encoder.js";

const config = DEFAULT_VISION_CONFIG.retrieve;

test("headings cover two sigma, each hypothesis five degrees to either side", () => {
  assert.deepEqual(headingHypotheses(2, config), [0]);
  assert.deepEqual(headingHypotheses(5, config), [-10, 0, 10]);
  assert.deepEqual(headingHypotheses(7.5, config), [-10, 0, 10]);
  assert.deepEqual(headingHypotheses(8, config), [-20, -10, 0, 10, 20]);
});

test("an unknown heading is searched all around, every 10 degrees once", () => {
  for (const sigma of [89, 90, 180]) {
    const headings = headingHypotheses(sigma, config);
    assert.equal(headings.length, 36);
    assert.equal(new Set(headings.map((h) => ((h % 360) + 360) % 360)).size, 36);
    assert.ok(headings.includes(0));
    assert.ok(headings.every((h) => h > -180.5 && h <= 180));
  }
});

test("a feature position is visible when half of its pixels are", () => {
  const valid = new Uint8Array(16 * 16);
  // Position (0, 0): 32 of 64 pixels; (0, 1): 31; (1, 0): none; (1, 1): all.
  for (let i = 0; i < 32; i++) valid[Math.floor(i / 8) * 16 + (i % 8)] = 1;
  for (let i = 0; i < 31; i++) valid[Math.floor(i / 8) * 16 + 8 + (i % 8)] = 1;
  for (let y = 8; y < 16; y++) valid.fill(1, y * 16 + 8, y * 16 + 16);
  const query = { n: 1, side_px: 16, gsd_m: 1, rgb: new Uint8Array(0), valid };
  assert.deepEqual([...visiblePositions(query, 8, 0.5)], [1, 0, 0, 1]);
});
