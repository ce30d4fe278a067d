import assert from "node:assert/strict";
import { test } from "node:test";
import { pattern, utmGeo } from "../../fixtures/placed.js";
import { geoKeys } from "../../fixtures/scene.js";
import { type GeoSpec, makeTiff } from "../../fixtures/tiff.js";
import { refusal } from "../../fixtures/tiff-files.js";

test("files that cannot be placed say what to do", async () => {
  const tie = [0, 0, 0, 690_000, 5_330_000, 0];
  assert.match(await refusal(makeTiff([pattern])), /no georeference.*gdal_translate -a_srs/);
  assert.match(await refusal(makeTiff([{ ...pattern, geo: { scale: [1, 1], tie } }])), /--epsg CODE/);
  assert.match(
    await refusal(makeTiff([{ ...pattern, geo: { tie: [...tie, ...tie], keys: geoKeys.projected(32632) } }])),
    /2 ground control points.*gdalwarp/,
  );
  assert.match(
    await refusal(makeTiff([{ ...pattern, geo: { scale: [0, 0], tie, keys: geoKeys.projected(32632) } }])),
    /georeference is broken/,
  );
  assert.match(
    await refusal(makeTiff([{ ...pattern, geo: { scale: [1, 1], tie, keys: geoKeys.projected(9999) } }])),
    /EPSG:9999.*--epsg/,
  );
  const metres: GeoSpec = { scale: [0.2, 0.2], tie: [0, 0, 0, -93, 93, 0], keys: geoKeys.geographic(4326) };
  assert.match(await refusal(makeTiff([{ ...pattern, geo: metres }])), /out of range for EPSG:4326.*--epsg/);
  const unknown = { ...pattern, geo: utmGeo, encoded: { compression: 4711, blocks: [new Uint8Array(9)] } };
  assert.match(await refusal(makeTiff([unknown])), /compression 4711 is not supported.*gdal_translate/);
  const lab = { ...pattern, geo: utmGeo, photometric: 8 };
  assert.match(await refusal(makeTiff([lab])), /colour model.*gdal/);
  assert.match(await refusal(makeTiff([{ ...pattern, geo: utmGeo }]), { epsg: "99999" }), /EPSG:99999/);
});

test("damaged and truncated files name themselves", async () => {
  const whole = makeTiff([{ ...pattern, geo: utmGeo, tile: [64, 64], compression: "deflate" }]);
  assert.equal(await refusal(whole), "accepted");
  for (const keep of [0, 3, 8, 100, whole.length - 40, whole.length - 700]) {
    assert.match(await refusal(whole.subarray(0, keep)), /truncated|damaged/, `${keep} of ${whole.length} bytes`);
  }
  // Directory in front, pixels cut off: parses well, and must not be read as black.
  const pixelsLast = makeTiff([
    { ...pattern, geo: utmGeo, encoded: { compression: 1, blocks: [new Uint8Array(10)] }, rowsPerStrip: 150 },
  ]);
  assert.match(await refusal(pixelsLast), /damaged/);
  const flipped = Buffer.from(whole);
  flipped.fill(0x55, 40, 400);
  assert.match(await refusal(flipped), /damaged: tile/);
});
