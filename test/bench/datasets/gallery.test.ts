import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import sharp from "sharp";
import { orient, type Piece } from "../../../bench/datasets/filler.js";
import { expectedCells, fillUp, layOut, MapPlaces, writeMap } from "../../../bench/datasets/gallery.js";

function piece(name: string, width: number, height: number, grey = 100): Piece {
  return {
    name,
    width,
    height,
    load: async () => ({ width, height, data: new Uint8Array(width * height * 3).fill(grey) }),
  };
}

describe("layout of a gallery", () => {
  const pieces = [piece("a", 900, 600), piece("b", 500, 500), piece("c", 500, 500), piece("d", 300, 700)];
  const layout = layOut(pieces);

  test("every piece lies on the map once, and at least 32 px from every other", () => {
    assert.deepEqual(layout.placements.map(({ name }) => name).toSorted(), ["a", "b", "c", "d"]);
    for (const one of layout.placements) {
      assert.ok(one.left + one.width <= layout.width && one.top + one.height <= layout.height);
      for (const other of layout.placements) {
        if (one === other) continue;
        const apart = Math.max(
          other.left - (one.left + one.width),
          one.left - (other.left + other.width),
          other.top - (one.top + one.height),
          one.top - (other.top + other.height),
        );
        assert.ok(apart >= 32, `${one.name} and ${other.name} are ${apart} px apart`);
      }
    }
  });

  test("places of a piece lead back to it, and gaps to nothing", () => {
    const places = new MapPlaces(layout);
    for (const { name, width, height } of pieces) {
      assert.equal(places.at(places.of(name, width / 2, height / 2)), name);
      assert.equal(places.at(places.of(name, width + 10, height - 1)), null);
    }
    assert.ok(places.has("a") && !places.has("x"));
    assert.throws(() => places.of("x", 0, 0), /x is not on the map/);
  });

  test("a pixel to the east is 1.5 m to the east, and one down is one to the south", () => {
    const places = new MapPlaces(layout);
    const here = places.of("a", 100, 100);
    const there = places.of("a", 101, 101);
    const metres = (111_320 * (here.lat_deg - there.lat_deg)) / 1.5;
    assert.ok(Math.abs(metres - 1) < 0.01, `${metres}`);
    const east = (111_320 * Math.cos((here.lat_deg * Math.PI) / 180) * (there.lon_deg - here.lon_deg)) / 1.5;
    assert.ok(Math.abs(east - 1) < 0.01, `${east}`);
  });

  test("filling up keeps the order and comes as near to the number of cells as a piece allows", () => {
    const filler = Array.from({ length: 20 }, (_, i) => piece(`f${i}`, 800, 800));
    const filled = fillUp(pieces, filler, 1000);
    const cells = filled.reduce((sum, one) => sum + expectedCells(one), 0);
    assert.ok(Math.abs(cells - 1000) <= expectedCells({ width: 800, height: 800 }) / 2);
    assert.deepEqual(
      filled.slice(0, 5).map(({ name }) => name),
      ["a", "b", "c", "d", "f0"],
    );
  });

  test("the map shows each piece where the layout says, and nothing between", async () => {
    const folder = mkdtempSync(join(tmpdir(), "skylink-gallery-"));
    try {
      const small = [piece("dark", 40, 30, 10), piece("light", 20, 50, 240)];
      const plan = layOut(small);
      const path = await writeMap(folder, plan, small);
      const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
      assert.deepEqual([info.width, info.height, info.channels], [plan.width, plan.height, 4]);
      for (const { name, left, top, width } of plan.placements) {
        const at = ((top + 1) * info.width + left + 1) * 4;
        assert.deepEqual([data[at], data[at + 3]], [name === "dark" ? 10 : 240, 255]);
        const beside = ((top + 1) * info.width + left + width) * 4;
        if (left + width < info.width) assert.equal(data[beside + 3], 0);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("orientations", () => {
  // One red pixel at the left top corner of 3 x 2.
  const data = new Uint8Array(3 * 2 * 3);
  data[0] = 255;
  const at = (orientation: number): number[] => {
    const turned = orient({ width: 3, height: 2, data }, orientation);
    const index = turned.data.indexOf(255) / 3;
    return [turned.width, turned.height, index % turned.width, Math.floor(index / turned.width)];
  };

  test("quarter turns take the first pixel round clockwise", () => {
    assert.deepEqual([0, 1, 2, 3].map(at), [
      [3, 2, 0, 0],
      [2, 3, 1, 0],
      [3, 2, 2, 1],
      [2, 3, 0, 2],
    ]);
  });

  test("mirrored it starts at the right", () => {
    assert.deepEqual(at(4), [3, 2, 2, 0]);
  });
});
