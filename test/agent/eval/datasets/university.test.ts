import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { university1652 } from "../../../../agent/eval/datasets/university.js";
import { UserError } from "../../../../tiles/errors.js";
import { evaluated, round9 } from "../evaluated.js";
import { type Colour, writeColour } from "../small-images.js";

const root = mkdtempSync(join(tmpdir(), "eval-university-"));
after(() => rmSync(root, { recursive: true, force: true }));

// Cosines of the colours about grey decide; none of those compared here are nearly equal.
const RED: Colour = [255, 0, 0];
const GREEN: Colour = [0, 255, 0];
const BLUE: Colour = [0, 0, 255];
const ORANGE: Colour = [255, 90, 0];
const CYAN: Colour = [0, 200, 255];
const YELLOW: Colour = [255, 255, 0];

before(async () => {
  const images: [string, Colour][] = [
    ["gallery_satellite/0001/0001.jpg", RED],
    ["gallery_satellite/0002/0002.jpg", GREEN],
    ["gallery_satellite/0003/0003.jpg", BLUE],
    ["gallery_satellite/0004/0004.jpg", YELLOW],
    // Building 1: both drone views are nearest to red.
    ["query_drone/0001/image-01.jpeg", RED],
    ["query_drone/0001/image-02.jpeg", ORANGE],
    // Building 2 looks cyan: blue is nearest (cosine .54), then green (.22).
    ["query_drone/0002/image-01.jpeg", CYAN],
    // Building 3 looks orange: red, yellow and green are all nearer than blue.
    ["query_drone/0003/image-01.jpeg", ORANGE],
    ["query_satellite/0001/0001.jpg", RED],
    ["query_satellite/0003/0003.jpg", BLUE],
    ["gallery_drone/0001/image-01.jpeg", RED],
    ["gallery_drone/0001/image-02.jpeg", YELLOW],
    ["gallery_drone/0002/image-01.jpeg", ORANGE],
    ["gallery_drone/0003/image-01.jpeg", BLUE],
    ["gallery_drone/0003/image-02.jpeg", CYAN],
  ];
  for (const [path, colour] of images) await writeColour(join(root, "test", path), colour);
  writeFileSync(join(root, "test", "query_drone", "0001", "Thumbs.db"), "no image");
  mkdirSync(join(root, "test", "query_drone", "0005"));
});

test("both directions, against figures worked out by hand", async () => {
  const rows = await evaluated(await university1652.read(root, {}));
  assert.deepEqual([...rows.keys()], ["drone → satellite", "satellite → drone"]);

  const toSatellite = rows.get("drone → satellite");
  assert.equal(toSatellite?.queries, 4);
  assert.equal(toSatellite?.gallery, 4);
  // Ranks of the one true image: 1, 1, 2, 4.
  assert.deepEqual(toSatellite?.before.recall_at, { "1": 2 / 4, "5": 1, "10": 1 });
  // round(0.04) + 1 = 1 image.
  assert.equal(toSatellite?.before.recall_at_1_percent, 2 / 4);
  assert.equal(round9(toSatellite?.before.ap), round9((1 + 1 + 1 / 4 + 1 / 8) / 4));

  const toDrone = rows.get("satellite → drone");
  assert.equal(toDrone?.queries, 2);
  assert.equal(toDrone?.gallery, 5);
  // Red: red, orange (building 2), yellow, the others: true at places 0 and 2.
  // Blue: blue, cyan: true at places 0 and 1.
  assert.deepEqual(toDrone?.before.recall_at, { "1": 1, "5": 1, "10": 1 });
  assert.equal(round9(toDrone?.before.ap), round9(((1 + (1 / 2 + 2 / 3) / 2) / 2 + 1) / 2));
  assert.equal(toDrone?.after, null);
});

test("one direction alone, and the folder test itself", async () => {
  const rows = await evaluated(await university1652.read(join(root, "test"), { direction: "satellite-to-drone" }));
  assert.deepEqual([...rows.keys()], ["satellite → drone"]);
});

