import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { clipToSquare, overlapWithSquare, polygonArea } from "../../../../agent/eval/datasets/polygon.js";

const square = (left: number, top: number, side: number) => [
  { x: left, y: top },
  { x: left + side, y: top },
  { x: left + side, y: top + side },
  { x: left, y: top + side },
];

test("overlaps worked out by hand", () => {
  const near = (actual: number, expected: number): void => assert.ok(Math.abs(actual - expected) < 1e-9);
  near(overlapWithSquare(square(0, 0, 10), 0, 0, 10), 1);
  near(overlapWithSquare(square(5, 0, 10), 0, 0, 10), 50 / 150);
  near(overlapWithSquare(square(20, 0, 10), 0, 0, 10), 0);
  near(overlapWithSquare(square(0, 0, 5), 0, 0, 10), 25 / 100);
  // A square on its corner, diagonals 20, around the centre of a square of 10: that lies inside it.
  const diamond = [
    { x: 5, y: -5 },
    { x: 15, y: 5 },
    { x: 5, y: 15 },
    { x: -5, y: 5 },
  ];
  near(polygonArea(diamond), 200);
  near(overlapWithSquare(diamond, 0, 0, 10), 100 / 200);
});

test("clipping to squares side by side gives the area of the polygon back", () => {
  const coordinate = fc.double({ min: 0, max: 30, noNaN: true });
  fc.assert(
    fc.property(
      coordinate,
      coordinate,
      fc.double({ min: 1, max: 15, noNaN: true }),
      coordinate,
      (x, y, radius, turn) => {
        const polygon = [0, 1, 2, 3].map((corner) => ({
          x: 15 + x / 30 + radius * 0.6 * Math.cos(turn + (corner * Math.PI) / 2),
          y: 15 + y / 30 + radius * 0.6 * Math.sin(turn + (corner * Math.PI) / 2),
        }));
        let sum = 0;
        for (let row = 0; row < 3; row++) {
          for (let column = 0; column < 3; column++) {
            sum += polygonArea(clipToSquare(polygon, column * 10, row * 10, 10));
          }
        }
        assert.ok(Math.abs(sum - polygonArea(polygon)) < 1e-6);
      },
    ),
  );
});
