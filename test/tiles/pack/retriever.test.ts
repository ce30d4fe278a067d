import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { UserError } from "../../../tiles/errors.js";
import { encodeManifest, type PackManifest } from "../../../tiles/pack/manifest.js";
import { PackReader, type PackReaderOptions } from "../../../tiles/pack/reader.js";
import { verifyPack } from "../../../tiles/pack/verify.js";
import { type FixturePack, temporaryFolder, writeFixturePack } from "../fixtures.js";

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
  assert.deepEqual(other.manifest.files, plain.manifest.files);
  assert.deepEqual((await verifyPack(other.dir)).problems, []);
  const keys = Object.keys(JSON.parse(readFileSync(join(other.dir, "pack.json"), "utf8")));
  assert.equal(keys[keys.indexOf("encoder") + 1], "retriever");
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
