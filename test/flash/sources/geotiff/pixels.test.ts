import assert from "node:assert/strict";
import { test } from "node:test";
import { geoKeys } from "../../fixtures/scene.js";
import type { TiffFileOptions, TiffImageSpec } from "../../fixtures/tiff.js";
import { openTiff } from "../../fixtures/tiff-files.js";

/** A 40 x 40 image, each pixel from a function, read at its own resolution; returns the pixel at (x, y) of the image. */
async function readPixel(
  spec: Partial<TiffImageSpec> & { data: ArrayLike<number>; samples: number },
  x: number,
  y: number,
  more: { nodata?: number } & TiffFileOptions = {},
  masks: TiffImageSpec[] = [],
) {
  const geo = { scale: [1, 1] as const, tie: [0, 0, 0, 1e6, 6e6, 0], keys: geoKeys.projected(3857) };
  const source = await openTiff([{ width: 40, height: 40, geo, ...spec }, ...masks], more, more);
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
  const kinds = [
    [{}, {}],
    [{}, { bigEndian: true }],
    [{ compression: "deflate", predictor: 2 }, {}],
    [{ compression: "lzw", predictor: 2 }, { bigEndian: true }],
  ] as const;
  for (const [spec, order] of kinds) {
    const dark = await readPixel({ samples: 1, bits: 16, data, ...spec }, 0, 0, order);
    const middle = await readPixel({ samples: 1, bits: 16, data, ...spec }, 20, 19, order);
    const bright = await readPixel({ samples: 1, bits: 16, data, ...spec }, 39, 39, order);
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
