import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { denseUav, parseDenseGps } from "../../../../agent/eval/datasets/denseuav.js";
import { evaluated, round9 } from "../evaluated.js";
import { type Colour, writeColour } from "../small-images.js";

const root = mkdtempSync(join(tmpdir(), "eval-denseuav-"));
after(() => rmSync(root, { recursive: true, force: true }));

const RED: Colour = [255, 0, 0];
const ORANGE: Colour = [255, 128, 0];
const BLUE: Colour = [0, 0, 255];
const GPS = [
  "/data/a set/train/satellite/000000/H80.tif E120.3870000 N30.3230000 94.612",
  "/data/a set/test/satellite/000001/H80.tif E120.3872000 N30.3230000 94.612",
  "/data/a set/test/satellite/000002/H80.tif E120.3870000 N30.3232000 94.612",
  "",
].join("\n");

before(async () => {
  const satellites: [string, Colour][] = [
    ["000000", BLUE],
    ["000001", ORANGE],
    ["000002", RED],
  ];
  for (const [place, colour] of satellites) {
    for (const file of ["H80.tif", "H80_old.tif"]) {
      await writeColour(join(root, "test", "gallery_satellite", place, file), colour);
    }
  }
  await writeColour(join(root, "test", "query_drone", "000001", "H80.JPG"), RED);
  await writeColour(join(root, "test", "query_drone", "000002", "H80.JPG"), RED);
  writeFileSync(join(root, "Dense_GPS_ALL.txt"), GPS);
});

test("recall, AP, SDM@K and metres, worked out by hand", async () => {
  const dataset = await denseUav.read(root, {});
  assert.deepEqual(dataset.leftOut.length, 1);
  const row = (await evaluated(dataset)).get("drone → satellite");
  // Both queries are ranked red (place 2) twice, orange (place 1) twice, blue (place 0) twice.
  assert.deepEqual(row?.before.recall_at, { "1": 1 / 2, "5": 1, "10": 1 });
  // True at places 2 and 3: (0 + 1/3)/2 and (1/3 + 2/4)/2; true at 0 and 1: 1.
  assert.equal(round9(row?.before.ap), round9(((1 / 6 + 5 / 12) / 2 + 1) / 2));
  // Degrees: place 1 to 2 is hypot(2e-4, 2e-4), 1 to 0 and 2 to 0 are 2e-4 each; e to the -5000 times that.
  const far = Math.exp(-Math.SQRT2);
  const side = Math.exp(-1);
  const one = [far, 1, side];
  const two = [1, far, side];
  const at = (k: number, ranks: number[]): number => {
    const list = ranks.flatMap((value) => [value, value]).slice(0, k);
    const weights = list.map((_, i) => list.length - i);
    const sum = list.reduce((total, value, i) => total + value * (weights[i] ?? 0), 0);
    return sum / weights.reduce((a, b) => a + b, 0);
  };
  for (const k of [1, 3, 5, 10]) {
    assert.equal(round9(row?.before.sdm_at?.[k]), round9((at(k, one) + at(k, two)) / 2), `SDM@${k}`);
  }
  // The first query's best image is 2e-4 degrees of latitude and as much longitude away: 22.26 m and 19.22 m.
  const miss_m = Math.hypot(22.2639, 22.2639 * Math.cos((30.3231 * Math.PI) / 180));
  assert.ok(Math.abs((row?.before.mean_distance_m ?? 0) - miss_m / 2) < 0.001);
  assert.deepEqual(row?.before.within_m, { "5": 1 / 2, "10": 1 / 2, "20": 1 / 2, "50": 1 });
});

test("the positions' file: blanks in paths, line ends, and what is wrong in it", () => {
  const table = parseDenseGps("C:\\a b\\000007\\H80.JPG E-1.5 N-2.25 80\r\nx/000008/H80.tif E1 N2\r\n", "gps");
  assert.deepEqual(
    [...table],
    [
      [7, { lon_deg: -1.5, lat_deg: -2.25 }],
      [8, { lon_deg: 1, lat_deg: 2 }],
    ],
  );
  assert.throws(
    () => parseDenseGps(`${GPS}a/000001/H80.tif 120.4 30.3 94\n`, "gps"),
    /^UserError: gps:4:1: expected PATH/,
  );
  assert.throws(() => parseDenseGps("a/000001/H80.tif E220.4 N30.3 94\n", "gps"), /gps:1:1/);
});

test("positions in two files, and without one", async () => {
  const parts = join(root, "parts");
  await writeColour(join(parts, "test", "gallery_satellite", "000000", "H80.tif"), BLUE);
  await writeColour(join(parts, "test", "query_drone", "000001", "H80.JPG"), RED);
  await assert.rejects(denseUav.read(parts, {}), /no Dense_GPS_ALL.txt .*it has: test/);
  await assert.rejects(denseUav.read(join(parts, "test"), {}), /not DenseUAV: .*name the one above it$/);
  const [train = "", place1 = ""] = GPS.split("\n");
  writeFileSync(join(parts, "Dense_GPS_train.txt"), train);
  await assert.rejects(denseUav.read(parts, {}), /Dense_GPS_t.*: no position of place 000001, which .*H80.JPG shows/);
  writeFileSync(join(parts, "Dense_GPS_test.txt"), place1);
  const row = (await evaluated(await denseUav.read(parts, {}))).get("drone → satellite");
  assert.equal(round9(row?.before.sdm_at?.["1"]), round9(Math.exp(-1)));
  assert.equal(row?.without_true_image, 1);
});
