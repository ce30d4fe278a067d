import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type Database from "better-sqlite3";
import fc from "fast-check";
import { UserError } from "../../../tiles/errors.js";
import { hashFile } from "../../../tiles/files.js";
import { decodeManifest, encodeManifest, type PackManifest } from "../../../tiles/pack/manifest.js";
import { PackReader } from "../../../tiles/pack/reader.js";
import { verifyPack } from "../../../tiles/pack/verify.js";
import { openSqlite } from "../../../tiles/sqlite.js";
import { type FixturePack, temporaryFolder, writeFixturePack } from "../fixtures.js";

const folder = temporaryFolder();
after(folder.remove);
let whole: FixturePack;
before(async () => {
  whole = await writeFixturePack(join(folder.path, "whole.skypack"), { channels: 2 });
});

const FILES = ["pack.json", "tiles.sqlite", "index.bin", "features.bin"] as const;
let copies = 0;

function copy(): string {
  const dir = join(folder.path, `copy${copies++}.skypack`);
  cpSync(whole.dir, dir, { recursive: true });
  return dir;
}

/** Writes pack.json anew, with a right checksum. */
function rewrite(dir: string, change: (manifest: PackManifest) => Record<string, unknown>): void {
  const { bytes } = encodeManifest({ ...whole.manifest, ...change(whole.manifest) } as PackManifest);
  writeFileSync(join(dir, "pack.json"), bytes);
}

/** Changes the database and makes its size and hash in pack.json right again, so that only the contents are wrong. */
async function alterDatabase(dir: string, change: (db: Database.Database) => void): Promise<void> {
  const path = join(dir, "tiles.sqlite");
  const db = openSqlite(path);
  change(db);
  db.close();
  const tiles = await hashFile(path);
  rewrite(dir, ({ files }) => ({ files: { ...files, "tiles.sqlite": tiles } }));
}

async function problemsOf(dir: string): Promise<string[]> {
  const report = await verifyPack(dir);
  assert.equal(report.ok, report.problems.length === 0);
  rmSync(dir, { recursive: true });
  return report.problems.map(({ file, what }) => `${file}: ${what}`);
}

test("a flipped bit anywhere in any file is found, and the file named", async () => {
  const sizes = FILES.map((name) => statSync(join(whole.dir, name)).size);
  const place = fc
    .integer({ min: 0, max: FILES.length - 1 })
    .chain((file) =>
      fc.record({ file: fc.constant(file), at: fc.nat({ max: (sizes[file] as number) - 1 }), bit: fc.nat({ max: 7 }) }),
    );
  await fc.assert(
    fc.asyncProperty(place, async ({ file, at, bit }) => {
      const dir = copy();
      const name = FILES[file] as string;
      const bytes = readFileSync(join(dir, name));
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      writeFileSync(join(dir, name), bytes);
      const problems = await problemsOf(dir);
      assert.ok(problems.length > 0 && problems.every((text) => text.startsWith(`${name}: `)), problems.join("\n"));
    }),
    { numRuns: 40 },
  );
});

test("every single byte of pack.json is protected", () => {
  const path = join(whole.dir, "pack.json");
  const bytes = readFileSync(path);
  assert.deepEqual(decodeManifest(bytes, path), whole.manifest);
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] as number) ^ 1;
    assert.throws(() => decodeManifest(changed, path), UserError, `byte ${at}`);
  }
});

for (const name of ["tiles.sqlite", "index.bin", "features.bin"]) {
  test(`${name}: truncated, emptied, longer and missing are found, and open refuses them`, async () => {
    const size = statSync(join(whole.dir, name)).size;
    const damages: [(path: string) => void, RegExp][] = [
      [(path) => truncateSync(path, size - 1), /truncated/],
      [(path) => truncateSync(path, Math.floor(size / 2)), /truncated/],
      [(path) => truncateSync(path, 0), /truncated/],
      [(path) => truncateSync(path, size + 1), /too long/],
      [(path) => rmSync(path), /missing/],
    ];
    for (const [damage, message] of damages) {
      const dir = copy();
      damage(join(dir, name));
      assert.throws(
        () => PackReader.open(dir),
        (error) => error instanceof UserError && message.test(error.message) && error.message.includes(name),
      );
      const problems = await problemsOf(dir);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.ok(problems[0]?.startsWith(`${name}: `) && message.test(problems[0]), problems[0]);
    }
  });
}

