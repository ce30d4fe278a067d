import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockCache } from "../../../../flash/sources/block-cache.js";
import { GeoTiffSource } from "../../../../flash/sources/geotiff.js";
import { pattern, utm, utmGeo } from "../../fixtures/placed.js";
import { geoKeys, pixelOf, readMiddle } from "../../fixtures/scene.js";
import { makeTiff } from "../../fixtures/tiff.js";
import { openTiff, refusal, tiffFile } from "../../fixtures/tiff-files.js";

test("a much coarser reading averages the area, through overviews or without", async () => {
  const width = 512;
  // A checkerboard of single pixels: a reading that skips pixels would see black or white, not grey.
  const data = Array.from({ length: width * width }, (_, i) =>
    ((i % width) + Math.floor(i / width)) % 2 === 0 ? 40 : 240,
  );
  const geo = { scale: [1, 1] as const, tie: [0, 0, 0, 1e6, 6e6, 0], keys: geoKeys.projected(3857) };
  for (const spec of [{ tile: [64, 64] as const }, { rowsPerStrip: 5 }, {}]) {
    const source = await openTiff([{ width, height: width, samples: 1, data, geo, ...spec }]);
    for (const pixel_merc_m of [2, 3, 4.7, 16, 50]) {
      const raster = await source.read({ x0_merc_m: 1e6 + 30, y0_merc_m: 6e6 - 30, pixel_merc_m, width: 8, height: 8 });
      for (const value of raster?.rgb ?? [])
        assert.ok(Math.abs(value - 140) <= 12, `${JSON.stringify(spec)} at ${pixel_merc_m}: ${value}`);
    }
    await source.close();
  }
  const overview = {
    width: 128,
    height: 128,
    samples: 1,
    subfile: 1,
    data: Array.from({ length: 128 * 128 }, () => 77),
    tile: [64, 64] as const,
  };
  const source = await openTiff([{ width, height: width, samples: 1, data, geo, tile: [64, 64] }, overview]);
  const at = { x0_merc_m: 1e6 + 40, y0_merc_m: 6e6 - 40, width: 4, height: 4 };
  assert.equal((await source.read({ ...at, pixel_merc_m: 4 }))?.rgb[0], 77, "the overview fits exactly");
  assert.equal((await source.read({ ...at, pixel_merc_m: 6 }))?.rgb[0], 77);
  assert.notEqual((await source.read({ ...at, pixel_merc_m: 3 }))?.rgb[0], 77, "too coarse: the full image is read");
  await source.close();
});

test("overviews keep their place", async () => {
  const half = 75;
  const data = new Uint8Array(half * half * 3);
  for (let y = 0; y < half; y++) for (let x = 0; x < half; x++) data.set([x * 2 + 1, y * 2 + 1, 0], (y * half + x) * 3);
  const source = await openTiff([
    { ...pattern, geo: utmGeo, tile: [64, 64] },
    { width: half, height: half, samples: 3, subfile: 1, data, tile: [32, 32] },
  ]);
  const { window, raster } = await readMiddle(source, 1.5, 40);
  for (let pixel = 0; pixel < 1600; pixel += 3) {
    const [u, v] = pixelOf(
      utm,
      window.x0_merc_m + ((pixel % 40) + 0.5) * 1.5,
      window.y0_merc_m - (Math.floor(pixel / 40) + 0.5) * 1.5,
    );
    assert.ok(
      Math.abs((raster?.rgb[pixel * 3] ?? 0) - u) < 0.7 && Math.abs((raster?.rgb[pixel * 3 + 1] ?? 0) - v) < 0.7,
    );
  }
  await source.close();
});

test("memory stays bounded: decoded blocks are dropped, a giant strip is refused", async () => {
  const path = tiffFile(makeTiff([{ ...pattern, geo: utmGeo, tile: [16, 16] }]));
  const cache = new BlockCache(16 * 16 * 4 * 10);
  const source = await GeoTiffSource.open(path, cache);
  await readMiddle(source, 0.75, 90);
  assert.ok(cache.bytes <= cache.capacity_bytes, `${cache.bytes} bytes held`);
  await source.close();
  const giant = makeTiff([
    {
      ...pattern,
      width: 20_000,
      height: 20_000,
      rowsPerStrip: 20_000,
      encoded: { compression: 8, blocks: [new Uint8Array(4)] },
      geo: utmGeo,
    },
  ]);
  assert.match(await refusal(giant), /one strip holds.*TILED=YES/);
});
