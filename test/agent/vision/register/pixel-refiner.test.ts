import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { MapPictures } from "../../../../agent/vision/map-picture.js";
import { PixelRefiner, type RefineModel, type RefineStart } from "../../../../agent/vision/register/pixel-refiner.js";
import { loadModelFolder, registrarCard } from "../../../../models/runtime/model-folder.js";
import { shippedModel } from "../../../../models/runtime/paths.js";
import { modelsMissing } from "../../helpers/small-pack.js";
import { patchOver, texture, texturedMap } from "../../helpers/textured-map.js";

const MODEL: RefineModel = {
  smoothing_px: 2,
  reach_px: 14,
  headings_deg: [-2.5, 0, 2.5],
  scales: [0.97, 1, 1.03],
  beta_pixels: 200,
  beta_features: 100,
  min_lead: 4,
  covariance: { floor_px: 0.5, scale: 1 },
};
const SIDE = 112;
const CENTRE = { col_px: 250.3, row_px: 255.8 };

async function refinerOn(pictures: MapPictures, model: RefineModel = MODEL): Promise<PixelRefiner> {
  const folder = loadModelFolder(shippedModel("registrar"), registrarCard);
  const card = { ...folder.card, refine: model };
  const path = (file: string): string => folder.path(file);
  const refiner = await PixelRefiner.load({ dir: folder.dir, card, path }, { threads: 1 }, pictures);
  assert.ok(refiner !== null);
  return refiner;
}

/** Features that know the place to some pixels, and no better. */
function startAt(col_px: number, row_px: number, more: Partial<RefineStart> = {}): RefineStart {
  const place = { col_px, row_px, xx: 25, xy: 0, yy: 25, turn_deg: 0, turn_sigma_deg: 1, scale: 1, scale_sigma: 0.02 };
  return { level: 0, patch: 0, place, scoreAt: () => 0.5, mapped: () => true, ...more };
}

describe("refinement by pixels", { skip: modelsMissing() }, () => {
  test("finds shift, heading and scale wherever within reach the features have put the place", async () => {
    const ground = texture(5);
    const refiner = await refinerOn(await texturedMap(ground));
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: -9, max: 9, noNaN: true }),
        fc.double({ min: -9, max: 9, noNaN: true }),
        fc.double({ min: -2.4, max: 2.4, noNaN: true }),
        fc.double({ min: 0.975, max: 1.025, noNaN: true }),
        async (right, down, heading_deg, scale) => {
          const query = patchOver(ground, CENTRE, SIDE, heading_deg, scale);
          const found = await refiner.refine(query, startAt(CENTRE.col_px + right, CENTRE.row_px + down));
          assert.ok(found !== null);
          const off_px = Math.hypot(found.col_px - CENTRE.col_px, found.row_px - CENTRE.row_px);
          assert.ok(off_px < 0.3, `off by ${off_px} px`);
          assert.ok(Math.abs(found.turn_deg - heading_deg) < 0.7, `turned by ${found.turn_deg}, true ${heading_deg}`);
          assert.ok(Math.abs(found.scale - scale) < 0.008, `scaled by ${found.scale}, true ${scale}`);
          assert.ok(found.xx < 2 && found.yy < 2 && found.lead > MODEL.min_lead);
        },
      ),
      { seed: 11, numRuns: 12 },
    );
    await refiner.release();
  });

  test("counts from the features' heading and scale, and from the patch that fits", async () => {
    const ground = texture(6);
    const refiner = await refinerOn(await texturedMap(ground));
    const right = patchOver(ground, CENTRE, SIDE, 7, 1.06);
    const wrong = patchOver(texture(7), CENTRE, SIDE);
    const both = { ...right, n: 2, rgb: concat(wrong.rgb, right.rgb), valid: concat(wrong.valid, right.valid) };
    const start = startAt(CENTRE.col_px + 3, CENTRE.row_px - 4, { patch: 1 });
    const found = await refiner.refine(both, { ...start, place: { ...start.place, turn_deg: 6, scale: 1.05 } });
    assert.ok(found !== null);
    assert.ok(Math.hypot(found.col_px - CENTRE.col_px, found.row_px - CENTRE.row_px) < 0.3);
    assert.ok(Math.abs(found.turn_deg - 7) < 0.7 && Math.abs(found.scale - 1.06) < 0.01);
    await refiner.release();
  });

  test("says nothing where pixels do not tell", async () => {
    const ground = texture(8);
    const map = await texturedMap(ground);
    const query = patchOver(ground, CENTRE, SIDE);
    const here = startAt(CENTRE.col_px, CENTRE.row_px);
    const refiner = await refinerOn(map);
    assert.notEqual(await refiner.refine(query, here), null);
    for (const seed of [21, 22, 23, 24]) {
      assert.equal(await refiner.refine(patchOver(texture(seed), CENTRE, SIDE), here), null, "an unrelated picture");
    }
    assert.equal(
      await refiner.refine(
        patchOver(() => 90, CENTRE, SIDE),
        here,
      ),
      null,
      "a flat picture",
    );
    assert.equal(await refiner.refine(query, startAt(CENTRE.col_px + 40, CENTRE.row_px)), null, "beyond its reach");
    assert.equal(
      await refiner.refine({ ...query, valid: new Uint8Array(SIDE * SIDE) }, here),
      null,
      "nothing was seen",
    );
    assert.equal(await refiner.refine(query, { ...here, mapped: () => false }), null, "not on the map");
    assert.equal(await refiner.refine(query, startAt(2000, 2000)), null, "no image tiles there");
    await refiner.release();
    const coarse = await refinerOn(await texturedMap(ground, 10));
    assert.equal(await coarse.refine(query, here), null, "tiles of a quarter of the resolution");
    await coarse.release();
  });

  test("features decide between places that look alike to the pixels", async () => {
    // Period 16 px to the east: the pixels fit at -8, 8 just as well about a start between the two.
    const ground = (x: number, y: number): number =>
      128 +
      40 * Math.cos((2 * Math.PI * x) / 16) +
      40 * Math.cos((2 * Math.PI * y) / 61) +
      20 * Math.cos((y * y) / 900);
    const refiner = await refinerOn(await texturedMap(ground), { ...MODEL, min_lead: 0 });
    const query = patchOver(ground, CENTRE, SIDE);
    for (const side of [-8, 8]) {
      const scoreAt = (col_px: number): number => 0.5 - Math.abs(col_px - CENTRE.col_px - 8 - side) / 100;
      const found = await refiner.refine(query, startAt(CENTRE.col_px + 8, CENTRE.row_px, { scoreAt }));
      assert.ok(found !== null && Math.abs(found.col_px - CENTRE.col_px - 8 - side) < 1, `${found?.col_px}`);
    }
    await refiner.release();
  });

  test("tiles are read once for frames over the same ground", async () => {
    const ground = texture(9);
    const map = await texturedMap(ground);
    const refiner = await refinerOn(map);
    const query = patchOver(ground, CENTRE, SIDE);
    for (let i = 0; i < 3; i++) await refiner.refine(query, startAt(CENTRE.col_px + i, CENTRE.row_px));
    assert.equal(new Set(map.asked).size, map.asked.length);
    await refiner.release();
  });
});

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