test("no pack, no pack.json, a truncated one, another version", async () => {
  const none = join(folder.path, "none.skypack");
  assert.throws(
    () => PackReader.open(none),
    (error) => error instanceof UserError && /does not exist/.test(error.message),
  );
  assert.deepEqual((await verifyPack(none)).ok, false);

  const empty = copy();
  rmSync(join(empty, "pack.json"));
  assert.throws(
    () => PackReader.open(empty),
    (error) => error instanceof UserError && /no pack\.json/.test(error.message),
  );
  assert.match((await problemsOf(empty)).join(), /^pack\.json: /);

  const cut = copy();
  truncateSync(join(cut, "pack.json"), 300);
  assert.match((await problemsOf(cut)).join(), /^pack\.json: .*not valid JSON/);

  const file = join(folder.path, "file.skypack");
  writeFileSync(file, "x");
  assert.throws(
    () => PackReader.open(file),
    (error) => error instanceof UserError && /not a folder/.test(error.message),
  );

  const future = copy();
  const text = readFileSync(join(future, "pack.json"), "utf8").replace('"version": 1', '"version": 3');
  writeFileSync(join(future, "pack.json"), text);
  assert.throws(
    () => PackReader.open(future),
    (error) => error instanceof UserError && /version 3, this program reads versions 1 and 2/.test(error.message),
  );
  assert.match((await problemsOf(future)).join(), /^pack\.json: .*version 3/);
});

test("a wrong magic or version in a binary file is found even when all hashes are right", async () => {
  const cases: [string, (bytes: Buffer) => unknown, RegExp][] = [
    ["index.bin", (bytes) => bytes.write("ELEPHANT"), /not an index file/],
    ["index.bin", (bytes) => bytes.writeUInt32LE(9, 8), /index version 9/],
    ["index.bin", (bytes) => bytes.writeUInt32LE(9, 24), /damaged index header/],
    ["features.bin", (bytes) => bytes.write("ELEPHANT"), /not a feature file/],
    ["features.bin", (bytes) => bytes.writeUInt32LE(9, 8), /feature file version 9/],
    ["features.bin", (bytes) => bytes.writeUInt32LE(9, 16), /does not fit pack\.json/],
  ];
  for (const [name, change, message] of cases) {
    const dir = copy();
    const path = join(dir, name);
    const bytes = readFileSync(path);
    change(bytes);
    writeFileSync(path, bytes);
    const entry = await hashFile(path);
    rewrite(dir, ({ files }) => ({ files: { ...files, [name]: entry } }));
    assert.throws(
      () => PackReader.open(dir),
      (error) => error instanceof UserError && message.test(error.message),
    );
    const problems = await problemsOf(dir);
    assert.equal(problems.length, 1);
    assert.ok(problems[0]?.startsWith(`${name}: `) && message.test(problems[0]), problems[0]);
  }
});

test("counts that do not fit are found", async () => {
  const level = whole.manifest.levels[0] as PackManifest["levels"][number];
  const { counts } = whole.manifest;
  const cases: [(manifest: PackManifest) => Record<string, unknown>, RegExp][] = [
    [() => ({ counts: { ...counts, cells: counts.cells + 1 } }), /index\.bin: has \d+ rows/],
    [() => ({ counts: { ...counts, tiles: 1 } }), /tiles\.sqlite: has \d+ rows in tiles, pack\.json counts 1/],
    [() => ({ counts: { ...counts, feature_blocks: 7 } }), /features\.bin: holds \d+ blocks, pack\.json counts 7/],
    [() => ({ levels: [{ ...level, cells: 3 }] }), /pack\.json: the levels have 3 cells together/],
    [() => ({ levels: [{ ...level, index_row0: 3 }] }), /pack\.json: level 0 starts at index row 3/],
    [() => ({ levels: [{ ...level, feature_blocks: 0 }] }), /pack\.json: the levels have 0 feature blocks/],
    [() => ({ descriptor: { width: 48, dtype: "int8+float32" } }), /index\.bin: has \d+ rows of 40, pack\.json/],
    [() => ({ name: "other" }), /tiles\.sqlite: has metadata name "fixture", expected "other"/],
    [() => ({ zoom: { min: 17, max: 18 } }), /tiles\.sqlite: .*is outside the zooms/],
  ];
  for (const [change, message] of cases) {
    const dir = copy();
    rewrite(dir, change);
    assert.match((await problemsOf(dir)).join("\n"), message);
  }
});

