import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BATCH, bestOverHeadings, embedInBatches, ranking } from "../../../agent/eval/search.js";
import { QuarterEmbedder } from "./small-images.js";

test("the best heading of each gallery image counts", () => {
  const gallery = Float32Array.of(1, 0, 0, 1, -1, 0);
  const { best, heading } = bestOverHeadings(gallery, Float32Array.of(1, 0, 0.6, 0.8), 2);
  assert.deepEqual(
    [...best].map((v) => Math.round(v * 10) / 10),
    [1, 0.8, -0.6],
  );
  assert.deepEqual([...heading], [0, 1, 1]);
});

test("cosines are those of the plain sum, whatever the width", () => {
  const values = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 23 });
  fc.assert(
    fc.property(values, (row) => {
      const a = Float32Array.from(row);
      const b = Float32Array.from(row, (value, i) => value * (i % 3) - 0.5);
      const plain = a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
      assert.ok(Math.abs((bestOverHeadings(a, b, row.length).best[0] ?? 9) - plain) < 1e-5);
    }),
  );
});

test("a ranking falls; equal ones keep the gallery's order; junk is gone", () => {
  const similarity = Float32Array.of(0.5, 0.9, 0.5, 0.1, 0.9);
  assert.deepEqual([...ranking(similarity, new Set())], [1, 4, 0, 2, 3]);
  assert.deepEqual([...ranking(similarity, new Set([1, 2]))], [4, 0, 3]);
});

test("pictures go through the network in runs of bounded size", async () => {
  const sizes: number[] = [];
  class Counting extends QuarterEmbedder {
    override embed(rgb: Uint8Array, n: number): Promise<Float32Array> {
      sizes.push(n);
      return super.embed(rgb, n);
    }
  }
  const embedder = new Counting();
  const pictures = Array.from({ length: BATCH + 3 }, (_, i) => new Uint8Array(8 * 8 * 3).fill(i * 10));
  const rows = await embedInBatches(embedder, pictures);
  assert.deepEqual(sizes, [BATCH, 3]);
  const alone = await embedder.embed(pictures[BATCH] ?? new Uint8Array(), 1);
  assert.deepEqual(rows.subarray(BATCH * 12, (BATCH + 1) * 12), alone);
});
