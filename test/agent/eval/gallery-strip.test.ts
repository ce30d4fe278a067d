import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { GalleryStrip } from "../../../agent/eval/gallery-strip.js";
import { loadSquare } from "../../../agent/eval/images.js";
import { GalleryReranker } from "../../../agent/eval/model.js";
import { mapPictures } from "../../../agent/vision/map-picture.js";
import { Encoder } from "../../../models/runtime/encoder.js";
import { shippedModel } from "../../../models/runtime/paths.js";
import { Random } from "../helpers/random.js";
import { modelsMissing } from "../helpers/small-pack.js";
import { fixtureFolder, missing } from "../vision/rerank/huggingface/fixture.js";
import { raster } from "./raster.js";
import { writeRaster } from "./small-images.js";

const dir = mkdtempSync(join(tmpdir(), "eval-strip-"));
after(() => rmSync(dir, { recursive: true, force: true }));

/** Blocks of random colours, as fields and roofs are. */
async function writeBlocks(path: string, seed: number): Promise<void> {
  const random = new Random(seed);
  const colours = Array.from({ length: 64 }, () => [random.uniform(), random.uniform(), random.uniform()] as const);
  const colour = (x: number, y: number) => colours[Math.floor(y / 28) * 8 + Math.floor(x / 28)] ?? [0, 0, 0];
  await writeRaster(
    path,
    raster(224, 224, (x, y) => {
      const [r, g, b] = colour(x, y);
      return [Math.round(r * 255), Math.round(g * 255), Math.round(b * 255)];
    }),
  );
}

describe("features of a gallery", { skip: modelsMissing() }, () => {
  const gallery = [0, 1, 2].map((i) => ({ path: join(dir, `${i}.png`) }));

  test("a strip of images reads like a map, within its bound of memory", async () => {
    for (const [i, { path }] of gallery.entries()) await writeBlocks(path, i + 1);
    const encoder = await Encoder.load(shippedModel("encoder"));
    try {
      const one = (encoder.cell_px / encoder.stride_px) ** 2 * encoder.channels;
      const strip = new GalleryStrip(encoder, "squeeze", "features", 2 * one);
      strip.open(gallery);
      await strip.require([0, 2]);
      const { side } = strip;
      const { col_px } = strip.centre_px(2);
      const first = Math.round(col_px / encoder.stride_px - side / 2);
      const window = strip.featureWindow(0, first, 0, side, side);
      const picture = await loadSquare({ path: gallery[2]?.path ?? "" }, encoder.cell_px, "squeeze");
      const dense = await encoder.encodeDense(picture, 1, encoder.cell_px, encoder.cell_px);
      const [channel, position] = [5, 3 * side + 7];
      const value = (dense.data[channel * side * side + position] ?? 0) * encoder.featureScale;
      assert.ok(Math.abs((window[position * encoder.channels + channel] ?? 0) - value) <= 1);
      // A third image pushes out the one that was used longest ago.
      await strip.require([0]);
      await strip.require([1]);
      assert.throws(() => strip.featureWindow(0, 2 * side, 0, side, side), RangeError);
      strip.featureWindow(0, 0, 0, side, side);
      assert.throws(() => strip.featureWindow(0, 1, 0, side, side), RangeError);
      strip.open(gallery);
      assert.throws(() => strip.featureWindow(0, 0, 0, side, side), RangeError);
    } finally {
      await encoder.release();
    }
  });

  test("the shipped re-ranker puts the same picture before others", async () => {
    const reranker = await GalleryReranker.load(shippedModel("reranker"), "squeeze", {});
    try {
      reranker.open(gallery);
      const picture = await loadSquare({ path: gallery[1]?.path ?? "" }, reranker.side_px, "squeeze");
      const found = [0, 1, 2].map((index) => ({ index, similarity: 0.5, heading: index === 1 ? 0 : 2 }));
      const prompt = { agl_m: 150, footprint_m: 150, off_nadir_deg: 0, yaw_sigma_deg: 180 };
      const order = await reranker.rank(picture, [0, 120, 240], found, prompt);
      assert.deepEqual([...order].sort(), [0, 1, 2]);
      assert.equal(order[0], 1);
    } finally {
      await reranker.release();
    }
  });

  test("those that look at pictures find the same image where the strip says it is", async () => {
    const encoder = await Encoder.load(shippedModel("encoder"));
    try {
      const strip = new GalleryStrip(encoder, "squeeze", "pictures");
      strip.open(gallery);
      await strip.require([2, 0]);
      const window = { level: 0, ...strip.centre_px(2), side_px: encoder.cell_px };
      const [seen] = await mapPictures(strip, [window], encoder.fillColour);
      const picture = await loadSquare({ path: gallery[2]?.path ?? "" }, encoder.cell_px, "squeeze");
      const off = picture.reduce((sum, value, i) => sum + Math.abs(value - (seen?.rgb[i] ?? 0)), 0) / picture.length;
      assert.ok(off < 6, `mean difference ${off}`);
      assert.throws(() => strip.featureWindow(0, 2 * strip.side, 0, strip.side, strip.side), RangeError);
    } finally {
      await encoder.release();
    }
  });

  test("a Hugging Face model re-ranks a gallery by its folder", { skip: missing }, async () => {
    const reranker = await GalleryReranker.load(fixtureFolder("smolvlm"), "squeeze", {});
    try {
      reranker.open(gallery);
      const picture = await loadSquare({ path: gallery[1]?.path ?? "" }, reranker.side_px, "squeeze");
      const found = [2, 0].map((index) => ({ index, similarity: 0.5, heading: 0 }));
      const prompt = { agl_m: 150, footprint_m: 150, off_nadir_deg: 0, yaw_sigma_deg: 180 };
      const order = await reranker.rank(picture, [0], found, prompt);
      // The tiny model's weights are random: it must only have read two different pictures and put both back.
      assert.deepEqual([...order].sort(), [0, 2]);
    } finally {
      await reranker.release();
    }
  });
});
