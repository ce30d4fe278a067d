import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import sharp from "sharp";
import { uavVisLoc } from "../../../../agent/eval/datasets/visloc.js";
import { distance_m } from "../../../../tiles/geodesy/wgs84.js";
import { evaluated, round9 } from "../evaluated.js";
import { raster } from "../raster.js";
import { type Colour, writeColour, writeRaster } from "../small-images.js";

const root = mkdtempSync(join(tmpdir(), "eval-visloc-"));
after(() => rmSync(root, { recursive: true, force: true }));

/** Colours of the 4 x 4 squares of 256 px of a map of 1024 x 1000 px: 1 m a pixel, 256 m a square. */
const COLOURS: readonly Colour[] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 0],
  [0, 255, 255],
  [255, 0, 255],
  [255, 255, 255],
  [10, 10, 10],
  [255, 128, 0],
  [0, 128, 255],
  [128, 255, 0],
  [128, 0, 255],
  [255, 0, 128],
  [0, 255, 128],
  [255, 200, 128],
  [60, 128, 60],
];
const DEG_M = (6378137 * Math.PI) / 180;
const NORTH = 0.01;
const WEST = 20;
const SIDE_PX = 1024;
const HEIGHT_PX = 1000;

/** Place of a pixel of the map. */
function at(x: number, y: number): string {
  return `${NORTH - y / DEG_M},${WEST + x / DEG_M}`;
}

const colourAt = (x: number, y: number): Colour => COLOURS[Math.floor(y / 256) * 4 + Math.floor(x / 256)] ?? [0, 0, 0];

before(async () => {
  await writeRaster(join(root, "03", "satellite03.tif"), raster(SIDE_PX, HEIGHT_PX, colourAt));
  const corners = `${NORTH},${WEST},${NORTH - HEIGHT_PX / DEG_M},${WEST + SIDE_PX / DEG_M}`;
  writeFileSync(
    join(root, "satellite_ coordinates_range.csv"),
    `mapname,LT_lat_map,LT_lon_map,RB_lat_map,RB_lon_map,region\nsatellite03.tif,${corners},Taizhou\n`,
  );
  // Level 0 (Z = 2) is one tile of 1024 m, level 1 is 2 x 2 tiles of 512 m. From 637 m the footprint is 414 x 621 m,
  // about a tile of level 1 (IoU .71 when centred on it). The last frame is beyond the map.
  writeFileSync(
    join(root, "03", "03.csv"),
    [
      "num,filename,date,lat,lon,height,Omega,Kappa,Phi1,Phi2",
      `1,03_0001.JPG,2021-08-01T10:00:00,${at(256, 256)},637,0,0,0,0`,
      `2,03_0002.JPG,2021-08-01T10:00:02,${at(768, 256)},637,0,0,90,0`,
      `3,03_0003.JPG,2021-08-01T10:00:04,${at(5000, 256)},637,0,0,0,0`,
      "",
    ].join("\r\n"),
  );
  // The first frame shows the tile it lies on; the second one the tile below its own.
  const view = (left: number, top: number) => raster(64, 64, (x, y) => colourAt(left + 8 * x, top + 8 * y));
  await writeRaster(join(root, "03", "drone", "03_0001.JPG"), view(0, 0));
  await writeRaster(join(root, "03", "drone", "03_0002.JPG"), view(512, 512));
});

const leftBehind = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("skylink-eval-"));

test("queries, tiles and true tiles as the protocol has them", async () => {
  const dataset = await uavVisLoc.read(root, {});
  assert.deepEqual(dataset.leftOut, ["flight 03: 1 frames without a true tile"]);
  const known = new Set(leftBehind());
  const [source] = dataset.tasks;
  assert.ok(source !== undefined);
  const { task, close } = await source.open();
  try {
    // One tile of level 0, then level 1 row by row.
    assert.equal(task.gallery.length, 5);
    assert.deepEqual(
      task.queries.map(({ positives, yaw_deg }) => [positives, yaw_deg]),
      [
        [[1], 0],
        [[2], 90],
      ],
    );
    for (const { path } of task.gallery) {
      const { width, height } = await sharp(path).metadata();
      assert.deepEqual([width, height], [256, 256]);
    }
    // The lower right tile ends 12 px (24 px of the map) above its edge; the rest is black.
    const last = await sharp(task.gallery[4]?.path).raw().toBuffer();
    const pixel = (x: number, y: number): number[] => [...last.subarray((y * 256 + x) * 3, (y * 256 + x) * 3 + 3)];
    const expectColour = (actual: number[], colour: Colour | undefined): void =>
      assert.ok(
        colour?.every((value, c) => Math.abs(value - (actual[c] ?? -9)) <= 2),
        `${actual} is not ${colour}`,
      );
    expectColour(pixel(64, 64), COLOURS[10]);
    expectColour(pixel(192, 240), COLOURS[15]);
    expectColour(pixel(192, 244), [0, 0, 0]);
  } finally {
    close();
  }
  assert.deepEqual(
    leftBehind().filter((name) => !known.has(name)),
    [],
  );
});

