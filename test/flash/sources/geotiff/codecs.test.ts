import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { pattern, utm, utmGeo } from "../../fixtures/placed.js";
import { geoKeys, patternPixels, pixelOf, readMiddle } from "../../fixtures/scene.js";
import { openTiff } from "../../fixtures/tiff-files.js";

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

test("JPEG of four bands: red, green, blue and alpha", async () => {
  const side4 = 80;
  const band = (value: (x: number, y: number) => number) => {
    const data = Buffer.from(Array.from({ length: side4 * side4 }, (_, i) => value(i % side4, Math.floor(i / side4))));
    return sharp(data, { raw: { width: side4, height: side4, channels: 1 } })
      .toColourspace("b-w")
      .jpeg({ quality: 95, optimiseCoding: false })
      .toBuffer();
  };
  const bands = await Promise.all([
    band((x) => x * 2),
    band((_, y) => y * 2),
    band(() => 50),
    band((x) => (x < 40 ? 0 : 255)),
  ]);
  const encoded = { compression: 7, blocks: [joinBands(bands, side4)] };
  const geo = { scale: [1, 1] as const, tie: [0, 0, 0, 1e6, 6e6, 0], keys: geoKeys.projected(3857) };
  const spec = { width: side4, height: side4, samples: 4, extraSamples: [2], photometric: 2, data: [], encoded, geo };
  const source = await openTiff([{ ...spec, tile: [side4, side4] }]);
  const raster = await source.read({ x0_merc_m: 1e6, y0_merc_m: 6e6, pixel_merc_m: 1, width: side4, height: side4 });
  assert.equal(raster?.valid[20 * side4 + 30], 0);
  assert.equal(raster?.valid[20 * side4 + 50], 1);
  const [red = 0, green = 0, blue = 0] = raster?.rgb.subarray((20 * side4 + 50) * 3) ?? [];
  assert.ok(Math.abs(red - 100) < 4 && Math.abs(green - 40) < 4 && Math.abs(blue - 50) < 4, `${red},${green},${blue}`);
  await source.close();
});

/** One JPEG of several components, a scan for each, out of grey JPEGs with the same tables. */
function joinBands(bands: readonly Uint8Array[], side4: number): Uint8Array {
  const [first = new Uint8Array()] = bands;
  const { tables } = splitTables(first);
  const frame = [0xff, 0xc0, 0, 8 + 3 * bands.length, 8, 0, side4, 0, side4, bands.length];
  bands.forEach((_, id) => {
    frame.push(id + 1, 0x11, 0);
  });
  const scans = bands.flatMap((jpeg, id) => {
    let at = 2;
    while (jpeg[at + 1] !== 0xda) at += 2 + ((jpeg[at + 2] ?? 0) << 8) + (jpeg[at + 3] ?? 0);
    const data = jpeg.subarray(at + 2 + (jpeg[at + 3] ?? 0), -2);
    return [0xff, 0xda, 0, 8, 1, id + 1, 0, 0, 63, 0, ...data];
  });
  return Uint8Array.from([...tables.subarray(0, -2), ...frame, ...scans, 0xff, 0xd9]);
}

test("ZSTD, through the geotiff package", async () => {
  const size = 64;
  const pixels = patternPixels(size, size);
  // A frame of one segment with its length (RFC 8878), and one raw block in it.
  const frame = Buffer.alloc(12 + pixels.length);
  frame.writeUInt32LE(0xfd2fb528, 0);
  frame[4] = 0xa0;
  frame.writeUInt32LE(pixels.length, 5);
  frame.writeUIntLE((pixels.length << 3) | 1, 9, 3);
  frame.set(pixels, 12);
  const encoded = { compression: 50000, blocks: [frame] };
  const geo = { scale: [1, 1] as const, tie: [0, 0, 0, 1e6, 6e6, 0], keys: geoKeys.projected(3857) };
  const source = await openTiff([{ width: size, height: size, samples: 3, data: pixels, encoded, geo }]);
  const raster = await source.read({ x0_merc_m: 1e6, y0_merc_m: 6e6, pixel_merc_m: 1, width: size, height: size });
  assert.deepEqual(raster?.rgb, pixels);
  await source.close();
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
