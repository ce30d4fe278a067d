import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { TilePyramid } from "../../../flash/pack/tile-pyramid.js";
import type { ImagerySource, MercatorWindow } from "../../../flash/sources/source.js";
import { mercatorToLonLat, tileBounds } from "../../../tiles/geodesy/index.js";
import type { PackWriter } from "../../../tiles/pack/writer.js";

/** Tiles [x0, x1] x [y0, y1] of a zoom as degrees. */
function boxOf(z: number, x0: number, y0: number, x1: number, y1: number) {
  const first = tileBounds({ z, x: x0, y: y0 });
  const last = tileBounds({ z, x: x1, y: y1 });
  const southWest = mercatorToLonLat(first.west, last.south);
  const northEast = mercatorToLonLat(last.east, first.north);
  return { west: southWest.lon_deg, south: southWest.lat_deg, east: northEast.lon_deg, north: northEast.lat_deg };
}

/** Imagery of one colour, except west of a meridian, where there is none. */
function plainSource(emptyWestOf: number): ImagerySource {
  const everywhere = { minX: -1e9, minY: -1e9, maxX: 1e9, maxY: 1e9 };
  return {
    name: "plain",
    bbox: { west: -180, south: -85, east: 180, north: 85 },
    extent: everywhere,
    nativeGsd_m: 1,
    read: async ({ x0_merc_m, pixel_merc_m, width, height }: MercatorWindow) => {
      const valid = Uint8Array.from({ length: width * height }, (_, k) =>
        x0_merc_m + ((k % width) + 0.5) * pixel_merc_m < emptyWestOf ? 0 : 1,
      );
      return { width, height, rgb: new Uint8Array(width * height * 3).fill(120), valid };
    },
    close: async () => undefined,
  };
}

async function build(
  z: number,
  box: [number, number, number, number],
  min: number,
  emptyWestOf = -1e9,
  format: "jpeg" | "webp" = "jpeg",
) {
  const tiles = new Map<string, Uint8Array>();
  const writer: Pick<PackWriter, "putTile"> = {
    putTile: (tz, x, y, image) => {
      const key = `${tz}/${x}/${y}`;
      assert.ok(!tiles.has(key), `${key} twice`);
      tiles.set(key, image);
    },
  };
  let places = 0;
  const pyramid = new TilePyramid({
    source: plainSource(emptyWestOf),
    bbox: boxOf(z, ...box),
    zoom: { min, max: z },
    format,
    writer: writer as PackWriter,
    onProgress: (step) => {
      places += step.places;
    },
    signal: new AbortController().signal,
  });
  await pyramid.run();
  return { tiles, places };
}

test("every tile of every zoom is written once, also where panels meet", async () => {
  // Panels end at multiples of 256 tiles.
  const { tiles, places } = await build(12, [254, 1001, 257, 1003], 8);
  assert.equal(places, 12);
  const wanted: string[] = [];
  for (let z = 12, x0 = 254, x1 = 257, y0 = 1001, y1 = 1003; z >= 8; z--, x0 >>= 1, x1 >>= 1, y0 >>= 1, y1 >>= 1) {
    for (let x = x0; x <= x1; x++) for (let y = y0; y <= y1; y++) wanted.push(`${z}/${x}/${y}`);
  }
  assert.deepEqual([...tiles.keys()].sort(), wanted.sort());
});

test("tiles without imagery are left out; what is empty is black in JPEG and transparent in WebP", async () => {
  const middle = tileBounds({ z: 12, x: 2049, y: 1000 });
  const half = (middle.west + middle.east) / 2;
  for (const format of ["jpeg", "webp"] as const) {
    const { tiles } = await build(12, [2048, 1000, 2050, 1000], 11, half, format);
    assert.ok(!tiles.has("12/2048/1000"));
    const { data, info } = await sharp(tiles.get("12/2049/1000")).raw().toBuffer({ resolveWithObject: true });
    assert.equal(info.channels, format === "jpeg" ? 3 : 4);
    const west = data.subarray((128 * 256 + 40) * info.channels);
    const east = data.subarray((128 * 256 + 200) * info.channels);
    assert.equal(format === "jpeg" ? west[0] : west[3], 0);
    assert.ok(Math.abs((east[0] ?? 0) - 120) < 3);
    // The tile above holds the two in its lower or upper half, the empty one black.
    const above = await sharp(tiles.get("11/1024/500")).removeAlpha().raw().toBuffer();
    assert.ok((above[(60 * 256 + 50) * 3] ?? 255) < 4 && Math.abs((above[(60 * 256 + 230) * 3] ?? 0) - 120) < 4);
  }
});