test("recall, AP, SDM@K and distances, worked out by hand", async () => {
  const rows = await evaluated(await uavVisLoc.read(root, { flights: ["03"] }));
  const { before, queries, gallery } = rows.get("flight 03") ?? assert.fail("no row");
  assert.deepEqual([queries, gallery], [2, 5]);
  assert.equal(before.recall_at["1"], 1 / 2);
  // Tile 1 is the first frame's; the second frame is nearest to tile 4, which lies 512 m below its own, tile 2.
  const place = (x: number, y: number) => ({ lat_deg: NORTH - y / DEG_M, lon_deg: WEST + x / DEG_M });
  const miss_m = distance_m(place(768, 256), place(768, 768));
  assert.ok(Math.abs(miss_m - 508.6) < 1);
  assert.equal(round9(before.mean_distance_m), round9(miss_m / 2));
  assert.equal(round9(before.sdm_at?.["1"]), round9((1 + Math.exp(-0.001 * miss_m)) / 2));
  assert.deepEqual(before.within_m, { "50": 1 / 2, "100": 1 / 2, "200": 1 / 2, "500": 1 / 2 });
  // One flight: the pooled row is the same.
  assert.deepEqual(rows.get("all flights")?.before, before);
});

test("AP is the mean precision at the true tiles", async () => {
  const { before } = (await evaluated(await uavVisLoc.read(root, {}))).get("flight 03") ?? assert.fail("no row");
  const seconds = [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5].map((precision) => round9((1 + precision) / 2));
  assert.ok(seconds.includes(round9(before.ap)), `${before.ap}`);
});

test("what cannot be judged is left out, and an error when asked for", async () => {
  writeFileSync(join(root, "satellite_ coordinates_range.csv"), "", { flag: "a" });
  await writeColour(join(root, "07", "satellite07.tif"), [1, 2, 3]);
  writeFileSync(join(root, "07", "07.csv"), "num,filename,date,lat,lon,height\n1,07_0001.JPG,x,1,2,3\n");
  await writeColour(join(root, "09", "satellite09_01-01.tif"), [1, 2, 3]);
  writeFileSync(join(root, "09", "09.csv"), "num,filename,date,lat,lon,height,Omega,Kappa,Phi1,Phi2\n");
  const { tasks, leftOut } = await uavVisLoc.read(root, {});
  assert.equal(tasks.length, 1);
  assert.match(leftOut.join("\n"), /flight 07: 07\.csv has no column Phi1/);
  assert.match(leftOut.join("\n"), /flight 09: no satellite09\.tif \(a map in pieces is not taken\)/);
  await assert.rejects(uavVisLoc.read(root, { flights: ["07"] }), /07: 07\.csv has no column Phi1/);
  await assert.rejects(uavVisLoc.read(root, { flights: ["3"] }), /no folder .*did you mean 03\? there are 03, 07, 09/);
});

test("missing and wrong files are named", async () => {
  const other = join(root, "other");
  await writeColour(join(other, "01", "satellite01.tif"), [1, 2, 3], 600, 600);
  await assert.rejects(uavVisLoc.read(other, {}), /not UAV-VisLoc: expected satellite_coordinates_range\.csv/);
  const ranges = join(other, "satellite_coordinates_range.csv");
  writeFileSync(ranges, "mapname,LT_lat_map,LT_lon_map\n");
  const table = join(other, "01", "01.csv");
  await assert.rejects(uavVisLoc.read(other, {}), /range\.csv:1:1: no column RB_lat_map, RB_lon_map; the header has/);
  writeFileSync(ranges, "mapname,LT_lat_map,LT_lon_map,RB_lat_map,RB_lon_map\nsatellite02.tif,1,2,0.99,2.01\n");
  await assert.rejects(uavVisLoc.read(other, {}), /no flight can be evaluated: flight 01: no 01\.csv/);
  writeFileSync(table, "filename,lat,lon,height,Phi1\n01_0001.JPG,0.995,2.005,north,0\n");
  await assert.rejects(uavVisLoc.read(other, {}), /no line for satellite01\.tif; it has satellite02\.tif/);
  writeFileSync(ranges, "mapname,LT_lat_map,LT_lon_map,RB_lat_map,RB_lon_map\nsatellite01.tif,1,2,0.99,2.01\n");
  await assert.rejects(uavVisLoc.read(other, {}), /01\.csv:2:25: height: "north" is no number/);
  writeFileSync(table, "filename,lat,lon,height,Phi1\n01_0001.JPG,0.9975,2.0025,900,0\n");
  await assert.rejects(uavVisLoc.read(other, {}), /01_0001\.JPG: no such image, but .*01\.csv lists it/);
  writeFileSync(table, "filename,lat,lon,height,Phi1\n01_0001.JPG,50,60,600,0\n");
  await assert.rejects(uavVisLoc.read(other, {}), /no frame has a true tile on its map/);
  writeFileSync(join(other, "01", "satellite01.tif"), "no picture");
  await assert.rejects(uavVisLoc.read(other, {}), /satellite01\.tif: cannot be decoded/);
  assert.ok(existsSync(table));
});
