import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chooseGsds, coarseness, planLevels, planZooms, strideInPixels, tilesInBox } from "../../../flash/pack/plan.js";
import { UserError } from "../../../tiles/errors.js";

const box = { west: 11.6, south: 48.1, east: 11.614, north: 48.109 };

test("a cell's side is the short side of a 16:9 frame", () => {
  const [gsd = 0] = chooseGsds({ agl_m: 120, hfov_deg: 66 }, 224);
  // 2 * 120 * tan(33 deg) = 155.86 m wide, 9/16 of it is 87.67 m.
  assert.ok(Math.abs(gsd * 224 - 87.67) < 0.01);
});

test("footprints make a level each, finest first, each once", () => {
  assert.deepEqual(chooseGsds({ footprints_m: [112, 56, 112] }, 224), [0.25, 0.5]);
});

test("--gsd stands alone, and overrides height and field of view", () => {
  assert.deepEqual(chooseGsds({ gsd_m: 0.3 }, 224), [0.3]);
  assert.deepEqual(chooseGsds({ gsd_m: 0.3, agl_m: 120, hfov_deg: 66 }, 224), [0.3]);
});

test("what is missing or contradicts itself is explained", () => {
  const says = (choice: Parameters<typeof chooseGsds>[0], pattern: RegExp) =>
    assert.throws(
      () => chooseGsds(choice, 224),
      (thrown) => thrown instanceof UserError && pattern.test(thrown.message),
    );
  says({}, /--agl 120 --hfov 66.*--footprint.*--gsd/);
  says({ agl_m: 100 }, /--hfov.*missing/);
  says({ hfov_deg: 66, gsd_m: 1 }, /--agl.*missing/);
  says({ gsd_m: 0.3, footprints_m: [56] }, /--footprint 56 means --gsd 0\.25/);
  says({ agl_m: 100, hfov_deg: 60, footprints_m: [56] }, /--footprint and --agl/);
});

test("the stride is a whole number of features and never wider than a cell", () => {
  assert.equal(strideInPixels(undefined, 0.3, 224), 56);
  assert.equal(strideInPixels({ fraction: 0.5 }, 0.3, 224), 112);
  assert.equal(strideInPixels({ metres: 20 }, 0.3125, 224), 64);
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 5000, noNaN: true }),
      fc.double({ min: 0.01, max: 50, noNaN: true }),
      (metres, gsd) => {
        const stride = strideInPixels({ metres }, gsd, 224);
        assert.ok(stride % 8 === 0 && stride >= 8 && stride <= 224);
      },
    ),
  );
});

test("a map smaller than a cell is refused with both sizes", () => {
  assert.throws(
    () => planLevels(box, [10], 224, undefined),
    /smaller than one cell: it is 10\d\d\.\d m x .* a cell is 2240\.0 m/,
  );
  assert.equal(planLevels(box, [0.4, 0.8], 224, undefined).length, 2);
});

test("coarse inputs are warned about by name, hopeless ones refused", () => {
  const layers = (...gsds: number[]) => gsds.map((nativeGsd_m, k) => ({ name: `map${k}.tif`, nativeGsd_m }));
  assert.deepEqual(coarseness(layers(0.3, 0.05), 0.3, 224), []);
  const [line, ...more] = coarseness(layers(0.3, 0.6), 0.3, 224);
  assert.match(line ?? "", /^map1\.tif has 0\.6 m a pixel.*enlarged 2\.0 times/);
  assert.deepEqual(more, []);
  assert.throws(() => coarseness(layers(15, 20), 0.3, 224), /4\.5 of its pixels wide/);
});

test("tiles go from the imagery's zoom, but at most one finer than the level, to where the map fits in a few", () => {
  const level = planLevels(box, [0.3], 224, undefined)[0];
  assert.ok(level !== undefined);
  // At 48 degrees zoom 18 has 0.40 m a pixel, zoom 19 0.20 m.
  assert.equal(planZooms(box, 0.2, level, {}).max, 19);
  assert.equal(planZooms(box, 0.4, level, {}).max, 18);
  assert.equal(planZooms(box, 0.02, level, {}).max, planZooms(box, 0.3, level, {}).max + 1);
  const { min } = planZooms(box, 0.4, level, {});
  assert.ok(tilesInBox(min, box) <= 4 && tilesInBox(min + 1, box) > 4);
  assert.deepEqual(planZooms(box, 0.4, level, { min: 10, max: 12 }), { min: 10, max: 12 });
  assert.throws(() => planZooms(box, 0.4, level, { min: 15, max: 12 }), UserError);
});
