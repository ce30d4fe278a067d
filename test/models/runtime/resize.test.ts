import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { resizeSquares } from "../../../models/runtime/resize.js";

test("two pixels to one are their mean; one to two are copies; equal sides are left alone", () => {
  const two = Uint8Array.from([0, 10, 20, 40, 50, 60, 80, 90, 100, 120, 130, 140]);
  assert.deepEqual([...resizeSquares(two, 1, 2, 1)], [60, 70, 80]);
  assert.deepEqual([...resizeSquares(two.subarray(0, 3), 1, 1, 2)], [0, 10, 20, 0, 10, 20, 0, 10, 20, 0, 10, 20]);
  assert.equal(resizeSquares(two, 1, 2, 2), two);
  assert.throws(() => resizeSquares(two, 2, 2, 1), RangeError);
});

test("one colour stays that colour, whatever the sides, in every image of a batch", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      fc.uint8Array({ minLength: 6, maxLength: 6 }),
      (from, to, colours) => {
        const images = [0, 3].flatMap((at) => new Array(from * from).fill([...colours.subarray(at, at + 3)]).flat());
        const out = resizeSquares(Uint8Array.from(images), 2, from, to);
        const wanted = [0, 3].flatMap((at) => new Array(to * to).fill([...colours.subarray(at, at + 3)]).flat());
        assert.deepEqual([...out], wanted);
      },
    ),
  );
});

test("stripes of one pixel vanish to their mean when the side shrinks to a quarter: no aliases", () => {
  const side = 64;
  const stripes = Uint8Array.from({ length: side * side * 3 }, (_, i) => (Math.floor(i / 3) % 2) * 200);
  const out = resizeSquares(stripes, 1, side, 16);
  for (let y = 0; y < 16; y++) {
    for (let x = 1; x < 15; x++) assert.ok(Math.abs((out[(y * 16 + x) * 3] ?? 0) - 100) <= 4);
  }
});
