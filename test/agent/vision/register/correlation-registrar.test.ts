import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEFAULT_VISION_CONFIG } from "../../../../agent/vision/config.js";
import type { MapPictures } from "../../../../agent/vision/map-picture.js";
import type { MapSource } from "../../../../agent/vision/map-source.js";
import { CorrelationRegistrar } from "../../../../agent/vision/register/correlation-registrar.js";
import { loadModelFolder, registrarCard } from "../../../../models/runtime/model-folder.js";
import { shippedModel } from "../../../../models/runtime/paths.js";
import { candidateAt, featureMap, GRID, queryAt } from "../../helpers/feature-map.js";
import { modelsMissing } from "../../helpers/small-pack.js";
import { patchOver, texture, texturedMap } from "../../helpers/textured-map.js";

async function registrarOn(map: MapSource, pictures: MapPictures | null = null): Promise<CorrelationRegistrar> {
  const dir = shippedModel("registrar");
  const encoder = { id: loadModelFolder(dir, registrarCard).card.encoder_id, stride_px: 8 };
  return CorrelationRegistrar.load(dir, encoder, map, DEFAULT_VISION_CONFIG.register, { threads: 1 }, pictures);
}

/** Pictures of a map whose tiles' middle (256, 256) lies at a point of the feature map (features). */
function picturesAt(pictures: MapPictures, x: number, y: number): MapPictures {
  const { x0_merc_m, y0_merc_m, pixel_merc_m } = pictures.level(0).geometry;
  const geometry = {
    x0_merc_m: x0_merc_m + (256 - 8 * x) * pixel_merc_m,
    y0_merc_m: y0_merc_m - (256 - 8 * y) * pixel_merc_m,
    pixel_merc_m,
  };
  return { manifest: pictures.manifest, level: () => ({ geometry }), tile: (z, tx, ty) => pictures.tile(z, tx, ty) };
}

/** Distance in pixels of the level grid between a registered place and a point given in features. */
function offBy(place: { lat_deg: number; lon_deg: number }, x: number, y: number): number {
  const px = GRID.lonLatToPx(place.lon_deg, place.lat_deg);
  return Math.hypot(px.col_px - 8 * x, px.row_px - 8 * y);
}

