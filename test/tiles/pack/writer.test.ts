import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { UserError } from "../../../tiles/errors.js";
import { creationTime } from "../../../tiles/pack/creation-time.js";
import { PACK_FILES } from "../../../tiles/pack/manifest.js";
import { PackReader } from "../../../tiles/pack/reader.js";
import { verifyPack } from "../../../tiles/pack/verify.js";
import { PackWriter } from "../../../tiles/pack/writer.js";
import { fixtureSpec, random, temporaryFolder, unitVector, writeFixturePack } from "../fixtures.js";

const folder = temporaryFolder();
after(folder.remove);
let names = 0;
const place = () => {
  const parent = join(folder.path, `place${names++}`);
  mkdirSync(parent);
  return { parent, target: join(parent, "map.skypack") };
};
const isUserError = (pattern: RegExp) => (error: unknown) => error instanceof UserError && pattern.test(error.message);
const contents = (dir: string) =>
  Object.values(PACK_FILES)
    .filter((name) => existsSync(join(dir, name)))
    .map((name) => readFileSync(join(dir, name)));
const descriptor = (seed = 1) => unitVector(40, random(seed));

test("the same input gives the same bytes; other input gives others", async () => {
  const [a, b, c] = [place(), place(), place()];
  const options = { gsds_m: [0.5, 0.8] };
  await writeFixturePack(a.target, options);
  await writeFixturePack(b.target, options);
  await writeFixturePack(c.target, { ...options, seed: 2 });
  assert.deepEqual(readdirSync(a.parent), ["map.skypack"]);
  assert.deepEqual(readdirSync(a.target).sort(), ["features.bin", "index.bin", "pack.json", "tiles.sqlite"]);
  assert.deepEqual(contents(a.target), contents(b.target));
  assert.notDeepEqual(contents(a.target), contents(c.target));
});

test("the same bytes from another process, another folder and another time", async () => {
  const [here, there] = [place(), place()];
  await writeFixturePack(here.target);
  const fixtures = new URL("../fixtures.js", import.meta.url).href;
  const script = `import { writeFixturePack } from ${JSON.stringify(fixtures)}; await writeFixturePack(process.argv[1]);`;
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", script, there.target], { encoding: "utf8" });
  assert.equal(child.status, 0, child.stderr);
  assert.deepEqual(contents(here.target), contents(there.target));
});

test("created: SOURCE_DATE_EPOCH, or the newest imagery, or 1970; never the clock", () => {
  const layer = (imagery_date: string | null) => ({ name: "l", source: "s", imagery_date, native_gsd_m: 1 });
  const before = process.env.SOURCE_DATE_EPOCH;
  try {
    delete process.env.SOURCE_DATE_EPOCH;
    assert.equal(creationTime([layer("2023-01-31"), layer("2024-02-01"), layer(null)]), "2024-02-01T00:00:00Z");
    assert.equal(creationTime([layer(null)]), "1970-01-01T00:00:00Z");
    process.env.SOURCE_DATE_EPOCH = "1700000000";
    assert.equal(creationTime([layer("2023-01-31")]), "2023-11-14T22:13:20Z");
    process.env.SOURCE_DATE_EPOCH = "yesterday";
    assert.throws(() => creationTime([]), isUserError(/SOURCE_DATE_EPOCH is "yesterday"/));
  } finally {
    if (before === undefined) delete process.env.SOURCE_DATE_EPOCH;
    else process.env.SOURCE_DATE_EPOCH = before;
  }
});

test("abort leaves nothing, at any moment", () => {
  const { parent, target } = place();
  const writer = PackWriter.create(target, fixtureSpec());
  assert.deepEqual(readdirSync(parent), [`.map.skypack.tmp-${process.pid}`]);
  writer.putCell({ level: 0, col0_px: 0, row0_px: 0 }, descriptor());
  writer.putFeatureBlock(0, 0, 0, new Int8Array(64 * 64 * 8).fill(1));
  writer.abort();
  writer.abort();
  assert.deepEqual(readdirSync(parent), []);
  assert.throws(() => writer.putCell({ level: 0, col0_px: 0, row0_px: 0 }, descriptor()), /finished or aborted/);
});

test("a pack without a cell is refused and leaves nothing", async () => {
  const { parent, target } = place();
  await assert.rejects(PackWriter.create(target, fixtureSpec()).finish(), isUserError(/would have no cell/));
  assert.deepEqual(readdirSync(parent), []);
});