test("junk and buildings without a true image", async () => {
  const other = join(root, "other");
  for (const [path, colour] of [
    ["gallery_satellite/-1/0001.jpg", RED],
    ["gallery_satellite/0001/0001.jpg", ORANGE],
    ["gallery_satellite/0002/0002.jpg", BLUE],
    ["query_drone/0001/a.jpg", RED],
    ["query_drone/0009/a.jpg", RED],
  ] as const) {
    await writeColour(join(other, path), colour);
  }
  const dataset = await university1652.read(other, {});
  const row = (await evaluated(dataset)).get("drone → satellite");
  // The junk image, nearest of all, is taken out; the query without a true image counts as missed.
  assert.deepEqual(row?.before.recall_at, { "1": 1 / 2, "5": 1 / 2, "10": 1 / 2 });
  assert.equal(row?.before.ap, 1 / 2);
  assert.equal(row?.without_true_image, 1);
  assert.equal(dataset.leftOut.length, 1);
  assert.match(dataset.leftOut[0] ?? "", /^satellite → drone: no folder .*query_satellite and .*gallery_drone$/);
  await assert.rejects(
    university1652.read(other, { direction: "satellite-to-drone" }),
    /nothing to evaluate: .*gallery_drone/,
  );
});

test("a limit takes queries evenly spread", async () => {
  const dataset = await university1652.read(root, { direction: "drone-to-satellite" });
  const row = (await evaluated(dataset, { limit: 2 })).get("drone → satellite");
  // The first and the third of four: ranks 1 and 2.
  assert.equal(row?.queries, 2);
  assert.equal(round9(row?.before.ap), round9((1 + 1 / 4) / 2));
});

test("what is wrong with the folder is said", async () => {
  const expectError = async (folder: string, pattern: RegExp): Promise<void> => {
    await assert.rejects(university1652.read(folder, {}), (thrown: unknown) => {
      assert.ok(thrown instanceof UserError, String(thrown));
      assert.match(thrown.message, pattern);
      return true;
    });
  };
  await expectError(join(root, "nowhere"), /nowhere: no such folder/);
  const file = join(root, "file");
  writeFileSync(file, "");
  await expectError(file, /is a file/);
  const empty = join(root, "empty");
  mkdirSync(empty);
  await expectError(empty, /not University-1652: expected test\/query_drone.*it is empty/);
  const flat = join(root, "flat");
  await writeColour(join(flat, "query_drone", "a.jpg"), RED);
  await writeColour(join(flat, "gallery_satellite", "0001", "a.jpg"), RED);
  await expectError(flat, /query_drone: no images; expected query_drone\/0001\/IMAGE.jpg/);
  const named = join(root, "named");
  await writeColour(join(named, "query_drone", "campus", "a.jpg"), RED);
  await writeColour(join(named, "gallery_satellite", "0001", "a.jpg"), RED);
  await expectError(named, /query_drone.campus: the folders of query_drone are named by the place's number/);
});

test("a damaged image stops the run and is named", async () => {
  const bad = join(root, "bad");
  await writeColour(join(bad, "query_drone", "0001", "a.jpg"), RED);
  await writeColour(join(bad, "gallery_satellite", "0001", "a.jpg"), RED);
  writeFileSync(join(bad, "gallery_satellite", "0001", "b.jpg"), "not a picture");
  const dataset = await university1652.read(bad, {});
  await assert.rejects(evaluated(dataset), /gallery_satellite.0001.b\.jpg: cannot be decoded/);
  renameSync(join(bad, "gallery_satellite", "0001", "b.jpg"), join(bad, "query_drone", "0001", "b.jpg"));
  const queries = await university1652.read(bad, {});
  await assert.rejects(evaluated(queries), /query_drone.0001.b\.jpg: cannot be decoded/);
});