describe("registration by correlation", { skip: modelsMissing() }, () => {
  test("finds a known shift to a fraction of a pixel's feature", async () => {
    const registrar = await registrarOn(featureMap());
    for (const [dx, dy] of [
      [0, 0],
      [3.25, -2.5],
      [-6.6, 7.1],
    ] as const) {
      const { best: found } = await registrar.register(queryAt(500 + dx, 400 + dy), [candidateAt(500, 400)], 0.05);
      assert.ok(found !== null);
      assert.ok(offBy(found, 500 + dx, 400 + dy) < 1, `off by ${offBy(found, 500 + dx, 400 + dy)} px`);
      assert.ok(Math.abs(found.heading_deg) < 0.3 && Math.abs(found.scale - 1) < 0.01);
      assert.ok(found.measures.peak > 0.97);
      assert.ok(found.measures.peak_to_second > 0.3);
      assert.equal(found.measures.at_border, 0);
      assert.equal(found.measures.overlap, 1);
      assert.equal(found.measures.visible, 1);
    }
    await registrar.release();
  });

  test("finds heading and scale with their signs", async () => {
    const registrar = await registrarOn(featureMap());
    for (const [heading, scale] of [
      [3, 1],
      [-5, 1],
      [0, 1.05],
      [1.5, 0.93],
      [-4, 1.08],
    ] as const) {
      const { best: found } = await registrar.register(
        queryAt(502, 401, heading, scale),
        [candidateAt(500, 400)],
        0.05,
      );
      assert.ok(found !== null);
      assert.ok(Math.abs(found.heading_deg - heading) < 1, `heading ${found.heading_deg}, true ${heading}`);
      assert.ok(Math.abs(found.scale - scale) < 0.02, `scale ${found.scale}, true ${scale}`);
      assert.ok(offBy(found, 502, 401) < 1.5, `off by ${offBy(found, 502, 401)} px`);
    }
    await registrar.release();
  });

  test("a height that is well known is not searched for", async () => {
    const registrar = await registrarOn(featureMap());
    const { best: found } = await registrar.register(queryAt(500, 400, 0, 1.08), [candidateAt(500, 400)], 0.01);
    assert.equal(found?.scale, 1);
    assert.equal(found?.scale_sigma, null);
    await registrar.release();
  });

  test("heights count from the reported one, whichever hypothesis the candidate was found with", async () => {
    const registrar = await registrarOn(featureMap());
    const hypotheses = [1, 1 / 1.21, 1.21].map((scale) => ({ heading_deg: 0, scale }));
    for (const [true_scale, own, at_end] of [
      [1.18, 1.21, false],
      [0.88, 1 / 1.21, false],
      [1.3, 1.21, true],
      [1.2, 1, false],
    ] as const) {
      // What is left of the error in the patch of the candidate's own hypothesis.
      const query = {
        ...queryAt(502, 401, 0, true_scale / own),
        hypotheses: [{ heading_deg: 0, scale: own }, ...hypotheses],
      };
      const candidate = { ...candidateAt(500, 400), scale: own };
      const { best: found } = await registrar.register(query, [candidate], 0.15);
      assert.ok(found !== null);
      assert.ok(Math.abs(found.scale - true_scale) < 0.02, `scale ${found.scale}, true ${true_scale}`);
      assert.equal(found.scale_at_end, at_end, `true ${true_scale} from ${own}`);
      assert.ok((found.scale_sigma ?? 1) < 0.15, `${found.scale_sigma}`);
      assert.ok(offBy(found, 502, 401) < 1.5, `off by ${offBy(found, 502, 401)} px`);
    }
    await registrar.release();
  });

  test("a query turned farther than a hypothesis is tried is found with the one beside it", async () => {
    const registrar = await registrarOn(featureMap());
    const [near, far] = [queryAt(502, 401, 1), queryAt(502, 401, 11)];
    const query = {
      ...near,
      hypotheses: [10, 0, -10].map((heading_deg) => ({ heading_deg, scale: 1 })),
      features: Float32Array.from([...near.features, ...far.features, ...far.features]),
      valid: Uint8Array.from([...near.valid, ...far.valid, ...far.valid]),
    };
    // Retrieval preferred the hypothesis of 0, which the true 11 degrees are too far from.
    const candidate = { ...candidateAt(500, 400), hypothesis: 1 };
    const { best: found } = await registrar.register(query, [candidate], 0.02);
    assert.ok(found !== null);
    assert.equal(found.candidate, candidate);
    assert.ok(Math.abs(found.heading_deg - 11) < 0.5, `heading ${found.heading_deg}`);
    assert.ok(offBy(found, 502, 401) < 1, `off by ${offBy(found, 502, 401)} px`);
    await registrar.release();
  });

  test("pixels move the place and its covariance, and have no say in whether it is accepted", async () => {
    const ground = texture(5);
    // The picture lies 2.6 px east and 1.4 px north of where the features put it.
    const pictures = picturesAt(await texturedMap(ground), 501, 400);
    const [plain, fine] = [await registrarOn(featureMap()), await registrarOn(featureMap(), pictures)];
    const query = queryAt(501, 400);
    const seen = patchOver(ground, { col_px: 256 + 2.6, row_px: 256 - 1.4 }, 224);
    const before = await plain.register(query, [candidateAt(500, 400)], 0.02);
    const after = await fine.register({ ...query, patches: seen }, [candidateAt(500, 400)], 0.02);
    assert.ok(before.best !== null && after.best !== null);
    assert.ok(offBy(before.best, 501, 400) < 0.5);
    assert.ok(offBy(after.best, 501 + 2.6 / 8, 400 - 1.4 / 8) < 0.5, "moved to where the pixels fit");
    assert.ok(after.best.cov_ne_m2.nn < before.best.cov_ne_m2.nn && after.best.cov_ne_m2.ee < before.best.cov_ne_m2.ee);
    const judged = ({ measures, quality, accepted }: NonNullable<typeof after.best>): unknown => ({
      measures,
      quality,
      accepted,
    });
    assert.deepEqual(judged(after.best), judged(before.best));
    const unlike = { ...query, patches: patchOver(texture(77), { col_px: 256, row_px: 256 }, 224) };
    assert.deepEqual(await fine.register(unlike, [candidateAt(500, 400)], 0.02), before, "an unrelated picture");
    await plain.release();
    await fine.release();
  });

  test("the right one of several candidates wins, and tells how far ahead it is", async () => {
    const registrar = await registrarOn(featureMap());
    const ranked = [candidateAt(300, 200, 1), candidateAt(500, 400, 2), candidateAt(700, 100, 3)];
    const { best: found } = await registrar.register(queryAt(503, 398), ranked, 0.02);
    assert.equal(found?.candidate.row, 2);
    assert.ok((found?.measures.peak_to_other ?? 0) > 0.3);
    await registrar.release();
  });

  test("the same ground seen through two windows is one place, not a rival", async () => {
    const registrar = await registrarOn(featureMap());
    const { best: found } = await registrar.register(
      queryAt(503, 398),
      [candidateAt(500, 400), candidateAt(507, 400, 1)],
      0.02,
    );
    assert.ok((found?.measures.peak_to_other ?? 0) > 0.2);
    await registrar.release();
  });

  test("unseen parts of the query and holes in the map do not move the result", async () => {
    const registrar = await registrarOn(featureMap((x, y) => x > 510 || (y > 405 && x < 495)));
    const query = queryAt(502, 399, 0, 1, (row) => row >= 6);
    const { best: found } = await registrar.register(query, [candidateAt(500, 400)], 0.02);
    assert.ok(found !== null);
    assert.ok(offBy(found, 502, 399) < 1.5, `off by ${offBy(found, 502, 399)} px`);
    assert.ok(found.measures.overlap < 0.95 && found.measures.overlap > 0.5);
    assert.ok(Math.abs(found.measures.visible - 22 / 28) < 1e-9);
    await registrar.release();
  });

  test("where there is no map there is no registration", async () => {
    const registrar = await registrarOn(featureMap(() => true));
    const found = await registrar.register(queryAt(500, 400), [candidateAt(500, 400)], 0.05);
    assert.deepEqual(found, { best: null, near: null });
    await registrar.release();
  });

  test("the best near the expected place is registered too, whatever its rank, and judged as if it were alone", async () => {
    const registrar = await registrarOn(featureMap());
    const ranked = [
      candidateAt(500, 400, 1),
      candidateAt(700, 100, 2),
      candidateAt(300, 200, 3),
      candidateAt(200, 300, 4),
    ];
    const isNear = ({ row }: { row: number }): boolean => row === 4;
    const { best, near } = await registrar.register(queryAt(503, 398), ranked, 0.02, isNear);
    assert.equal(best?.candidate.row, 1);
    assert.equal(near?.candidate.row, 4);
    assert.equal(near.measures.peak_to_other, near.measures.peak_to_second);
    assert.ok(near.measures.peak < best.measures.peak - 0.3);
    const alone = await registrar.register(queryAt(503, 398), ranked.slice(0, 1), 0.02, () => true);
    assert.deepEqual(alone.near, alone.best);
    assert.equal((await registrar.register(queryAt(503, 398), ranked, 0.02)).near, null);
    await registrar.release();
  });

  test("another encoder's registrar is refused", async () => {
    await assert.rejects(
      CorrelationRegistrar.load(
        shippedModel("registrar"),
        { id: "other", stride_px: 8 },
        featureMap(),
        DEFAULT_VISION_CONFIG.register,
        {},
      ),
      /is fitted to encoder .*, the encoder in use is other/,
    );
  });
});
