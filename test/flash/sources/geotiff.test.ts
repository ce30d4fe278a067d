import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockCache } from "../../../flash/sources/block-cache.js";
import { GeoTiffSource } from "../../../flash/sources/geotiff.js";
import { writeGeoTiff } from "../../../sim/geotiff-writer.js";
import { assertPlaced, pattern, places, side, utm, utmGeo } from "../fixtures/placed.js";
import { geoKeys, patternPixels } from "../fixtures/scene.js";
import type { GeoSpec, TiffFileOptions, TiffImageSpec } from "../fixtures/tiff.js";
import { openTiff, tiffFile } from "../fixtures/tiff-files.js";

for (const place of places) {
  test(`puts pixels where they belong: ${place.name}`, async () => {
    const { a, b, c, d, e, f, keys } = place;
    const geo: GeoSpec =
      b === 0
        ? { scale: [a, -e], tie: [0, 0, 0, c, f, 0], keys: keys ?? {} }
        : { matrix: [a, b, 0, c, d, e, 0, f, 0, 0, 0, 0, 0, 0, 0, 1], keys: keys ?? {} };
    const source = await openTiff([{ ...pattern, geo }]);
    await assertPlaced(source, place, 1);
    await assertPlaced(source, place, 0.6);
    await assertPlaced(source, place, 1.3);
    assert.ok(Math.abs(source.nativeGsd_m - 0.5) < 0.01, `native gsd ${source.nativeGsd_m}`);
    await source.close();
  });
}

test("pixel is point: the tie point is the centre of its pixel, not a corner", async () => {
  const geo = {
    scale: [0.5, 0.5] as const,
    tie: [0, 0, 0, utm.c + 0.25, utm.f - 0.25, 0],
    keys: { ...geoKeys.projected(32632), 1025: 2 },
  };
  const source = await openTiff([{ ...pattern, geo }]);
  await assertPlaced(source, utm, 1);
  await source.close();
});

test("a tie point in the middle of the raster", async () => {
  const geo = {
    scale: [0.5, 0.5] as const,
    tie: [100, 40, 0, utm.c + 50, utm.f - 20, 0],
    keys: geoKeys.projected(32632),
  };
  const source = await openTiff([{ ...pattern, geo }]);
  await assertPlaced(source, utm, 1);
  await source.close();
});

test("--epsg places a file that names no system, and wins over a wrong one", async () => {
  for (const keys of [{}, geoKeys.projected(32633)]) {
    const source = await openTiff([{ ...pattern, geo: { ...utmGeo, keys } }], {}, { epsg: "32632" });
    await assertPlaced(source, utm, 1);
    await source.close();
  }
});

const layouts: { name: string; spec: Partial<TiffImageSpec>; options?: TiffFileOptions }[] = [
  { name: "one strip", spec: {} },
  { name: "strips of 7 rows", spec: { rowsPerStrip: 7 } },
  { name: "strips of 40 rows, deflate, predictor", spec: { rowsPerStrip: 40, compression: "deflate", predictor: 2 } },
  { name: "tiles of 64", spec: { tile: [64, 64] } },
  { name: "tiles of 64 x 32, LZW, predictor", spec: { tile: [64, 32], compression: "lzw", predictor: 2 } },
  { name: "PackBits strips", spec: { rowsPerStrip: 16, compression: "packbits" } },
  { name: "separate bands in strips", spec: { rowsPerStrip: 32, planar: true } },
  {
    name: "separate bands in tiles, deflate, predictor",
    spec: { tile: [48, 48], planar: true, compression: "deflate", predictor: 2 },
  },
  { name: "big-endian", spec: { rowsPerStrip: 20 }, options: { bigEndian: true } },
  { name: "BigTIFF", spec: { tile: [64, 64], compression: "deflate" }, options: { bigTiff: true } },
  {
    name: "big-endian BigTIFF",
    spec: { rowsPerStrip: 11, compression: "lzw" },
    options: { bigTiff: true, bigEndian: true },
  },
];

for (const { name, spec, options } of layouts) {
  test(`reads the same from any layout: ${name}`, async () => {
    const source = await openTiff([{ ...pattern, geo: utmGeo, ...spec }], options);
    await assertPlaced(source, utm, 1);
    await source.close();
  });
}

test("reads what the simulator's GeoTIFF writer writes, whichever way it stores the place", async () => {
  const kinds = [
    {},
    { tile_px: 0, compression: "none" },
    { georeference: "transformation", tile_px: 64 },
    { pixelIsPoint: true },
  ] as const;
  for (const kind of kinds) {
    const path = tiffFile(new Uint8Array());
    const data = patternPixels(side, side);
    const place = { origin: { x: utm.c, y: utm.f }, pixelSize: { x: utm.a, y: -utm.e }, epsg: 32632 };
    writeGeoTiff(path, { width: side, height: side, channels: 3, ...place, ...kind, data });
    const source = await GeoTiffSource.open(path, new BlockCache(64e6));
    await assertPlaced(source, utm, 1);
    await source.close();
  }
});

test("nothing is read outside the map", async () => {
  const source = await openTiff([{ ...pattern, geo: utmGeo }]);
  const { maxX, maxY, minY } = source.extent;
  assert.equal(
    await source.read({ x0_merc_m: maxX + 10, y0_merc_m: maxY, pixel_merc_m: 1, width: 50, height: 50 }),
    null,
  );
  const edge = await source.read({
    x0_merc_m: maxX - 20,
    y0_merc_m: (minY + maxY) / 2,
    pixel_merc_m: 1,
    width: 40,
    height: 1,
  });
  assert.equal(edge?.valid[5], 1);
  assert.equal(edge?.valid[35], 0);
  await source.close();
});
