import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Tensor } from "onnxruntime-node";
import {
  floatsOf,
  floatTensor,
  floatToHalf,
  halfToFloat,
  repeatFirst,
  wholeTensor,
} from "../../../models/runtime/tensors.js";

test("every half precision number survives the way to float and back", () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = halfToFloat(bits);
    if (Number.isNaN(value)) assert.ok(Number.isNaN(halfToFloat(floatToHalf(value))));
    else assert.equal(floatToHalf(value), bits);
  }
});

test("a float becomes the nearest half, ties to even", () => {
  fc.assert(
    fc.property(fc.double({ min: -65504, max: 65504, noNaN: true }), (value) => {
      const bits = floatToHalf(value);
      const made = halfToFloat(bits);
      for (const other of [bits - 1, bits + 1]) {
        const near = halfToFloat(other & 0xffff);
        if (Number.isFinite(near)) assert.ok(Math.abs(made - value) <= Math.abs(near - value));
      }
    }),
  );
  assert.equal(halfToFloat(floatToHalf(2049)), 2048);
  assert.equal(halfToFloat(floatToHalf(2051)), 2052);
  assert.equal(floatToHalf(65519), 0x7bff);
  assert.equal(floatToHalf(65520), 0x7c00);
  assert.equal(floatToHalf(-1e9), 0xfc00);
});

test("tensors take the element type that the graph wants, and are read whatever it gives", () => {
  const info = (type: Tensor.Type): { name: string; type: Tensor.Type; shape: number[] } => ({
    name: "x",
    type,
    shape: [2],
  });
  const half = floatTensor(info("float16"), Float32Array.of(0.5, -2), [2], "g.onnx");
  assert.equal(half.type, "float16");
  assert.deepEqual([...floatsOf(half, "x", "g.onnx")], [0.5, -2]);
  for (const type of ["int64", "int32", "bool", "float32"] as const) {
    const made = wholeTensor(info(type), Uint8Array.of(1, 0), [2], "g.onnx");
    assert.equal(made.type, type);
    assert.deepEqual(Array.from(made.data as ArrayLike<number | bigint>, Number), [1, 0]);
  }
  assert.throws(() => floatTensor(info("string"), Float32Array.of(1), [1], "g.onnx"), /g\.onnx: input x is string/);
});

test("a cache is repeated for every sequence of a batch", () => {
  const one = new Tensor("float32", Float32Array.of(1, 2, 3, 4), [1, 2, 2, 1]);
  const three = repeatFirst(one, 3);
  assert.deepEqual(three.dims, [3, 2, 2, 1]);
  assert.deepEqual([...(three.data as Float32Array)], [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
  const half = repeatFirst(new Tensor("float16", Uint16Array.of(7, 8), [1, 2]), 2);
  assert.deepEqual([...new Uint16Array((half.data as Uint16Array).buffer)], [7, 8, 7, 8]);
});
