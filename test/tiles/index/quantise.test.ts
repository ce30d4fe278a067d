import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { norm, quantiseQuery, quantiseRow } from "../../../tiles/index/quantise.js";

const vector = fc.float32Array({
  minLength: 1,
  maxLength: 70,
  noNaN: true,
  noDefaultInfinity: true,
  min: -1e6,
  max: 1e6,
});

test("a quantised row is within its stated error of the row", () => {
  fc.assert(
    fc.property(vector, (row) => {
      const values = new Int8Array(80);
      const { scale, error } = quantiseRow(row, values);
      const rest = Math.hypot(...Array.from(row, (value, i) => value - (values[i] as number) * scale));
      assert.ok(rest <= error + 1e-44, `${rest} > ${error}`);
      assert.ok(values.subarray(row.length).every((value) => value === 0));
      assert.ok(values.every((value) => value >= -127));
    }),
  );
});

test("a quantised query is within its stated error, and no sum with int8 rows can overflow", () => {
  fc.assert(
    fc.property(vector, (query) => {
      const { values, step, error, norm: length } = quantiseQuery(query, 80);
      const rest = Math.hypot(...Array.from(query, (value, i) => value - (values[i] as number) * step));
      assert.ok(rest <= error * (1 + 1e-9) + 1e-60);
      assert.ok(length >= norm(query));
      assert.ok(values.reduce((sum, value) => sum + Math.abs(value), 0) * 128 < 2 ** 31);
    }),
  );
});

test("the sums do not overflow at the widest descriptor either", () => {
  const flat = new Float32Array(8192).fill(1 / Math.sqrt(8192));
  const { values } = quantiseQuery(flat, 8192);
  assert.ok(values.reduce((sum, value) => sum + Math.abs(value), 0) * 128 < 2 ** 31);
});

test("zero vectors stay zero", () => {
  const values = new Int8Array(16).fill(9);
  assert.deepEqual(quantiseRow(new Float32Array(16), values), { scale: 0, error: 0 });
  assert.ok(values.every((value) => value === 0));
  const query = quantiseQuery(new Float32Array(16), 16);
  assert.equal(query.norm, 0);
  assert.equal(query.error, 0);
});
