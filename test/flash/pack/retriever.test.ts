import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { BlockCache } from "../../../flash/sources/block-cache.js";
import { openSource } from "../../../flash/sources/open.js";
import { loadEmbedder } from "../../../models/runtime/embedder.js";
import { packageRoot, shippedModel } from "../../../models/runtime/paths.js";
import { resizeSquares } from "../../../models/runtime/resize.js";
import { PackReader } from "../../../tiles/pack/reader.js";
import { flash } from "../fixtures/cli.js";
import { geoKeys } from "../fixtures/scene.js";
import { texture } from "../fixtures/texture.js";
import { type GeoSpec, makeTiff } from "../fixtures/tiff.js";

const folder = mkdtempSync(join(tmpdir(), "skylink-retriever-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const skip = existsSync(join(shippedModel("encoder"), "model.json")) ? false : "models/encoder-1 is not there";
const HOG = join(packageRoot(), "models", "hog-1");
const width = 420;
const height = 380;
const geo: GeoSpec = { scale: [0.5, 0.5], tie: [0, 0, 0, 690_000, 5_330_000, 0], keys: geoKeys.projected(32632) };
const map = join(folder, "map.tif");
const plain = join(folder, "plain.skypack");
const hog = join(folder, "hog.skypack");

function pack(out: string, ...more: string[]): ReturnType<typeof flash> {
  return flash(["pack", map, "--out", out, "--gsd", "0.5", "--threads", "1", "--quiet", ...more]);
}

/** A copy of models/hog-1 with another graph section. */
function changed(name: string, graph: Record<string, unknown>): string {
  const dir = join(folder, name);
  cpSync(HOG, dir, { recursive: true });
  const card = JSON.parse(readFileSync(join(dir, "model.json"), "utf8"));
  writeFileSync(join(dir, "model.json"), JSON.stringify({ ...card, graph: { ...card.graph, ...graph } }));
  return dir;
}

describe("flash pack --retriever", { skip }, () => {
  before(async () => {
    const data = texture(width, height, 4);
    // A hole at the western edge: some cells touch it, some are lost to it.
    for (let y = 150; y < 230; y++) for (let x = 0; x < 60; x++) data[(y * width + x) * 4 + 3] = 0;
    writeFileSync(map, makeTiff([{ width, height, samples: 4, extraSamples: [2], data, geo }]));
    const made = await Promise.all([pack(plain), pack(hog, "--retriever", HOG)]);
    for (const { code, stderr } of made) assert.equal(code, 0, stderr);
  });

  test("the pack differs in its index alone: cells, features and tiles are those of the encoder's", () => {
    const [ours, theirs] = [plain, hog].map((dir) => JSON.parse(readFileSync(join(dir, "pack.json"), "utf8")));
    assert.equal(ours.version, 1);
    assert.equal(theirs.version, 2);
    assert.equal(theirs.retriever.id, "hog-1");
    assert.equal(theirs.retriever.width, 1764);
    assert.equal(theirs.descriptor.width, 1764);
    assert.deepEqual(theirs.encoder, ours.encoder);
    assert.deepEqual(theirs.counts, ours.counts);
    assert.deepEqual(theirs.files["features.bin"], ours.files["features.bin"]);
    const [a, b] = [PackReader.open(plain), PackReader.open(hog)];
    for (let row = 0; row < ours.counts.cells; row++) {
      assert.deepEqual(b.cells(0).centre(row), a.cells(0).centre(row));
      // What the encoder makes of the cell, which the registrar's acceptance was fitted to, is in both.
      const { rows, scores } = a.index.search(b.encoderDescriptor(row), 1);
      assert.equal(rows[0], row);
      assert.ok((scores[0] ?? 0) > 0.999);
    }
    a.close();
    b.close();
  });

  test("a cell's descriptor is the retriever's of the map's picture there", async () => {
    const embedder = await loadEmbedder(HOG, { threads: 1 });
    const reader = PackReader.open(hog);
    const source = await openSource(map, new BlockCache(1e8));
    const [level] = reader.manifest.levels;
    assert.ok(level !== undefined);
    let holed = 0;
    for (let row = 0; row < level.cells; row++) {
      const { col_px, row_px } = reader.cells(0).centre(row);
      const raster = await source.read({
        x0_merc_m: level.x0_merc_m + (col_px - 112) * level.pixel_merc_m,
        y0_merc_m: level.y0_merc_m - (row_px - 112) * level.pixel_merc_m,
        pixel_merc_m: level.pixel_merc_m,
        width: 224,
        height: 224,
      });
      assert.ok(raster !== null);
      raster.valid.forEach((valid, pixel) => {
        if (valid === 0) raster.rgb.set(embedder.fillColour, pixel * 3);
      });
      if (raster.valid.includes(0)) holed++;
      const query = await embedder.embed(resizeSquares(raster.rgb, 1, 224, embedder.side_px), 1);
      const { rows, scores } = reader.index.search(query, 1);
      assert.equal(rows[0], row);
      assert.ok((scores[0] ?? 0) > 0.999, `row ${row}: ${scores[0]}`);
    }
    assert.ok(holed > 0 && holed < level.cells, `${holed} of ${level.cells} cells touch what is no imagery`);
    await source.close();
    await embedder.release();
    reader.close();
  });

  test("inspect and verify know it; the same input gives the same bytes", async () => {
    const { stdout } = await flash(["inspect", hog]);
    assert.match(stdout, /^retriever +hog-1 \([0-9a-f]{12}\), 1764 numbers a cell$/m);
    assert.match(stdout, /format version 2/);
    assert.doesNotMatch((await flash(["inspect", plain])).stdout, /^retriever/m);
    assert.equal((await flash(["verify", hog])).code, 0);
    const again = join(folder, "again.skypack");
    const { code, stderr } = await pack(again, "--retriever", HOG, "--name", "hog");
    assert.equal(code, 0, stderr);
    for (const file of readdirSync(hog)) {
      assert.ok(readFileSync(join(again, file)).equals(readFileSync(join(hog, file))), file);
    }
  });

  test("a retriever that fails is told in one line, and nothing is left", async () => {
    const damaged = changed("damaged", {});
    writeFileSync(join(damaged, "hog.onnx"), "no graph");
    const cases: [string, RegExp][] = [
      [changed("nan", { range: [0, 1e300] }), /^error: the model hog-1 gives values that are not finite.*\n$/],
      [changed("shape", { layout: "nhwc" }), /^error: .*hog\.onnx: does not take \[\d,128,128,3\].*graph\.layout.*\n$/],
      [damaged, /^error: .*hog\.onnx: is a file of 8 bytes, model\.json says.*\n$/],
      [shippedModel("registrar"), /^error: .*model\.json: kind: .*\n$/],
      [join(folder, "nowhere"), /^error: .*nowhere\/model\.json: cannot be read.*\n$/],
    ];
    for (const [dir, message] of cases) {
      const out = join(folder, "broken.skypack");
      const { code, stderr } = await pack(out, "--retriever", dir);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.includes("broken")),
        [],
      );
    }
  });
});