test("a database that is altered but sound is found out", async () => {
  const cases: [string, RegExp][] = [
    ["UPDATE feature_blocks SET offset = offset + 8192000", /block 0,0 of level 0 lies at bytes .* of features\.bin/],
    ["UPDATE feature_blocks SET offset = 0", /block 0,0 of level 0 lies at bytes 0 /],
    ["UPDATE feature_blocks SET bytes = 1", /lies at bytes/],
    ["UPDATE feature_blocks SET block_col = 99 WHERE block_col = 0", /feature blocks outside level 0/],
    ["UPDATE feature_blocks SET level = 5", /has 0 feature blocks of level 0/],
    ["DELETE FROM feature_blocks", /has 0 rows in feature_blocks/],
    ["DELETE FROM tiles WHERE rowid = 1", /rows in tiles/],
    ["UPDATE tiles SET tile_data = x'00'", /is not an image, the format is jpg/],
    ["UPDATE tiles SET tile_data = NULL WHERE rowid = 1", /is not an image/],
    ["UPDATE tiles SET zoom_level = 3 WHERE rowid = 1", /is outside the zooms/],
    ["DELETE FROM cells WHERE row = 3", /rows in cells,/],
    ["UPDATE cells SET row = 1000 WHERE row = 3", /cell 1000 is not in cells_rtree/],
    ["UPDATE cells SET col0_px = 57 WHERE row = 3", /cell 3 does not lie on the grid/],
    ["UPDATE cells SET col0_px = 5600 WHERE row = 3", /cell 3 does not lie on the grid/],
    ["UPDATE cells SET level = 4", /has 0 cells of level 0/],
    ["DELETE FROM cells_rtree WHERE id = 3", /rows in cells_rtree/],
    ["DELETE FROM metadata WHERE name = 'format'", /has 0 metadata rows "format"/],
    ["UPDATE metadata SET value = '0,0,1,1' WHERE name = 'bounds'", /has metadata bounds "0,0,1,1"/],
    ["INSERT INTO metadata VALUES ('name', 'second')", /has 2 metadata rows "name"/],
    ["PRAGMA application_id = 7", /application_id/],
    ["PRAGMA user_version = 7", /user_version 7/],
    ["DROP TABLE cells", /no such table: cells/],
    ["DROP TABLE metadata", /no such table: metadata/],
    ["DROP TABLE cells_rtree", /no such table: cells_rtree/],
  ];
  for (const [sql, message] of cases) {
    const dir = copy();
    await alterDatabase(dir, (db) => db.exec(sql));
    const problems = await problemsOf(dir);
    assert.match(problems.join("\n"), message, sql);
    assert.ok(
      problems.every((text) => text.startsWith("tiles.sqlite: ")),
      problems.join("\n"),
    );
  }
});

test("a database torn to pieces is reported, not thrown, whatever the bytes", async () => {
  const size = statSync(join(whole.dir, "tiles.sqlite")).size;
  const hole = fc.record({
    at: fc.nat({ max: size - 1 }),
    length: fc.integer({ min: 1, max: 6000 }),
    value: fc.integer({ min: 0, max: 255 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(hole, { minLength: 1, maxLength: 4 }), async (holes) => {
      const dir = copy();
      const path = join(dir, "tiles.sqlite");
      const bytes = readFileSync(path);
      const before = Buffer.from(bytes);
      for (const { at, length, value } of holes) bytes.fill(value, at, Math.min(size, at + length));
      if (bytes.equals(before)) return;
      writeFileSync(path, bytes);
      const problems = await problemsOf(dir);
      assert.ok(problems.length > 0 && problems.every((text) => text.startsWith("tiles.sqlite: ")));
    }),
    { numRuns: 40 },
  );
});

test("a damaged database met while reading is a UserError that names the file", () => {
  const dir = copy();
  const path = join(dir, "tiles.sqlite");
  const bytes = readFileSync(path);
  // The first page stays: opening succeeds, the tables behind it are rubbish.
  bytes.fill(0xa5, 4096);
  writeFileSync(path, bytes);
  const isRight = (error: unknown) => error instanceof UserError && error.message.includes(path);
  assert.throws(() => {
    const reader = PackReader.open(dir);
    try {
      reader.cells(0);
    } finally {
      reader.close();
    }
  }, isRight);
});
