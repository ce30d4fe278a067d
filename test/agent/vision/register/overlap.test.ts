import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { overlapCounts } from "../../../../agent/vision/register/overlap.js";

test("packed overlap counts equal counting one by one", () => {
  const bits = (n: number) => fc.array(fc.constantFrom(0, 1), { minLength: n, maxLength: n });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 33 }).chain((side) =>
        fc.integer({ min: 0, max: 3 }).chain((extra) =>
          fc.record({
            side: fc.constant(side),
            mapSide: fc.constant(side + extra),
            query: bits(2 * side * side),
            map: bits((side + extra) ** 2),
          }),
        ),
      ),
      ({ side, mapSide, query, map }) => {
        const shifts = mapSide - side + 1;
        const counts = overlapCounts(Uint8Array.from(query), 2, side, Uint8Array.from(map), mapSide);
        for (let v = 0; v < 2; v++) {
          for (let dy = 0; dy < shifts; dy++) {
            for (let dx = 0; dx < shifts; dx++) {
              let expected = 0;
              for (let y = 0; y < side; y++) {
                for (let x = 0; x < side; x++) {
                  expected += (query[(v * side + y) * side + x] ?? 0) & (map[(dy + y) * mapSide + dx + x] ?? 0);
                }
              }
              assert.equal(counts[(v * shifts + dy) * shifts + dx], expected);
            }
          }
        }
      },
    ),
    { numRuns: 30 },
  );
});