test("an existing target is refused, untouched, unless it is a pack and overwriting is asked for", async () => {
  const { parent, target } = place();
  const first = await writeFixturePack(target);
  await assert.rejects(writeFixturePack(target, { seed: 2 }), isUserError(/map\.skypack exists already/));
  assert.deepEqual(PackReader.open(target).manifest, first.manifest);
  const second = await writeFixturePack(target, { seed: 2, overwrite: true });
  assert.notDeepEqual(second.manifest, first.manifest);
  assert.equal((await verifyPack(target)).ok, true);
  assert.deepEqual(PackReader.open(target).manifest, second.manifest);
  assert.deepEqual(readdirSync(parent), ["map.skypack"]);

  const other = join(parent, "photos");
  mkdirSync(other);
  writeFileSync(join(other, "precious.jpg"), "x");
  await assert.rejects(writeFixturePack(other, { overwrite: true }), isUserError(/is not a pack/));
  assert.deepEqual(readdirSync(other), ["precious.jpg"]);
});

test("a target that appears while writing is not replaced", async () => {
  const { target } = place();
  const writer = PackWriter.create(target, fixtureSpec());
  writer.putCell({ level: 0, col0_px: 0, row0_px: 0 }, descriptor());
  mkdirSync(target);
  await assert.rejects(writer.finish(), isUserError(/exists already/));
  assert.deepEqual(readdirSync(target), []);
});

test("a folder that does not exist or may not be written", {
  skip: process.getuid?.() === 0 ? "root may write anywhere" : false,
}, () => {
  const { parent } = place();
  chmodSync(parent, 0o500);
  assert.throws(() => PackWriter.create(join(parent, "x.skypack"), fixtureSpec()), isUserError(/permission/));
  chmodSync(parent, 0o700);
});

test("a parent folder that does not exist is named", () => {
  const { parent } = place();
  const target = join(parent, "no", "x.skypack");
  assert.throws(() => PackWriter.create(target, fixtureSpec()), isUserError(/folder .*no does not exist/));
});

test("a spec that breaks the format is told by its field", () => {
  const { parent, target } = place();
  const spec = fixtureSpec();
  const wrong = { ...spec, bbox: { ...spec.bbox, north: 89 } };
  assert.throws(() => PackWriter.create(target, wrong), isUserError(/bbox\.north/));
  const crossed = { ...spec, bbox: { ...spec.bbox, west: 9, east: 8 } };
  assert.throws(() => PackWriter.create(target, crossed), isUserError(/west < east/));
  assert.deepEqual(readdirSync(parent), []);
});

test("two writers at once: the second is refused", () => {
  const { target } = place();
  const first = PackWriter.create(target, fixtureSpec());
  assert.throws(
    () => PackWriter.create(target, fixtureSpec()),
    isUserError(new RegExp(`process ${process.pid} is writing`)),
  );
  first.abort();
  PackWriter.create(target, fixtureSpec()).abort();
});

