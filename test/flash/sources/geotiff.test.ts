import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import sharp from "sharp";
import { BlockCache } from "../../../flash/sources/block-cache.js";
import { GeoTiffSource } from "../../../flash/sources/geotiff.js";
import type { ImagerySource } from "../../../flash/sources/source.js";
import { UserError } from "../../../tiles/errors.js";
import { geoKeys, mercatorToDegrees, patternPixels, pixelOf, readMiddle, toKink, wave } from "../fixtures/scene.js";
import { type GeoSpec, makeTiff, type TiffFileOptions, type TiffImageSpec } from "../fixtures/tiff.js";

const folder = mkdtempSync(join(tmpdir(), "skylink-geotiff-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

async function openTiff(
  images: readonly TiffImageSpec[],
  options: TiffFileOptions = {},
  more: { epsg?: string; nodata?: number } = {},
): Promise<GeoTiffSource> {
  const path = join(folder, `${files++}.tif`);
  writeFileSync(path, makeTiff(images, options));
  return GeoTiffSource.open(path, new BlockCache(64e6), more);
}

const side = 150;
const pattern: TiffImageSpec = { width: side, height: side, samples: 3, data: patternPixels(side, side) };

/** Half a metre a pixel near 48° north: metres in mercator are longer than on the ground by 1 / cos(latitude). */
const places: {
  name: string;
  crs: string;
  keys: GeoSpec["keys"];
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
}[] = [
  {
    name: "EPSG:3857",
    crs: "EPSG:3857",
    keys: geoKeys.projected(3857),
    a: 0.75,
    b: 0,
    c: 1_290_000,
    d: 0,
    e: -0.75,
    f: 6_130_000,
  },
  {
    name: "EPSG:4326",
    crs: "EPSG:4326",
    keys: geoKeys.geographic(4326),
    a: 6.7e-6,
    b: 0,
    c: 11.6,
    d: 0,
    e: -4.5e-6,
    f: 48.1,
  },
  {
    name: "UTM 32N",
    crs: "EPSG:32632",
    keys: geoKeys.projected(32632),
    a: 0.5,
    b: 0,
    c: 690_000,
    d: 0,
    e: -0.5,
    f: 5_330_000,
  },
  {
    name: "UTM 36S",
    crs: "EPSG:32736",
    keys: geoKeys.projected(32736),
    a: 0.5,
    b: 0,
    c: 420_000,
    d: 0,
    e: -0.5,
    f: 9_200_000,
  },
  {
    name: "ETRS89 UTM 33N",
    crs: "+proj=utm +zone=33 +ellps=GRS80 +towgs84=0,0,0",
    keys: geoKeys.projected(25833),
    a: 0.5,
    b: 0,
    c: 390_000,
    d: 0,
    e: -0.5,
    f: 5_820_000,
  },
  {
    name: "a transverse Mercator of its own",
    crs: "+proj=tmerc +lat_0=0 +lon_0=19 +k=0.9993 +x_0=500000 +y_0=-5300000 +ellps=GRS80 +towgs84=0,0,0",
    keys: {
      1024: 1,
      1025: 1,
      2048: 32767,
      2056: 7019,
      3072: 32767,
      3075: 1,
      3076: 9001,
      3080: { double: 19 },
      3081: { double: 0 },
      3082: { double: 500_000 },
      3083: { double: -5_300_000 },
      3092: { double: 0.9993 },
    },
    a: 0.5,
    b: 0,
    c: 630_000,
    d: 0,
    e: -0.5,
    f: 490_000,
  },
  {
    name: "a rotated UTM grid",
    crs: "EPSG:32632",
    keys: geoKeys.projected(32632),
    a: 0.4,
    b: 0.3,
    c: 690_000,
    d: 0.3,
    e: -0.4,
    f: 5_330_000,
  },
];

/** Compares a read window with where the pattern must be; positions may differ by a tenth of a pixel. */
async function assertPlaced(source: ImagerySource, place: (typeof places)[number], enlarge: number): Promise<void> {
  const lat = mercatorToDegrees(0, (source.extent.minY + source.extent.maxY) / 2)[1];
  const pixel_merc_m = (source.nativeGsd_m * enlarge) / Math.cos((lat * Math.PI) / 180);
  const { window, raster } = await readMiddle(source, pixel_merc_m, 60);
  assert.ok(raster !== null);
  let compared = 0;
  for (let row = 0; row < window.height; row++) {
    for (let col = 0; col < window.width; col++) {
      const [u, v] = pixelOf(
        place,
        window.x0_merc_m + (col + 0.5) * pixel_merc_m,
        window.y0_merc_m - (row + 0.5) * pixel_merc_m,
      );
      const inside = u > 1 && v > 1 && u < side - 1 && v < side - 1;
      const pixel = row * window.width + col;
      if (inside) assert.equal(raster.valid[pixel], 1);
      if (!inside || toKink(u) < 1.6 || toKink(v) < 1.6) continue;
      compared++;
      // 0.1 px is 1.5 levels of the pattern; half a level more is rounding.
      assert.ok(Math.abs((raster.rgb[pixel * 3] ?? 0) - wave(u)) <= 1.5, `column of ${col},${row} at u=${u}`);
      assert.ok(Math.abs((raster.rgb[pixel * 3 + 1] ?? 0) - wave(v)) <= 1.5, `row of ${col},${row} at v=${v}`);
      assert.equal(raster.rgb[pixel * 3 + 2], 100);
    }
  }
  assert.ok(compared > 500, `${compared} pixels compared`);
}

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

const utm = places[2] as (typeof places)[number];
const utmGeo: GeoSpec = { scale: [0.5, 0.5], tie: [0, 0, 0, utm.c, utm.f, 0], keys: geoKeys.projected(32632) };

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

test("JPEG in tiles, with tables of their own or shared", async () => {
  const tile = 80;
  for (const subsampled of ["4:2:0", "4:4:4"]) {
    const blocks: Uint8Array[] = [];
    for (const [x0, y0] of [
      [0, 0],
      [80, 0],
      [0, 80],
      [80, 80],
    ] as const) {
      const block = Buffer.alloc(tile * tile * 3);
      for (let y = 0; y < tile; y++) {
        for (let x = 0; x < tile; x++) block.set([x0 + x, y0 + y, 200 - x0 - x], (y * tile + x) * 3);
      }
      blocks.push(
        await sharp(block, { raw: { width: tile, height: tile, channels: 3 } })
          .jpeg({ quality: 95, chromaSubsampling: subsampled, optimiseCoding: false })
          .toBuffer(),
      );
    }
    const split = blocks.map(splitTables);
    for (const shared of [false, true]) {
      const encoded = shared
        ? { compression: 7, blocks: split.map((s) => s.image), jpegTables: split[0]?.tables ?? new Uint8Array() }
        : { compression: 7, blocks };
      const source = await openTiff([
        { ...pattern, width: 160, height: 160, tile: [tile, tile], photometric: 6, encoded, geo: utmGeo },
      ]);
      const { window, raster } = await readMiddle(source, 0.75, 60);
      for (let pixel = 0; pixel < 3600; pixel += 7) {
        const [u, v] = pixelOf(
          utm,
          window.x0_merc_m + ((pixel % 60) + 0.5) * 0.75,
          window.y0_merc_m - (Math.floor(pixel / 60) + 0.5) * 0.75,
        );
        const [red = 0, green = 0, blue = 0] = raster?.rgb.subarray(pixel * 3) ?? [];
        assert.ok(
          Math.abs(red - (u - 0.5)) < 6 && Math.abs(green - (v - 0.5)) < 6 && Math.abs(blue - (200.5 - u)) < 8,
          `${u},${v}: ${red},${green},${blue}`,
        );
      }
      await source.close();
    }
  }
});

/** Moves a JPEG's tables out of it, as TIFF's abbreviated streams have them. */
function splitTables(jpeg: Uint8Array): { tables: Uint8Array; image: Uint8Array } {
  const tables = [0xff, 0xd8];
  const image = [0xff, 0xd8];
  let at = 2;
  while (jpeg[at + 1] !== 0xda) {
    const end = at + 2 + ((jpeg[at + 2] ?? 0) << 8) + (jpeg[at + 3] ?? 0);
    const segment = jpeg.subarray(at, end);
    if (segment[1] === 0xdb || segment[1] === 0xc4) tables.push(...segment);
    else if (segment[1] !== 0xe0) image.push(...segment);
    at = end;
  }
  return { tables: Uint8Array.of(...tables, 0xff, 0xd9), image: Uint8Array.from([...image, ...jpeg.subarray(at)]) };
}

/** A 40 x 40 image, each pixel from a function, read at its own resolution; returns the pixel at (x, y) of the image. */
async function readPixel(
  spec: Partial<TiffImageSpec> & { data: ArrayLike<number>; samples: number },
  x: number,
  y: number,
  more: { nodata?: number } = {},
  masks: TiffImageSpec[] = [],
) {
  const geo = { scale: [1, 1] as const, tie: [0, 0, 0, 1e6, 6e6, 0], keys: geoKeys.projected(3857) };
  const source = await openTiff([{ width: 40, height: 40, geo, ...spec }, ...masks], {}, more);
  const raster = await source.read({ x0_merc_m: 1e6 + x, y0_merc_m: 6e6 - y, pixel_merc_m: 1, width: 1, height: 1 });
  await source.close();
  return raster === null ? null : { rgb: [...raster.rgb], valid: raster.valid[0] };
}

const grey40 = (value: (x: number, y: number) => number, samples = 1) =>
  Array.from({ length: 1600 * samples }, (_, i) => value(Math.floor(i / samples) % 40, Math.floor(i / samples / 40)));

test("grey becomes equal red, green and blue; white-is-zero is turned over", async () => {
  const data = grey40((x) => x * 5);
  assert.deepEqual(await readPixel({ samples: 1, data }, 20, 10), { rgb: [100, 100, 100], valid: 1 });
  assert.deepEqual(await readPixel({ samples: 1, data, photometric: 0 }, 20, 10), { rgb: [155, 155, 155], valid: 1 });
});

test("palettes of 8, 4 and 1 bit", async () => {
  for (const bits of [8, 4, 1] as const) {
    const entries = 2 ** bits;
    const palette = [...Array(entries).fill(0), ...Array(entries).fill(0), ...Array(entries).fill(0)] as number[];
    const index = bits === 1 ? 1 : 9;
    palette[index] = 0x1234;
    palette[entries + index] = 0x5678;
    palette[2 * entries + index] = 0x9abc;
    const data = grey40((x, y) => (x === 13 && y === 7 ? index : 0));
    assert.deepEqual(
      await readPixel({ samples: 1, bits, photometric: 3, palette, data }, 13, 7),
      { rgb: [0x12, 0x56, 0x9a], valid: 1 },
      `${bits} bit`,
    );
    assert.deepEqual(await readPixel({ samples: 1, bits, photometric: 3, palette, data }, 14, 7), {
      rgb: [0, 0, 0],
      valid: 1,
    });
  }
});

test("16-bit imagery is stretched over its own range, in either byte order and with a predictor", async () => {
  const data = grey40((x, y) => 1000 + (x + y) * 40);
  for (const spec of [{}, { compression: "deflate" as const, predictor: 2 as const }]) {
    const dark = await readPixel({ samples: 1, bits: 16, data, ...spec }, 0, 0);
    const middle = await readPixel({ samples: 1, bits: 16, data, ...spec }, 20, 19);
    const bright = await readPixel({ samples: 1, bits: 16, data, ...spec }, 39, 39);
    assert.deepEqual(dark?.rgb[0], 0);
    assert.ok(Math.abs((middle?.rgb[0] ?? 0) - 128) <= 3, `middle ${middle?.rgb[0]}`);
    assert.deepEqual(bright?.rgb[0], 255);
  }
  const small = grey40((x) => x * 4);
  assert.deepEqual(
    (await readPixel({ samples: 1, bits: 16, data: small }, 20, 3))?.rgb,
    [80, 80, 80],
    "a byte range stays as it is",
  );
});

test("float imagery is stretched, NaN is no imagery", async () => {
  const data = grey40((x, y) => (x === 5 ? Number.NaN : y / 39));
  assert.equal((await readPixel({ samples: 1, bits: 32, format: 3, data }, 20, 39))?.rgb[0], 255);
  assert.equal((await readPixel({ samples: 1, bits: 32, format: 3, data }, 5, 20))?.valid, 0);
});

test("nodata: by tag, by option, by alpha, by mask, by a missing block", async () => {
  const hole = (x: number, y: number) => x >= 10 && x < 20 && y >= 10 && y < 20;
  const rgb = Array.from({ length: 4800 }, (_, i) =>
    hole(Math.floor(i / 3) % 40, Math.floor(i / 120)) ? 7 : 90 + (i % 3),
  );
  const shown = { rgb: [90, 91, 92], valid: 1 };
  for (const [spec, more] of [
    [{ nodata: "7" }, {}],
    [{}, { nodata: 7 }],
    [{ nodata: "3" }, { nodata: 7 }],
  ] as const) {
    assert.equal((await readPixel({ samples: 3, data: rgb, ...spec }, 15, 15, more))?.valid, 0);
    assert.deepEqual(await readPixel({ samples: 3, data: rgb, ...spec }, 25, 15, more), shown);
  }
  assert.equal((await readPixel({ samples: 3, data: rgb }, 15, 15))?.valid, 1, "without a nodata value it is imagery");

  const rgba = Array.from({ length: 6400 }, (_, i) =>
    i % 4 < 3 ? 90 + (i % 4) : hole(Math.floor(i / 4) % 40, Math.floor(i / 160)) ? 0 : 255,
  );
  for (const planar of [false, true]) {
    assert.equal((await readPixel({ samples: 4, data: rgba, extraSamples: [2], planar }, 15, 15))?.valid, 0);
    assert.deepEqual(await readPixel({ samples: 4, data: rgba, extraSamples: [2], planar }, 25, 15), shown);
  }

  const plain = Array.from({ length: 4800 }, (_, i) => 90 + (i % 3));
  const mask: TiffImageSpec = {
    width: 40,
    height: 40,
    samples: 1,
    bits: 1,
    photometric: 4,
    subfile: 4,
    rowsPerStrip: 9,
    data: grey40((x, y) => (hole(x, y) ? 0 : 1)),
  };
  assert.equal((await readPixel({ samples: 3, data: plain }, 15, 15, {}, [mask]))?.valid, 0);
  assert.deepEqual(await readPixel({ samples: 3, data: plain }, 25, 15, {}, [mask]), shown);

  assert.equal((await readPixel({ samples: 3, data: plain, tile: [16, 16], sparse: [4] }, 20, 20))?.valid, 0);
  assert.deepEqual(await readPixel({ samples: 3, data: plain, tile: [16, 16], sparse: [4] }, 35, 20), shown);
});

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

async function refusal(bytes: Uint8Array, more: { epsg?: string } = {}): Promise<string> {
  const path = join(folder, `${files++}.tif`);
  writeFileSync(path, bytes);
  try {
    const source = await GeoTiffSource.open(path, new BlockCache(64e6), more);
    await readMiddle(source, source.nativeGsd_m, 64);
    await source.close();
  } catch (thrown) {
    assert.ok(thrown instanceof UserError, String(thrown));
    assert.ok(thrown.message.startsWith(path) || more.epsg !== undefined, thrown.message);
    assert.ok(!thrown.message.includes("\n"));
    return thrown.message;
  }
  return "accepted";
}

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

test("memory stays bounded: decoded blocks are dropped, a giant strip is refused", async () => {
  const path = join(folder, "cache.tif");
  writeFileSync(path, makeTiff([{ ...pattern, geo: utmGeo, tile: [16, 16] }]));
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
