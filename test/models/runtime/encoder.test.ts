import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { Encoder, encoderIdentity, poolGrid } from "../../../models/runtime/encoder.js";
import { shippedModel } from "../../../models/runtime/paths.js";

let encoder: Encoder;
before(async () => {
  encoder = await Encoder.load(shippedModel("encoder"), { threads: 1 });
});
after(async () => {
  await encoder.release();
});

function picture(height: number, width: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const x = Math.floor(i / 3) % width;
    const y = Math.floor(i / 3 / width);
    return 128 + 90 * Math.sin((x * (1 + (i % 3)) + seed) / 9) * Math.cos((y + seed) / 13);
  });
}

test("features are unit vectors on a grid of the stride, for any batch and size", async () => {
  const [height, width] = [64, 96];
  const dense = await encoder.encodeDense(
    new Uint8Array([...picture(height, width, 1), ...picture(height, width, 40)]),
    2,
    height,
    width,
  );
  assert.deepEqual([dense.n, dense.height, dense.width], [2, 8, 12]);
  assert.equal(dense.data.length, 2 * encoder.channels * 96);
  assert.equal(dense.coarse.length, 2 * encoder.coarseChannels * 96);
  for (let p = 0; p < 96; p += 7) {
    let sum = 0;
    for (let c = 0; c < encoder.channels; c++) sum += (dense.data[c * 96 + p] ?? 0) ** 2;
    assert.ok(Math.abs(sum - 1) < 1e-3, `position ${p}: ${sum}`);
  }
});

test("the same pixels give the same features, alone or in a batch", async () => {
  const [a, b] = [picture(64, 64, 3), picture(64, 64, 77)];
  const alone = await encoder.encodeDense(a, 1, 64, 64);
  const together = await encoder.encodeDense(new Uint8Array([...b, ...a]), 2, 64, 64);
  const offset = alone.data.length;
  for (let i = 0; i < alone.data.length; i += 13) {
    assert.ok(Math.abs((alone.data[i] ?? 0) - (together.data[offset + i] ?? 1)) < 1e-4);
  }
});

test("descriptors are unit vectors and tell views apart", async () => {
  const side = encoder.cell_px;
  const width = encoder.grid * encoder.grid * encoder.coarseChannels;
  const grids = new Float32Array(2 * width);
  for (const [i, seed] of [2, 60].entries()) {
    const dense = await encoder.encodeDense(picture(side, side, seed), 1, side, side);
    const positions = dense.height * dense.width;
    const layout = { base: 0, channelStep: positions, rowStep: dense.width, columnStep: 1 };
    poolGrid(dense.coarse, layout, dense.width, encoder.grid, encoder.coarseChannels, grids, i * width);
  }
  const d = await encoder.describe(grids, 2);
  const dot = (i: number, j: number): number => {
    let sum = 0;
    for (let k = 0; k < encoder.descriptorWidth; k++) {
      sum += (d[i * encoder.descriptorWidth + k] ?? 0) * (d[j * encoder.descriptorWidth + k] ?? 0);
    }
    return sum;
  };
  assert.ok(Math.abs(dot(0, 0) - 1) < 1e-4);
  assert.ok(Math.abs(dot(1, 1) - 1) < 1e-4);
  assert.ok(dot(0, 1) < 0.999);
});

test("wrong sizes are refused", async () => {
  await assert.rejects(encoder.encodeDense(new Uint8Array(3 * 60 * 64), 1, 60, 64), RangeError);
  await assert.rejects(encoder.encodeDense(new Uint8Array(10), 1, 64, 64), RangeError);
  await assert.rejects(encoder.describe(new Float32Array(3), 1), RangeError);
});

test("pooling does not care how features are laid out, nor about their scale", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -127, max: 127 }), { minLength: 4 * 4 * 3, maxLength: 4 * 4 * 3 }),
      (values) => {
        const channelsFirst = new Float32Array(48);
        const channelsLast = new Int8Array(48);
        for (let p = 0; p < 16; p++) {
          for (let c = 0; c < 3; c++) {
            const value = values[p * 3 + c] ?? 0;
            channelsFirst[c * 16 + p] = value / 250;
            channelsLast[p * 3 + c] = value;
          }
        }
        const a = new Float32Array(12);
        const b = new Float32Array(12);
        poolGrid(channelsFirst, { base: 0, channelStep: 16, rowStep: 4, columnStep: 1 }, 4, 2, 3, a, 0);
        poolGrid(channelsLast, { base: 0, channelStep: 1, rowStep: 12, columnStep: 3 }, 4, 2, 3, b, 0);
        for (let i = 0; i < 12; i++) assert.ok(Math.abs((a[i] ?? 0) - (b[i] ?? 0)) < 1e-4);
      },
    ),
  );
});

test("a corrected card leaves the identity alone, other weights do not", () => {
  const { card } = encoder.folder;
  const corrected = { ...card, results: { note: "measured again" }, training_data: [] };
  assert.equal(encoderIdentity(corrected), encoder.sha256);
  const [name = "", entry = { bytes: 0, sha256: "" }] = Object.entries(card.files)[0] ?? [];
  const other = { ...card, files: { ...card.files, [name]: { ...entry, sha256: "0".repeat(64) } } };
  assert.notEqual(encoderIdentity(other), encoder.sha256);
});
