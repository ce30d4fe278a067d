import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import sharp from "sharp";
import { BlockCache } from "../../../flash/sources/block-cache.js";
import { MbtilesSource } from "../../../flash/sources/mbtiles.js";
import { Mosaic } from "../../../flash/sources/mosaic.js";
import { openSource } from "../../../flash/sources/open.js";
import { UserError } from "../../../tiles/errors.js";
import { openSqlite } from "../../../tiles/sqlite.js";

const folder = mkdtempSync(join(tmpdir(), "skylink-mbtiles-"));
after(() => rmSync(folder, { recursive: true }));

type Tile = [z: number, x: number, y: number, image: Buffer];

function writeMbtiles(name: string, tiles: readonly Tile[], metadata: Record<string, string> = {}): string {
  const path = join(folder, name);
  const db = openSqlite(path);
  db.exec(
    "CREATE TABLE metadata (name text, value text); CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob)",
  );
  const put = db.prepare("INSERT INTO tiles VALUES (?, ?, ?, ?)");
  for (const [z, x, y, image] of tiles) put.run(z, x, 2 ** z - 1 - y, image);
  for (const [key, value] of Object.entries(metadata)) db.prepare("INSERT INTO metadata VALUES (?, ?)").run(key, value);
  db.close();
  return path;
}

/** A tile whose pixels tell their own place: red the column, green the row, blue as given. */
function placedTile(
  blue: number,
  format: "png" | "jpeg" | "webp",
  side = 256,
  alpha?: (x: number, y: number) => number,
): Promise<Buffer> {
  const channels = alpha === undefined ? 3 : 4;
  const data = Buffer.alloc(side * side * channels);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const at = (y * side + x) * channels;
      data.set([(x * 255) / side, (y * 255) / side, blue], at);
      if (alpha !== undefined) data[at + 3] = alpha(x, y);
    }
  }
  return sharp(data, { raw: { width: side, height: side, channels } })
    .toFormat(format)
    .toBuffer();
}

const half = 20037508.342789244;
/** A pixel of the web-mercator pyramid as a window. */
const pixelWindow = (z: number, px: number, py: number, width = 1, height = 1) => {
  const pixel_merc_m = (2 * half) / 2 ** z / 256;
  return { x0_merc_m: -half + px * pixel_merc_m, y0_merc_m: half - py * pixel_merc_m, pixel_merc_m, width, height };
};
const [tx, ty] = [8712, 5686];

test("tiles are read at their place, in every format, gaps are no imagery", async () => {
  for (const format of ["png", "jpeg", "webp"] as const) {
    const path = writeMbtiles(
      `${format}.mbtiles`,
      [
        [14, tx, ty, await placedTile(40, format)],
        [14, tx + 1, ty + 1, await placedTile(200, format)],
      ],
      { format },
    );
    const source = await openSource(path, new BlockCache(1e7));
    const raster = await source.read(pixelWindow(14, tx * 256 + 100, ty * 256 + 50));
    const [red = 0, green = 0, blue = 0] = raster?.rgb ?? [];
    assert.ok(
      Math.abs(red - 100) < 6 && Math.abs(green - 50) < 6 && Math.abs(blue - 40) < 8,
      `${format}: ${red},${green},${blue}`,
    );
    assert.equal((await source.read(pixelWindow(14, (tx + 1) * 256 + 10, ty * 256 + 10)))?.valid[0], 0);
    assert.equal((await source.read(pixelWindow(14, (tx + 1) * 256 + 10, (ty + 1) * 256 + 10)))?.valid[0], 1);
    assert.equal(await source.read(pixelWindow(14, (tx + 5) * 256, ty * 256)), null);
    await source.close();
  }
});

test("the zoom fits the resolution asked for, and the finest serves for what is finer", async () => {
  const path = writeMbtiles("zooms.mbtiles", [
    [14, tx, ty, await placedTile(10, "png")],
    [15, tx * 2, ty * 2, await placedTile(90, "png")],
    [15, tx * 2 + 1, ty * 2 + 1, await placedTile(90, "png")],
  ]);
  const source = await MbtilesSource.open(path, new BlockCache(1e7));
  const blueAt = async (z: number) =>
    (await source.read(pixelWindow(z, tx * 256 * 2 ** (z - 14) + 4, ty * 256 * 2 ** (z - 14) + 4)))?.rgb[2];
  assert.equal(await blueAt(13), 10, "coarser than there is");
  assert.equal(await blueAt(14), 10);
  assert.equal(await blueAt(15), 90);
  assert.equal(await blueAt(17), 90);
  await source.close();
});

