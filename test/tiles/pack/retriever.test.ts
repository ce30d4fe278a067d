import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { UserError } from "../../../tiles/errors.js";
import { encodeManifest, type PackManifest } from "../../../tiles/pack/manifest.js";
import { PackReader, type PackReaderOptions } from "../../../tiles/pack/reader.js";
import { verifyPack } from "../../../tiles/pack/verify.js";
import { PackWriter } from "../../../tiles/pack/writer.js";
import { openSqlite } from "../../../tiles/sqlite.js";
import { type FixturePack, fixtureSpec, temporaryFolder, writeFixturePack } from "../fixtures.js";

const folder = temporaryFolder();
after(folder.remove);
const retriever = { id: "fixture-retriever", sha256: "12".repeat(32) };
const encoder = { id: "fixture-encoder", sha256: "ab".repeat(32) };
let plain: FixturePack;
let other: FixturePack;

before(async () => {
  plain = await writeFixturePack(join(folder.path, "plain.skypack"));
  other = await writeFixturePack(join(folder.path, "other.skypack"), { retriever });
});

function refusal(dir: string, options: PackReaderOptions): string {
  try {
    PackReader.open(dir, options).close();
  } catch (thrown) {
    assert.ok(thrown instanceof UserError);
    assert.ok(!thrown.message.includes("\n"));
    return thrown.message;
  }
  return "";
}

test("a pack of a retriever is of version 2 and names it; all other files are as without", async () => {
  assert.equal(other.manifest.version, 2);
  assert.deepEqual(other.manifest.retriever, { ...retriever, width: 40 });
  for (const file of ["index.bin", "features.bin"] as const) {
    assert.deepEqual(other.manifest.files[file], plain.manifest.files[file]);
  }
  assert.deepEqual((await verifyPack(other.dir)).problems, []);
  const keys = Object.keys(JSON.parse(readFileSync(join(other.dir, "pack.json"), "utf8")));
  assert.equal(keys[keys.indexOf("encoder") + 1], "retriever");
});

test("the encoder's own descriptors are kept beside, as directions", () => {
  const reader = PackReader.open(other.dir);
  other.cells.forEach(({ descriptor }, row) => {
    const kept = reader.encoderDescriptor(row);
    assert.ok(kept.reduce((sum, value, i) => sum + value * (descriptor[i] ?? 0), 0) > 0.9995);
    assert.ok(Math.abs(Math.hypot(...kept) - 1) < 1e-5);
  });
  assert.throws(() => reader.encoderDescriptor(other.cells.length), UserError);
  reader.close();
  const without = PackReader.open(plain.dir);
  assert.throws(() => without.encoderDescriptor(0), UserError);
  without.close();
});

test("a pack with a retriever, and no other, needs them for each cell", async () => {
  const unit = new Float32Array(40).fill(1 / Math.sqrt(40));
  const cell = { level: 0, col0_px: 0, row0_px: 0 };
  for (const [name, spec, encoders] of [
    ["a", fixtureSpec({ retriever }), undefined],
    ["b", fixtureSpec(), unit],
    ["c", fixtureSpec({ retriever }), new Float32Array(40).fill(Number.NaN)],
  ] as const) {
    const writer = PackWriter.create(join(folder.path, `${name}.skypack`), spec);
    assert.throws(() => writer.putCell(cell, unit, encoders), /the encoder's own descriptor/);
    writer.abort();
  }
});

test("verify misses what is lost of them", async () => {
  const cases: [string, RegExp][] = [
    [
      "DELETE FROM encoder_descriptors WHERE row = 3",
      /rows in encoder_descriptors.*;.*no encoder's descriptor of cell 3/,
    ],
    ["UPDATE encoder_descriptors SET descriptor = x'00' WHERE row = 1", /descriptors of different lengths/],
    ["DROP TABLE encoder_descriptors", /has no table encoder_descriptors/],
  ];
  for (const [index, [sql, message]] of cases.entries()) {
    const dir = join(folder.path, `broken-${index}.skypack`);
    cpSync(other.dir, dir, { recursive: true });
    const db = openSqlite(join(dir, "tiles.sqlite"));
    db.exec(sql);
    db.close();
    const { problems } = await verifyPack(dir);
    assert.match(problems.map(({ what }) => what).join("; "), message);
  }
});

test("a pack without one is of version 1, and its manifest has the members of version 1 in their order", () => {
  assert.deepEqual(Object.keys(JSON.parse(readFileSync(join(plain.dir, "pack.json"), "utf8"))), [
    ...["format", "version", "name", "created", "generator", "bbox", "zoom", "levels", "layers", "encoder"],
    ...["descriptor", "features", "counts", "files", "checksum"],
  ]);
  assert.equal(plain.manifest.version, 1);
});

test("a pack opens with its own retriever and with no other, nor with none", () => {
  assert.equal(refusal(other.dir, { expectEncoder: encoder, expectRetriever: retriever }), "");
  assert.equal(refusal(other.dir, {}), "");
  assert.equal(refusal(plain.dir, { expectEncoder: encoder, expectRetriever: null }), "");
  assert.match(
    refusal(other.dir, { expectEncoder: encoder }),
    /made with retriever fixture-retriever \(sha256 (12){32}\), the one in use is the encoder alone: use .*--retriever FOLDER/,
  );
  const updated = { ...retriever, sha256: "34".repeat(32) };
  assert.match(refusal(other.dir, { expectRetriever: updated }), /sha256 (12){32}.*in use is .*sha256 (34){32}/);
  assert.match(
    refusal(plain.dir, { expectEncoder: encoder, expectRetriever: retriever }),
    /made without a retriever, the one in use is retriever fixture-retriever .*: leave it out, or make the pack again/,
  );
});

test("a manifest whose version, retriever and width do not go together is refused", async () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ version: 1 }, /breaks the pack format at retriever: must be there in version 2, and in no other/],
    [{ retriever: undefined }, /breaks the pack format at retriever: must be there in version 2/],
    [
      { retriever: { ...retriever, width: 41 } },
      /breaks the pack format at retriever\.width: must be descriptor\.width/,
    ],
    [{ retriever: { id: "x", width: 40 } }, /breaks the pack format at retriever\.sha256/],
  ];
  const path = join(other.dir, "pack.json");
  const bytes = readFileSync(path);
  for (const [change, message] of cases) {
    const json = JSON.stringify({ ...(JSON.parse(bytes.toString()) as PackManifest), ...change });
    writeFileSync(path, json);
    assert.match(refusal(other.dir, {}), message);
    const { problems } = await verifyPack(other.dir);
    assert.equal(problems.length, 1);
    assert.match(problems[0]?.what ?? "", message);
  }
  writeFileSync(path, bytes);
  assert.throws(() => encodeManifest({ ...other.manifest, version: 1 }));
});