test("what a killed run left is cleaned by the next; what a running one writes is not", async () => {
  const { parent, target } = place();
  const writerModule = new URL("../../../tiles/pack/writer.js", import.meta.url).href;
  const fixtures = new URL("../fixtures.js", import.meta.url).href;
  const script = `
    import { PackWriter } from ${JSON.stringify(writerModule)};
    import { fixtureSpec } from ${JSON.stringify(fixtures)};
    PackWriter.create(process.argv[1], fixtureSpec());
    console.log("writing");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, target], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  assert.deepEqual(readdirSync(parent), [`.map.skypack.tmp-${child.pid}`]);
  assert.throws(
    () => PackWriter.create(target, fixtureSpec()),
    isUserError(new RegExp(`process ${child.pid} is writing`)),
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
  assert.deepEqual(readdirSync(parent), [`.map.skypack.tmp-${child.pid}`]);
  await writeFixturePack(target);
  assert.deepEqual(readdirSync(parent), ["map.skypack"]);
});

test("a dead writer's number given to a live process does not keep its folder", async () => {
  const { parent, target } = place();
  const left = join(parent, `.map.skypack.tmp-${process.pid}`);
  mkdirSync(left);
  writeFileSync(join(left, ".owner.json"), JSON.stringify({ pid: process.pid, host: hostname(), started: "long ago" }));
  await writeFixturePack(target);
  assert.deepEqual(readdirSync(parent), ["map.skypack"]);
});

test("a fresh folder of another machine is left alone", () => {
  const { parent, target } = place();
  const left = join(parent, ".map.skypack.tmp-1");
  mkdirSync(left);
  writeFileSync(join(left, ".owner.json"), JSON.stringify({ pid: 1, host: "elsewhere", started: "" }));
  assert.throws(() => PackWriter.create(target, fixtureSpec()), isUserError(/process 1 is writing/));
  assert.deepEqual(readdirSync(parent), [".map.skypack.tmp-1"]);
});

test("a run killed in the middle of replacing a pack: the old pack comes back", async () => {
  const { parent, target } = place();
  const { manifest } = await writeFixturePack(target);
  renameSync(target, join(parent, ".map.skypack.old-999999"));
  await assert.rejects(writeFixturePack(target, { seed: 2 }), isUserError(/exists already/));
  assert.deepEqual(PackReader.open(target).manifest, manifest);
  assert.deepEqual(readdirSync(parent), ["map.skypack"]);
});

test("wrong calls are refused one by one, and the pack is still whole after them", async () => {
  const { target } = place();
  const spec = fixtureSpec({ gsds_m: [0.5, 0.6] });
  const writer = PackWriter.create(target, spec);
  const refuse = (action: () => unknown, message: RegExp) => assert.throws(action, message);
  const cell = (level: number, col0_px: number, row0_px: number) => () =>
    writer.putCell({ level, col0_px, row0_px }, descriptor());
  refuse(cell(0, 57, 0), /not at a multiple of the stride/);
  refuse(cell(0, -56, 0), /leaves the level grid/);
  refuse(cell(0, 56 * 20, 0), /leaves the level grid/);
  refuse(cell(9, 0, 0), /level 9 is not one/);
  refuse(
    () =>
      writer.putCell(
        { level: 0, col0_px: 0, row0_px: 0 },
        descriptor().map((v) => v * 2),
      ),
    /not a unit vector/,
  );
  refuse(() => writer.putCell({ level: 0, col0_px: 0, row0_px: 0 }, new Float32Array(40)), /not a unit vector/);
  refuse(
    () => writer.putCell({ level: 0, col0_px: 0, row0_px: 0 }, new Float32Array(40).fill(Number.NaN)),
    /not a unit vector/,
  );
  refuse(() => writer.putCell({ level: 0, col0_px: 0, row0_px: 0 }, unitVector(39, random(1))), /39 elements/);
  assert.equal(cell(0, 0, 0)(), 0);
  refuse(cell(0, 0, 0), /put twice/);
  assert.equal(cell(0, 56, 0)(), 1);
  assert.equal(cell(1, 0, 0)(), 2);
  refuse(cell(0, 112, 0), /comes after cells of another level/);

  const block = new Int8Array(64 * 64 * 8).fill(1);
  writer.putFeatureBlock(0, 0, 0, block);
  refuse(() => writer.putFeatureBlock(0, 0, 0, block), /put twice/);
  refuse(() => writer.putFeatureBlock(0, 9, 0, block), /is not on level 0/);
  refuse(() => writer.putFeatureBlock(0, 1, 0, block.subarray(1)), /has 32768 bytes/);
  writer.putFeatureBlock(1, 0, 0, new Int8Array(64 * 64 * 8));

  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
  writer.putTile(16, 1, 2, jpeg);
  refuse(() => writer.putTile(16, 1, 2, jpeg), /put twice/);
  refuse(() => writer.putTile(15, 1, 2, jpeg), /outside zoom/);
  refuse(() => writer.putTile(16, 2 ** 16, 2, jpeg), /outside/);
  refuse(() => writer.putTile(16, 3, 3, Buffer.from("PNG?")), /not an image/);

  const manifest = await writer.finish();
  assert.deepEqual(manifest.counts, { tiles: 1, cells: 3, feature_blocks: 1 });
  assert.deepEqual(
    manifest.levels.map(({ cells, index_row0, feature_blocks }) => ({ cells, index_row0, feature_blocks })),
    [
      { cells: 2, index_row0: 0, feature_blocks: 1 },
      { cells: 1, index_row0: 2, feature_blocks: 0 },
    ],
  );
  assert.deepEqual((await verifyPack(target)).problems, []);
  const reader = PackReader.open(target);
  assert.ok(reader.featureWindow(1, 0, 0, 64, 64).every((value) => value === 0));
  assert.deepEqual([...reader.index.search(descriptor(), 3, { from: 2 }).rows], [2]);
  reader.close();
});

test("cells of a later level first are refused", () => {
  const { target } = place();
  const writer = PackWriter.create(target, fixtureSpec({ gsds_m: [0.5, 0.6] }));
  writer.putCell({ level: 1, col0_px: 0, row0_px: 0 }, descriptor());
  assert.throws(
    () => writer.putCell({ level: 0, col0_px: 0, row0_px: 0 }, descriptor()),
    /come before those of level 1/,
  );
  writer.abort();
});

test("a fixture's test file is where it says", () => {
  assert.ok(existsSync(fileURLToPath(new URL("../fixtures.js", import.meta.url))));
});
