import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { sues200 } from "../../../../agent/eval/datasets/sues.js";
import { evaluated } from "../evaluated.js";
import { type Colour, writeColour } from "../small-images.js";

const root = mkdtempSync(join(tmpdir(), "eval-sues-"));
after(() => rmSync(root, { recursive: true, force: true }));

const COLOURS: readonly Colour[] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
];

/** Three places; above 200 m the drone views of the first two look like each other's. */
before(async () => {
  for (const height of [150, 200, 250, 300]) {
    const testing = join(root, "Dataset", "Testing", String(height));
    for (const [i, colour] of COLOURS.entries()) {
      const place = `000${i + 1}`;
      const seen = height > 200 && i < 2 ? (COLOURS[1 - i] ?? colour) : colour;
      await writeColour(join(testing, "gallery_satellite", place, "0.png"), colour);
      await writeColour(join(testing, "gallery_drone", place, "0.jpg"), seen);
      await writeColour(join(testing, "gallery_drone", place, "1.jpg"), seen);
      await writeColour(join(testing, "query_drone", place, "0.jpg"), seen);
      await writeColour(join(testing, "query_satellite", place, "0.png"), colour);
    }
  }
});

test("four heights, both directions, each by itself", async () => {
  const rows = await evaluated(await sues200.read(root, {}));
  assert.deepEqual(
    [...rows.keys()],
    [150, 200, 250, 300].flatMap((height) => [`${height} m drone → satellite`, `${height} m satellite → drone`]),
  );
  assert.equal(rows.get("200 m drone → satellite")?.before.recall_at["1"], 1);
  assert.equal(rows.get("250 m drone → satellite")?.before.recall_at["1"], 1 / 3);
  assert.equal(rows.get("300 m satellite → drone")?.before.recall_at["1"], 1 / 3);
  assert.equal(rows.get("300 m satellite → drone")?.gallery, 6);
});

test("heights and a direction by name", async () => {
  const options = { heights_m: [300, 150], direction: "drone-to-satellite" } as const;
  const rows = await evaluated(await sues200.read(join(root, "Dataset"), options));
  assert.deepEqual([...rows.keys()], ["300 m drone → satellite", "150 m drone → satellite"]);
});

test("what is wrong is said", async () => {
  await assert.rejects(
    sues200.read(root, { heights_m: [100] }),
    /SUES-200 has no height 100; it has 150, 200, 250, 300/,
  );
  const part = join(root, "part");
  await writeColour(join(part, "Testing", "150", "query_drone", "0001", "0.jpg"), [1, 2, 3]);
  await writeColour(join(part, "Testing", "150", "gallery_satellite", "0001", "0.png"), [1, 2, 3]);
  await assert.rejects(sues200.read(part, {}), /Testing.200: no such folder; .*--heights 150$/);
  assert.equal((await sues200.read(part, { heights_m: [150] })).tasks.length, 1);
  const raw = join(root, "raw");
  mkdirSync(join(raw, "satellite-view", "0001"), { recursive: true });
  await assert.rejects(sues200.read(raw, {}), /as downloaded, without its split; run its script\/split_datasets\.py/);
  mkdirSync(join(root, "none"));
  await assert.rejects(sues200.read(join(root, "none"), {}), /not SUES-200: expected Testing\/150\/query_drone/);
});