test("512-pixel tiles and transparent pixels", async () => {
  const path = writeMbtiles("alpha.mbtiles", [
    [14, tx, ty, await placedTile(70, "png", 512, (x) => (x < 256 ? 0 : 255))],
  ]);
  const source = await MbtilesSource.open(path, new BlockCache(1e7));
  assert.equal((await source.read(pixelWindow(14, tx * 256 + 60, ty * 256 + 60)))?.valid[0], 0);
  const raster = await source.read(pixelWindow(14, tx * 256 + 192, ty * 256 + 64));
  assert.equal(raster?.valid[0], 1);
  assert.ok(Math.abs((raster?.rgb[0] ?? 0) - 191.5) < 2);
  await source.close();
});

test("layers: the later one wins where it has imagery", async () => {
  const cache = new BlockCache(1e7);
  const below = await MbtilesSource.open(
    writeMbtiles("below.mbtiles", [
      [14, tx, ty, await placedTile(10, "png")],
      [14, tx + 1, ty, await placedTile(10, "png")],
    ]),
    cache,
  );
  const above = await MbtilesSource.open(
    writeMbtiles("above.mbtiles", [[14, tx, ty, await placedTile(250, "png", 256, (x) => (x < 128 ? 255 : 0))]]),
    cache,
  );
  const mosaic = new Mosaic([below, above]);
  const blueAt = async (px: number) => (await mosaic.read(pixelWindow(14, px, ty * 256 + 9)))?.rgb[2];
  assert.equal(await blueAt(tx * 256 + 20), 250);
  assert.equal(await blueAt(tx * 256 + 200), 10);
  assert.equal(await blueAt((tx + 1) * 256 + 20), 10);
  assert.ok(Math.abs(mosaic.extent.maxX - below.extent.maxX) < 1e-6);
  await mosaic.close();
});

async function refused(path: string): Promise<string> {
  try {
    const source = await openSource(path, new BlockCache(1e7));
    await source.read(pixelWindow(14, tx * 256 + 10, ty * 256 + 10));
    await source.close();
  } catch (thrown) {
    assert.ok(thrown instanceof UserError, String(thrown));
    assert.ok(thrown.message.startsWith(path), thrown.message);
    return thrown.message;
  }
  return "accepted";
}

test("what is no imagery is refused by name", async () => {
  const gzip = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
  assert.match(await refused(writeMbtiles("vector.mbtiles", [[14, tx, ty, gzip]], { format: "pbf" })), /vector tiles/);
  assert.match(await refused(writeMbtiles("vector2.mbtiles", [[14, tx, ty, gzip]])), /vector tiles/);
  assert.match(await refused(writeMbtiles("empty.mbtiles", [])), /without a single tile/);
  const image = await placedTile(1, "jpeg");
  assert.match(
    await refused(
      writeMbtiles("cut.mbtiles", [
        [14, tx + 1, ty, image],
        [14, tx, ty, image.subarray(0, 900)],
      ]),
    ),
    /damaged: tile 14\/8712\/5686/,
  );
  const db = openSqlite(join(folder, "other.mbtiles"));
  db.exec("CREATE TABLE t (a)");
  db.close();
  assert.match(await refused(join(folder, "other.mbtiles")), /no table "tiles"/);
  const whole = writeMbtiles("whole.mbtiles", [[14, tx, ty, image]]);
  writeFileSync(join(folder, "half.mbtiles"), (await import("node:fs")).readFileSync(whole).subarray(0, 5000));
  assert.match(await refused(join(folder, "half.mbtiles")), /damaged|cannot be opened/);
  writeFileSync(join(folder, "text.mbtiles"), "hello");
  assert.match(await refused(join(folder, "text.mbtiles")), /neither a TIFF nor an MBTiles/);
  writeFileSync(join(folder, "nothing.tif"), "");
  assert.match(await refused(join(folder, "nothing.tif")), /is empty/);
  writeFileSync(join(folder, "photo.tif"), image);
  assert.match(await refused(join(folder, "photo.tif")), /is a JPEG.*gdal_translate/);
  assert.match(await refused(join(folder, "absent.tif")), /no such file/);
  assert.match(await refused(folder), /is a folder/);
});
