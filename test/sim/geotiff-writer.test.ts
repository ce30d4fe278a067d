import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { fromFile } from "geotiff";
import { type GeoTiffSpec, GeoTiffWriter, writeGeoTiff } from "../../sim/geotiff-writer.js";
import { writeWorldMap } from "../../sim/map.js";
import { makeEpoch } from "../../sim/world/epoch.js";
import { World } from "../../sim/world/world.js";
import { lonLatToOffset, projector } from "../../tiles/geodesy/index.js";

const folder = mkdtempSync(join(tmpdir(), "geotiff-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function picture(width: number, height: number, channels: number): Uint8Array {
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < data.length; i++) data[i] = (i * 31 + (i >> 5) * 17) & 255;
  return data;
}

describe("GeoTIFF writer", () => {
  it("writes what the geotiff package reads back, in every layout", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 1, max: 90 }),
        fc.constantFrom<1 | 3 | 4>(1, 3, 4),
        fc.constantFrom(0, 16, 32),
        fc.constantFrom<"deflate" | "none">("deflate", "none"),
        fc.constantFrom<"scale" | "transformation">("scale", "transformation"),
        fc.boolean(),
        async (width, height, channels, tile_px, compression, georeference, pixelIsPoint) => {
          const path = join(folder, "random.tif");
          const data = picture(width, height, channels);
          writeGeoTiff(path, {
            width,
            height,
            channels,
            data,
            epsg: 32632,
            origin: { x: 500000, y: 5300000 },
            pixelSize: { x: 0.25, y: 0.5 },
            tile_px,
            compression,
            georeference,
            pixelIsPoint,
            nodata: 7,
          });
          const file = await fromFile(path);
          try {
            const image = await file.getImage();
            assert.equal(image.getWidth(), width);
            assert.equal(image.getHeight(), height);
            const [west = 0, south = 0, east = 0, north = 0] = image.getBoundingBox();
            // The package takes the tie point as it stands: half a pixel inside when pixels are points.
            const inside = pixelIsPoint ? 0.5 : 0;
            assert.ok(Math.abs(west - (500000 + inside * 0.25)) < 1e-6, `west ${west}`);
            assert.ok(Math.abs(north - (5300000 - inside * 0.5)) < 1e-6, `north ${north}`);
            assert.ok(Math.abs(east - west - width * 0.25) < 1e-6, `east ${east}`);
            assert.ok(Math.abs(north - south - height * 0.5) < 1e-6, `south ${south}`);
            assert.equal(image.getGeoKeys()?.ProjectedCSTypeGeoKey, 32632);
            assert.equal(image.getGDALNoData(), 7);
            const read = await image.readRasters({ interleave: true });
            assert.deepEqual(Uint8Array.from(read as unknown as Uint8Array), data);
          } finally {
            await file.close();
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("takes rows in any portions and leaves nothing behind when it is given up", async () => {
    const spec: GeoTiffSpec = {
      width: 50,
      height: 70,
      channels: 3,
      epsg: 4326,
      origin: { x: 11, y: 48 },
      pixelSize: { x: 1e-5, y: 1e-5 },
      tile_px: 32,
    };
    const data = picture(50, 70, 3);
    const path = join(folder, "rows.tif");
    const writer = new GeoTiffWriter(path, spec);
    for (let row = 0; row < 70; row += 7) writer.writeRows(data.subarray(row * 150, (row + 7) * 150));
    assert.ok(!existsSync(path));
    writer.finish();
    const file = await fromFile(path);
    const image = await file.getImage();
    assert.equal(image.getGeoKeys()?.GeographicTypeGeoKey, 4326);
    assert.deepEqual(Uint8Array.from((await image.readRasters({ interleave: true })) as unknown as Uint8Array), data);
    await file.close();
    const unfinished = new GeoTiffWriter(join(folder, "never.tif"), spec);
    unfinished.writeRows(data.subarray(0, 150));
    assert.throws(() => unfinished.finish(), /1 of 70 rows/);
    unfinished.abort();
    assert.ok(readdirSync(folder).every((name) => !name.includes("never")));
  });

  it("names what is wrong with a specification", () => {
    const bad =
      (over: Partial<GeoTiffSpec>): (() => void) =>
      () =>
        void new GeoTiffWriter(join(folder, "bad.tif"), {
          width: 4,
          height: 4,
          channels: 3,
          epsg: 3857,
          origin: { x: 0, y: 0 },
          pixelSize: { x: 1, y: 1 },
          ...over,
        });
    assert.throws(bad({ width: 0 }), /width 0/);
    assert.throws(bad({ tile_px: 20 }), /multiple of 16/);
    assert.throws(bad({ pixelSize: { x: -1, y: 1 } }), /pixel size -1/);
  });
});

describe("writeWorldMap", () => {
  const world = new World({
    seed: 21,
    size_m: 150,
    origin: { lat_deg: 47.5, lon_deg: 9.2 },
    style: { landUse: "urban" },
  });
  const epoch = makeEpoch(21, 0);

  for (const epsg of [3857, 4326, 32632]) {
    it(`puts the world where it belongs in EPSG:${epsg}`, async () => {
      const path = join(folder, `map-${epsg}.tif`);
      const gsd_m = 0.5;
      const size = writeWorldMap(path, world, epoch, { gsd_m, epsg, layout: { tile_px: 64 } });
      assert.ok(size.width > 280 && size.height > 280 && size.width <= 302 && size.height <= 302, JSON.stringify(size));
      const file = await fromFile(path);
      const image = await file.getImage();
      const data = (await image.readRasters({ interleave: true })) as unknown as Uint8Array;
      const [x0 = 0, y0 = 0] = image.getOrigin();
      const [sx = 0, sy = 0] = image.getResolution();
      await file.close();
      // Compare with the world itself, 3 x 3 pixels around places spread over the map.
      const system = projector(epsg);
      let difference = 0;
      let shifted = 0;
      let count = 0;
      for (let row = 20; row < size.height - 20; row += 17) {
        for (let col = 20; col < size.width - 20; col += 17) {
          const p = system.toLonLat(x0 + (col + 0.5) * sx, y0 + (row + 0.5) * sy);
          const { north_m, east_m } = lonLatToOffset(world.origin, p);
          const look = (east: number): number => {
            const rgb = world.render({
              epoch,
              north_m: north_m + gsd_m * 1.5,
              east_m: east - gsd_m * 1.5,
              width_px: 3,
              height_px: 3,
              gsd_m,
            });
            let sum = 0;
            for (let i = 1; i < 27; i += 3) sum += rgb[i] ?? 0;
            return sum / 9;
          };
          let there = 0;
          for (let r = -1; r <= 1; r++)
            for (let c = -1; c <= 1; c++) there += (data[((row + r) * size.width + col + c) * 3 + 1] ?? 0) / 9;
          difference += Math.abs(there - look(east_m));
          shifted += Math.abs(there - look(east_m + 2));
          count++;
        }
      }
      assert.ok(difference / count < 5, `mean difference ${difference / count}`);
      assert.ok(difference < shifted * 0.5, `${difference} against ${shifted} two metres aside`);
    });
  }
});
