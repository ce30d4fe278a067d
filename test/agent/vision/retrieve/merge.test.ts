import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mergeHits, suppress } from "../../../../agent/vision/retrieve/merge.js";

test("each cell is kept once, with its best hypothesis, best first, ties by row", () => {
  const hits = [
    { row: 7, hypothesis: 0, similarity: 0.5, frame_similarity: 0.1 },
    { row: 3, hypothesis: 0, similarity: 0.9, frame_similarity: 0.2 },
    { row: 7, hypothesis: 1, similarity: 0.9, frame_similarity: 0 },
    { row: 3, hypothesis: 1, similarity: 0.1, frame_similarity: 0.3 },
    { row: 5, hypothesis: 2, similarity: 0.7, frame_similarity: 0.4 },
  ];
  const merged = mergeHits(hits, "similarity");
  assert.deepEqual(
    merged.map(({ row, hypothesis }) => [row, hypothesis]),
    [
      [3, 0],
      [7, 1],
      [5, 2],
    ],
  );
  assert.deepEqual(
    mergeHits(hits, "frame_similarity").map(({ row, hypothesis }) => [row, hypothesis]),
    [
      [5, 2],
      [3, 1],
      [7, 0],
    ],
  );
});

test("what is nearer than the distance to something better is dropped; exactly at the distance is kept", () => {
  const list = [
    { name: "a", col_px: 0, row_px: 0 },
    { name: "b", col_px: 111, row_px: 50 },
    { name: "c", col_px: 112, row_px: 0 },
    { name: "d", col_px: 150, row_px: 100 },
    { name: "e", col_px: 0, row_px: -400 },
  ];
  const names = (limit: number, kept: { col_px: number; row_px: number }[] = []) =>
    suppress(list, 112, limit, kept).map(({ name }) => name);
  assert.deepEqual(names(10), ["a", "c", "e"]);
  assert.deepEqual(names(2), ["a", "c"]);
  assert.deepEqual(names(10, [{ col_px: 0, row_px: -399 }]), ["a", "c"]);
});

test("no two survivors are near each other, and everything dropped is near a better survivor", () => {
  const place = fc.record({ col_px: fc.integer({ min: 0, max: 500 }), row_px: fc.integer({ min: 0, max: 500 }) });
  fc.assert(
    fc.property(fc.array(place, { maxLength: 40 }), fc.integer({ min: 1, max: 200 }), (list, distance) => {
      const kept = suppress(list, distance, list.length);
      const near = (a: (typeof list)[number], b: (typeof list)[number]): boolean =>
        Math.max(Math.abs(a.col_px - b.col_px), Math.abs(a.row_px - b.row_px)) < distance;
      kept.forEach((a, i) => {
        kept.forEach((b, j) => {
          assert.ok(i === j || !near(a, b));
        });
      });
      list.forEach((one, i) => {
        if (kept.includes(one)) return;
        assert.ok(list.slice(0, i).some((better) => kept.includes(better) && near(one, better)));
      });
    }),
  );
});
