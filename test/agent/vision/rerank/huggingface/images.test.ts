import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readModelConfig } from "../../../../../agent/vision/rerank/huggingface/files/model-config.js";
import { TextTokenizer } from "../../../../../agent/vision/rerank/huggingface/files/text-tokenizer.js";
import type { PreparedImage } from "../../../../../agent/vision/rerank/huggingface/images/image.js";
import { smartResize } from "../../../../../agent/vision/rerank/huggingface/images/qwen2-vl.js";
import { imageReader } from "../../../../../agent/vision/rerank/huggingface/images/reader.js";
import { resample } from "../../../../../agent/vision/rerank/huggingface/images/resample.js";
import { type FixtureName, fixtureFolder, missing, picture, reference, type TensorSummary } from "./fixture.js";

function prepared(name: FixtureName, splitting?: boolean): { patch: PreparedImage; odd: PreparedImage } {
  const dir = fixtureFolder(name);
  const reader = imageReader(dir, readModelConfig(dir), splitting, TextTokenizer.load(dir));
  const { side_px, query_seed, odd } = reference(name);
  return {
    patch: reader.prepare(picture(side_px, side_px, query_seed)),
    odd: reader.prepare(picture(odd.width_px, odd.height_px, odd.seed)),
  };
}

function same(actual: PreparedImage, expected: TensorSummary): void {
  const { data, dims } = actual.feeds.pixel_values;
  assert.deepEqual(dims, expected.shape);
  // transformers normalises in single precision, with an error of its own in every value.
  const slack = data.length * 4e-7;
  let [sum, squares] = [0, 0];
  for (const value of data) {
    sum += value;
    squares += value * value;
  }
  assert.ok(Math.abs(sum - expected.sum) < slack, `sum ${sum}, expected ${expected.sum}`);
  assert.ok(Math.abs(squares - expected.sum_of_squares) < slack, `squares ${squares}, ${expected.sum_of_squares}`);
  expected.values.forEach((value, i) => {
    assert.ok(Math.abs((data[i * expected.step] ?? Number.NaN) - value) < 2e-6, `value ${i}`);
  });
}

test("Idefics3: pixels, views and mask are those of transformers", { skip: missing }, () => {
  const { patch, odd } = prepared("smolvlm");
  const { pixels } = reference("smolvlm");
  same(patch, pixels.patch);
  same(odd, pixels.odd);
  for (const [made, expected] of [
    [patch, pixels.patch],
    [odd, pixels.odd],
  ] as const) {
    const mask = made.feeds.pixel_attention_mask;
    assert.deepEqual(mask?.dims, [expected.shape[0], expected.shape[1], ...expected.shape.slice(3)]);
    assert.ok(mask?.data.every((one) => one === 1));
    assert.equal(made.text.match(/<row_\d_col_\d>/g)?.length, (expected.rows ?? 0) * (expected.cols ?? 0));
  }
});

test("Idefics3 without splitting shows the whole image alone", { skip: missing }, () => {
  const { patch, odd } = prepared("smolvlm-score", false);
  same(patch, reference("smolvlm-score").pixels.patch);
  same(odd, reference("smolvlm-score").pixels.odd);
  assert.match(patch.text, /^<fake_token_around_image><global-img>(<image>){4}<fake_token_around_image>$/);
});

test("Qwen2-VL: patches and their grid are those of transformers", { skip: missing }, () => {
  const { patch, odd } = prepared("qwen2-vl");
  const { pixels } = reference("qwen2-vl");
  same(patch, pixels.patch);
  same(odd, pixels.odd);
  for (const [made, expected] of [
    [patch, pixels.patch],
    [odd, pixels.odd],
  ] as const) {
    assert.deepEqual([...(made.feeds.grid_thw?.data ?? [])].map(Number), expected.grid);
  }
});

test("a plain image stays plain under every kernel and size", () => {
  const size = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(
      size,
      size,
      size,
      size,
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(1, 2, 3),
      (w, h, to_w, to_h, level, kernel) => {
        const plain = { width: w, height: h, rgb: new Uint8Array(w * h * 3).fill(level) };
        const out = resample(plain, to_w, to_h, kernel);
        assert.equal(out.rgb.length, to_w * to_h * 3);
        assert.ok(out.rgb.every((one) => one === level));
      },
    ),
    { numRuns: 60 },
  );
});

test("smart resize keeps whole multiples within the range of pixels", () => {
  const side = fc.integer({ min: 30, max: 3000 });
  fc.assert(
    fc.property(side, side, (width, height) => {
      const limits = { factor: 28, min_pixels: 56 * 56, max_pixels: 28 * 28 * 1280 };
      const out = smartResize({ width, height }, limits);
      assert.equal(out.width % 28, 0);
      assert.equal(out.height % 28, 0);
      assert.ok(out.width * out.height >= limits.min_pixels);
      assert.ok(out.width * out.height <= limits.max_pixels || out.width === 28 || out.height === 28);
    }),
  );
  assert.deepEqual(smartResize({ width: 98, height: 70 }, { factor: 28, min_pixels: 1, max_pixels: 1e6 }), {
    width: 112,
    height: 56,
  });
});
