import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { compare, fingerprintOf, type GoldenCase } from "../../../models/runtime/golden.js";
import { type GoldenInput, makeInput, xorshift } from "../../../models/runtime/golden-input.js";
import { anyCard } from "../../../models/runtime/golden-recipes.js";
import { loadModelFolder } from "../../../models/runtime/model-folder.js";
import { shippedModel } from "../../../models/runtime/paths.js";

test("the generator is Marsaglia's xorshift32", () => {
  // By hand: 1 * 0x9E3779B1 = 2654435761, then ^= << 13, ^= >>> 17, ^= << 5.
  let state = 2654435761;
  const draw = xorshift(1);
  for (let i = 0; i < 100; i++) {
    state = (state ^ (state << 13)) >>> 0;
    state = (state ^ (state >>> 17)) >>> 0;
    state = (state ^ (state << 5)) >>> 0;
    assert.equal(draw(), state / 2 ** 32);
  }
  const zero = xorshift(0);
  assert.ok(zero() > 0, "a state of nothing would stay nothing");
});

test("recipes give the same bits every time, of the shape and within the limits", () => {
  const recipe = fc.record({
    seed: fc.nat(),
    n: fc.integer({ min: 1, max: 3 }),
    side: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(
    fc.property(recipe, fc.integer({ min: 1, max: 9 }), fc.boolean(), ({ seed, n, side }, step, last) => {
      const shape = last ? [n, side, side + 1, 3] : [n, 3, side, side + 1];
      const inputs: GoldenInput[] = [
        { fill: "smooth", shape, seed, low: -2, high: 3, step, last },
        { fill: "uniform", shape, seed, low: -2, high: 3 },
        { fill: "integers", shape, seed, low: -2, high: 3 },
        { fill: "count", shape, below: 4 },
      ];
      for (const input of inputs) {
        const { data, dims } = makeInput(input);
        assert.deepEqual(dims, shape);
        assert.equal(data.length, n * 3 * side * (side + 1));
        assert.deepEqual(makeInput(input).data, data);
        for (const value of data) assert.ok(value >= -2 && value <= 3);
      }
    }),
  );
});

test("the last dimension as channel holds the same planes", () => {
  const planes = makeInput({ fill: "smooth", shape: [2, 3, 5, 7], seed: 5, low: 0, high: 1, step: 3 }).data;
  const pixels = makeInput({ fill: "smooth", shape: [2, 5, 7, 3], seed: 5, low: 0, high: 1, step: 3, last: true }).data;
  for (let i = 0; i < planes.length; i++) {
    const [image, channel, pixel] = [Math.floor(i / 105), Math.floor(i / 35) % 3, i % 35];
    assert.equal(pixels[(image * 35 + pixel) * 3 + channel], planes[i]);
  }
});

test("a smooth input is the lattice at its corners and straight between them", () => {
  const { data } = makeInput({ fill: "smooth", shape: [1, 1, 1, 9], seed: 8, low: -1, high: 1, step: 4 });
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = Array.from(data, Number);
  assert.ok(Math.abs(c - (a + e) / 2) < 1e-6 && Math.abs(b - (a + c) / 2) < 1e-6 && Math.abs(d - (c + e) / 2) < 1e-6);
  const next = xorshift(8);
  assert.equal(a, Math.fround(-1 + 2 * next()));
  assert.equal(e, Math.fround(-1 + 2 * next()));
});

test("a fingerprint knows its own data, and a change of mean or of any sample", () => {
  const data = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i));
  const one: GoldenCase = { inputs: {}, outputs: { y: fingerprintOf(data, [5000], 4) } };
  const tolerance = { y: { min_cosine: 0.999, max_difference: 0.01 } };
  const judge = (values: Float32Array) => compare({ y: { data: values, dims: [5000] } }, one, tolerance);
  assert.deepEqual(judge(data).why, null);
  assert.ok(judge(data).max_difference < 1e-9);
  assert.equal(judge(data.map((value) => value + 0.005)).why, null);
  assert.match(judge(data.map((value) => value + 0.02)).why ?? "", /0\.0200 off/);
  assert.match(judge(new Float32Array(5000)).why ?? "", /cosine 0\.00000/);
  // Half of the output missing shows in the standard deviation, even where no sample was drawn.
  assert.notEqual(judge(data.map((value, i) => (i % 2 === 0 ? value : 0))).why, null);
});

test("a fingerprint that was cut short is no match", () => {
  const data = Float32Array.from({ length: 64 }, (_, i) => i);
  const fingerprint = fingerprintOf(data, [64], 4);
  const cut = { ...fingerprint, samples: fingerprint.samples.slice(0, 40) };
  const { why } = compare(
    { y: { data, dims: [64] } },
    { inputs: {}, outputs: { y: cut } },
    { y: { min_cosine: -1, max_difference: 1e9 } },
  );
  assert.notEqual(why, null);
});

test("the shipped models have golden output of every graph, made for their files", () => {
  const models = dirname(shippedModel("encoder"));
  for (const name of readdirSync(models).filter((one) => existsSync(join(models, one, "model.json")))) {
    const { card } = loadModelFolder(join(models, name), anyCard);
    const graphs = Object.keys(card.files).filter((file) => file.endsWith(".onnx"));
    assert.deepEqual(Object.keys(card.golden?.graphs ?? {}).sort(), graphs.sort());
    for (const file of graphs) assert.equal(card.golden?.graphs[file]?.sha256, card.files[file]?.sha256);
  }
});
