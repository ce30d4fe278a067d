import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Noise } from "../../../sim/world/noise.js";
import {
  contains,
  insetRing,
  orientedBox,
  plainBlock,
  rectangle,
  signedArea,
  splitBlock,
} from "../../../sim/world/plane.js";
import { Tile } from "../../../sim/world/render/tile.js";
import { Warp } from "../../../sim/world/warp.js";

const angle = fc.double({ min: 0, max: 6.283, noNaN: true });
const size = fc.double({ min: 5, max: 80, noNaN: true });

describe("plane geometry", () => {
  it("splits a block into two parts of the same total area", () => {
    fc.assert(
      fc.property(size, size, angle, angle, fc.double({ min: -0.4, max: 0.4, noNaN: true }), (l, w, a, b, shift) => {
        const ring = rectangle({ x: 3, y: -7 }, { x: Math.cos(a), y: Math.sin(a) }, l, w);
        const [left, right] = splitBlock(
          plainBlock(ring),
          { x: 3 + shift * w, y: -7 },
          { x: Math.cos(b), y: Math.sin(b) },
          2,
        );
        const total = signedArea(left.ring) + signedArea(right.ring);
        assert.ok(Math.abs(total - 4 * l * w) < 1e-6 * l * w);
      }),
    );
  });

  it("insets a rectangle by the distance and finds its box back", () => {
    fc.assert(
      fc.property(size, size, angle, (l, w, a) => {
        const axis = { x: Math.cos(a), y: Math.sin(a) };
        const inner = insetRing(rectangle({ x: 0, y: 0 }, axis, l, w), 2);
        assert.ok(Math.abs(signedArea(inner) - 4 * (l - 2) * (w - 2)) < 1e-6 * l * w);
        const box = orientedBox(inner);
        assert.ok(Math.abs(box.halfLength - (Math.max(l, w) - 2)) < 1e-6);
        assert.ok(contains(inner, 0, 0));
      }),
    );
  });

  it("warps without folding: neighbours stay on their side", () => {
    const warp = new Warp(5, 1);
    fc.assert(
      fc.property(
        fc.double({ min: -2000, max: 2000, noNaN: true }),
        fc.double({ min: -2000, max: 2000, noNaN: true }),
        (x, y) => {
          const p = warp.at({ x, y });
          const e = warp.at({ x: x + 0.5, y });
          const n = warp.at({ x, y: y + 0.5 });
          assert.ok((e.x - p.x) * (n.y - p.y) - (e.y - p.y) * (n.x - p.x) > 0);
        },
      ),
    );
  });
});

describe("Tile.cover", () => {
  it("covers exactly the polygon's area, wherever it lies and however it is cut by the window", () => {
    fc.assert(
      fc.property(size, size, angle, (l, w, a) => {
        const tile = new Tile(64, 0.5);
        tile.place(-16, 16, 64, 64, new Noise(1));
        const small = rectangle({ x: 1.3, y: -2.1 }, { x: Math.cos(a), y: Math.sin(a) }, l / 9, w / 9);
        let area = 0;
        tile.cover(small, (_i, _x, _y, c) => {
          area += c * 0.25;
        });
        assert.ok(Math.abs(area - signedArea(small)) < 0.02 + 0.01 * area, `${area} instead of ${signedArea(small)}`);
        const huge = rectangle({ x: 0, y: 0 }, { x: Math.cos(a), y: Math.sin(a) }, l * 30, w * 30);
        let all = 0;
        tile.cover(huge, (_i, _x, _y, c) => {
          all += c;
        });
        assert.ok(Math.abs(all - 64 * 64) < 0.5);
      }),
      { numRuns: 60 },
    );
  });
});

describe("Noise", () => {
  it("gives the same along a row as at single points", () => {
    const noise = new Noise(9);
    const out = new Float32Array(50);
    noise.addRow(out, 0, 50, -3.7, 12.2, 0.31, -0.07, 0.5);
    for (let i = 0; i < 50; i++) {
      assert.ok(Math.abs((out[i] ?? 0) - 0.5 * noise.at(-3.7 + i * 0.31, 12.2 - i * 0.07)) < 1e-6);
    }
  });
});
