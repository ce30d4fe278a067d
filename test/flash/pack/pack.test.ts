import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { MARGIN_PX } from "../../../flash/pack/encode-block.js";
import { RasterBand } from "../../../flash/pack/raster-band.js";
import { BlockCache } from "../../../flash/sources/block-cache.js";
import { openSource } from "../../../flash/sources/open.js";
import type { ImagerySource, MercatorWindow } from "../../../flash/sources/source.js";
import { Encoder, poolGrid } from "../../../models/runtime/encoder.js";
import { shippedModel } from "../../../models/runtime/paths.js";
import { tileAtLonLat, tileBounds, tileSide_merc_m } from "../../../tiles/geodesy/index.js";
import { PackReader } from "../../../tiles/pack/reader.js";
import { flash, startFlash } from "../fixtures/cli.js";
import { geoKeys } from "../fixtures/scene.js";
import { texture } from "../fixtures/texture.js";
import { type GeoSpec, makeTiff } from "../fixtures/tiff.js";

const folder = mkdtempSync(join(tmpdir(), "skylink-pack-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const model = existsSync(join(shippedModel("encoder"), "model.json"));
const skip = model ? false : "models/encoder-1 is not there";

const width = 760;
const height = 600;
/** Half a metre a pixel. */
const geo: GeoSpec = { scale: [0.5, 0.5], tie: [0, 0, 0, 690_000, 5_330_000, 0], keys: geoKeys.projected(32632) };
const map = join(folder, "map.tif");
const holed = join(folder, "holed.tif");
const pack = join(folder, "area.skypack");

before(async () => {
  writeFileSync(
    map,
    makeTiff([
      { width, height, samples: 3, data: texture(width, height), tile: [128, 128], compression: "deflate", geo },
    ]),
  );
  const data = texture(width, height, 4);
  for (let y = 200; y < 400; y++) for (let x = 0; x < 200; x++) data[(y * width + x) * 4 + 3] = 0;
  writeFileSync(holed, makeTiff([{ width, height, samples: 4, extraSamples: [2], data, geo }]));
  if (model) {
    const made = await flash([
      "pack",
      map,
      "--out",
      pack,
      "--gsd",
      "0.5",
      "--imagery-date",
      "2024-05-17",
      "--source",
      "made up",
      "--json",
      join(folder, "report.json"),
    ]);
    assert.equal(made.code, 0, made.stderr);
  }
});

test("a pack holds what was asked for, and its report says so", { skip }, () => {
  const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
  const reader = PackReader.open(pack);
  const { manifest } = reader;
  assert.deepEqual(report.manifest, JSON.parse(readFileSync(join(pack, "pack.json"), "utf8")));
  assert.equal(manifest.name, "area");
  assert.deepEqual(
    manifest.layers.map(({ name, source, imagery_date }) => ({ name, source, imagery_date })),
    [{ name: "map.tif", source: "made up", imagery_date: "2024-05-17" }],
  );
  assert.ok(Math.abs((manifest.layers[0]?.native_gsd_m ?? 0) - 0.5) < 0.002);
  const [level] = manifest.levels;
  assert.equal(level?.gsd_m, 0.5);
  assert.equal(level?.cell_px, 224);
  assert.equal(level?.stride_px, 56);
  // 380 m x 300 m; the grid is turned by the meridian convergence, so its corners are no imagery.
  assert.ok(Math.abs(report.area_km2 - 0.114) < 0.001, `${report.area_km2} km2`);
  assert.ok(manifest.counts.cells >= 8 * 6 && manifest.counts.cells <= 11 * 9, `${manifest.counts.cells} cells`);
  reader.close();
});

test("the tiles show the map where it is, at every zoom", { skip }, async () => {
  const reader = PackReader.open(pack);
  const { bbox, zoom } = reader.manifest;
  const source = await openSource(map, new BlockCache(1e8));
  for (let z = zoom.min; z <= zoom.max; z++) {
    const { x, y } = tileAtLonLat(z, (bbox.west + bbox.east) / 2, (bbox.south + bbox.north) / 2);
    const bytes = reader.tile(z, x, y);
    assert.ok(bytes !== null);
    const pixels = await sharp(bytes).raw().toBuffer();
    const { west, north } = tileBounds({ z, x, y });
    const window = {
      x0_merc_m: west,
      y0_merc_m: north,
      pixel_merc_m: tileSide_merc_m(z) / 256,
      width: 256,
      height: 256,
    };
    const here = await difference(source, window, pixels, 0);
    // Tiles of coarser zooms are means of finer ones, which blurs a little otherwise than reading them would.
    assert.ok(here < (z === zoom.max ? 5 : 10), `zoom ${z}: ${here} levels on average`);
    for (const shift of [-1, 1]) assert.ok(here < 0.8 * (await difference(source, window, pixels, shift)), `zoom ${z}`);
  }
  assert.equal(reader.tile(zoom.max, 0, 0), null);
  await source.close();
  reader.close();
});

/** Mean difference between a decoded tile and the imagery at its window, moved by some pixels both ways. */
async function difference(source: ImagerySource, window: MercatorWindow, pixels: Buffer, shift_px: number) {
  const shift = shift_px * window.pixel_merc_m;
  const moved = { ...window, x0_merc_m: window.x0_merc_m + shift, y0_merc_m: window.y0_merc_m + shift };
  const raster = await source.read(moved);
  assert.ok(raster !== null);
  let compared = 0;
  let sum = 0;
  for (let at = 0; at < pixels.length; at++) {
    if (raster.valid[Math.floor(at / 3)] === 0) continue;
    compared++;
    sum += Math.abs((pixels[at] ?? 0) - (raster.rgb[at] ?? 0));
  }
  return sum / compared;
}

test("inspect and verify", { skip }, async () => {
  const told = await flash(["inspect", pack, "--json", join(folder, "inspect.json")]);
  assert.equal(told.code, 0, told.stderr);
  assert.match(told.stdout, /2024-05-17.*made up/);
  assert.match(told.stdout, /cells of 112\.0 m, one every 28\.0 m/);
  assert.equal(JSON.parse(readFileSync(join(folder, "inspect.json"), "utf8")).name, "area");
  const whole = await flash(["verify", pack]);
  assert.equal(whole.code, 0, whole.stderr);
  for (const name of ["tiles.sqlite", "index.bin", "features.bin", "pack.json"]) {
    const path = join(pack, name);
    const bytes = readFileSync(path);
    const damaged = Buffer.from(bytes);
    const at = Math.floor(bytes.length * 0.6);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    writeFileSync(path, damaged);
    const broken = await flash(["verify", pack, "--json", "-"]);
    writeFileSync(path, bytes);
    assert.equal(broken.code, 2, name);
    assert.ok(broken.stderr.startsWith(`error: ${path}: `), broken.stderr);
    assert.equal(JSON.parse(broken.stdout).ok, false);
  }
});

test("every cell is found at its own place", { skip }, async () => {
  const encoder = await Encoder.load(shippedModel("encoder"));
  const reader = PackReader.open(pack, { expectEncoder: { id: encoder.id, sha256: encoder.sha256 } });
  const source = await openSource(map, new BlockCache(1e8));
  const [level] = reader.manifest.levels;
  assert.ok(level !== undefined);
  let found = 0;
  const rows = [3, 11, 25, 40];
  for (const row of rows) {
    const { col_px, row_px } = reader.cells(0).centre(row);
    const raster = await source.read({
      x0_merc_m: level.x0_merc_m + (col_px - 112) * level.pixel_merc_m,
      y0_merc_m: level.y0_merc_m - (row_px - 112) * level.pixel_merc_m,
      pixel_merc_m: level.pixel_merc_m,
      width: 224,
      height: 224,
    });
    assert.ok(raster !== null);
    const dense = await encoder.encodeDense(raster.rgb, 1, 224, 224);
    const grid = new Float32Array(encoder.grid ** 2 * encoder.coarseChannels);
    poolGrid(
      dense.coarse,
      { base: 0, channelStep: 28 * 28, rowStep: 28, columnStep: 1 },
      28,
      encoder.grid,
      encoder.coarseChannels,
      grid,
      0,
    );
    const { rows: best } = reader.index.search(await encoder.describe(grid, 1), 1);
    if (best[0] === row) found++;
  }
  assert.equal(found, rows.length);
  await source.close();
  await encoder.release();
  reader.close();
});

test("blocks fit together: features along their borders are those of one large image", { skip }, async () => {
  const encoder = await Encoder.load(shippedModel("encoder"));
  const reader = PackReader.open(pack);
  const source = await openSource(map, new BlockCache(1e8));
  const [level] = reader.manifest.levels;
  assert.ok(level !== undefined);
  // One image over all four blocks, read in the same pieces: the int8 encoder turns one grey level in a hundred thousand
  // pixels, which other pieces can make, into a cosine of 0.98.
  const side = 1024 + 2 * MARGIN_PX;
  const band = new RasterBand(source, level, -MARGIN_PX, side - MARGIN_PX, side);
  await band.moveTo(-MARGIN_PX, new AbortController().signal);
  const inner = 32;
  const cut = inner + 2 * MARGIN_PX;
  const image = band.cut(512 - inner / 2, 512 - inner / 2, cut, cut);
  for (let pixel = 0; pixel < image.valid.length; pixel++) {
    if (image.valid[pixel] === 0) image.rgb.set(encoder.fillColour, pixel * 3);
  }
  const dense = await encoder.encodeDense(image.rgb, 1, cut, cut);
  const n = inner / 8;
  const stored = reader.featureWindow(0, 64 - n / 2, 64 - n / 2, n, n);
  let worst = 1;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let dot = 0;
      let norm = 0;
      let wantedNorm = 0;
      for (let c = 0; c < encoder.channels; c++) {
        const value = stored[(i * n + j) * encoder.channels + c] ?? 0;
        const at = c * dense.height * dense.width + (MARGIN_PX / 8 + i) * dense.width + MARGIN_PX / 8 + j;
        const wanted = Math.max(-127, Math.min(127, (dense.data[at] ?? 0) * encoder.featureScale));
        dot += value * wanted;
        norm += value * value;
        wantedNorm += wanted * wanted;
      }
      worst = Math.min(worst, dot / Math.sqrt(norm * wantedNorm));
    }
  }
  assert.ok(worst > 0.999, `cosine ${worst}`);
  await source.close();
  await encoder.release();
  reader.close();
});

test("no imagery, no features and no cells", { skip }, async () => {
  const out = join(folder, "holed.skypack");
  const made = await flash([
    "pack",
    holed,
    "--out",
    out,
    "--footprint",
    "112",
    "--stride",
    "0.125",
    "--quiet",
    "--tile-format",
    "webp",
  ]);
  assert.equal(made.code, 0, made.stderr);
  assert.equal(made.stdout + made.stderr, "");
  const reader = PackReader.open(out);
  assert.equal(reader.level(0).stride_px, 32, "an eighth of a cell, to whole features");
  // The hole spans columns 0 to 200 and rows 200 to 400.
  const inside = reader.featureWindow(0, 4, 28, 18, 18);
  assert.ok(inside.every((value) => value === 0));
  assert.ok(reader.featureWindow(0, 40, 28, 18, 18).some((value) => value !== 0));
  const cells = reader.cells(0);
  let beside = 0;
  for (let row = 0; row < cells.count; row++) {
    const { col_px, row_px } = cells.centre(row);
    const overlap =
      Math.max(0, 200 - (col_px - 112)) * Math.max(0, Math.min(row_px + 112, 400) - Math.max(row_px - 112, 200));
    assert.ok(overlap < 0.12 * 224 * 224, `a cell at ${col_px},${row_px} lies on the hole`);
    if (col_px < 300) beside++;
  }
  assert.ok(beside > 0);
  reader.close();
});

test("the same input gives the same bytes, whatever the threads and the clock", { skip }, async () => {
  const runs: [string[], Record<string, string>][] = [
    [["--threads", "1"], {}],
    [["--threads", "2"], {}],
    [["--threads", "2"], { SOURCE_DATE_EPOCH: "1700000000" }],
    [["--threads", "1"], { SOURCE_DATE_EPOCH: "1700000000", TZ: "Asia/Tokyo" }],
  ];
  const packs: string[] = [];
  for (const [args, env] of runs) {
    const out = join(folder, `same-${packs.length}`, "same.skypack");
    mkdirSync(join(out, ".."));
    const made = await flash(["pack", map, holed, "--out", out, "--footprint", "120", ...args], env);
    assert.equal(made.code, 0, made.stderr);
    packs.push(out);
  }
  const [a = "", b = "", c = "", d = ""] = packs;
  const bytes = (dir: string, name: string) => readFileSync(join(dir, name));
  for (const name of ["tiles.sqlite", "index.bin", "features.bin"]) {
    for (const other of [b, c, d]) assert.ok(bytes(a, name).equals(bytes(other, name)), `${name} of ${other}`);
  }
  assert.ok(bytes(a, "pack.json").equals(bytes(b, "pack.json")));
  assert.ok(bytes(c, "pack.json").equals(bytes(d, "pack.json")));
  assert.equal(JSON.parse(bytes(c, "pack.json").toString()).created, "2023-11-14T22:13:20Z");
});

test("what cannot be packed ends with code 2 and leaves nothing", async () => {
  const place = join(folder, "errors");
  mkdirSync(place);
  const out = join(place, "x.skypack");
  const cut = join(folder, "cut.tif");
  writeFileSync(cut, readFileSync(map).subarray(0, 200_000));
  const late = join(folder, "late.tif");
  // Uncompressed strips one of which cannot be decoded: the fault shows when packing is under way.
  const damaged = Buffer.from(readFileSync(map));
  damaged.fill(0xaa, 300_000, 300_400);
  writeFileSync(late, damaged);
  const bare = join(folder, "bare.tif");
  writeFileSync(bare, makeTiff([{ width: 300, height: 300, samples: 3, data: new Uint8Array(270_000) }]));
  const nowhere = join(folder, "nowhere.tif");
  writeFileSync(
    nowhere,
    makeTiff([{ width: 300, height: 300, samples: 3, data: new Uint8Array(270_000), geo, nodata: "0" }]),
  );
  const gsd = ["--gsd", "0.5"];
  const cases: [string[], RegExp][] = [
    [[join(folder, "absent.tif"), ...gsd], /absent\.tif: no such file/],
    [[cut, ...gsd], /cut\.tif.*(truncated|ends at byte)/],
    [[late, ...gsd], /late\.tif: damaged: tile/],
    [[bare, ...gsd], /bare\.tif: no georeference.*gdal_translate/],
    [[map], /--agl 120 --hfov 66/],
    [[map, "--agl", "120"], /--hfov.*is missing/],
    [[map, "--footprint", "900"], /smaller than one cell/],
    [[nowhere, ...gsd], /no whole cell/],
    [[map, ...gsd, "--epsg", "99999"], /EPSG:99999/],
    [[map, ...gsd, "--bbox", "1,2,3,4"], /--bbox lies outside the map/],
    [[map, ...gsd, "--model", folder], /model\.json/],
    [[map, ...gsd, "--min-zoom", "20", "--max-zoom", "10"], /--min-zoom/],
    [[map, ...gsd, "--fotprint", "3"], /unknown option '--fotprint'.*--footprint/s],
  ];
  for (const [args, pattern] of cases) {
    if (!model && !args.includes("--fotprint")) continue;
    const result = await flash(["pack", ...args, "--out", out]);
    assert.equal(result.code, 2, `${args.join(" ")}: ${result.stderr}`);
    assert.match(result.stderr, pattern);
    assert.match(result.stderr, /^error: /m);
    assert.deepEqual(readdirSync(place), [], args.join(" "));
  }
  const noParent = await flash(["pack", map, ...gsd, "--out", join(place, "none", "x.skypack")]);
  assert.equal(noParent.code, 2, noParent.stderr);
  const unnamed = await flash(["pack", map]);
  assert.equal(unnamed.code, 2);
  assert.match(unnamed.stderr, /--out/);
});

test("a pack that is there is kept unless --overwrite, and then replaced whole", { skip }, async () => {
  const out = join(folder, "kept.skypack");
  const args = ["pack", map, "--out", out, "--quiet", "--max-zoom", "16"];
  assert.equal((await flash([...args, "--footprint", "112"])).code, 0);
  const before = readFileSync(join(out, "pack.json"), "utf8");
  const again = await flash([...args, "--footprint", "130"]);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /exists already/);
  assert.equal(readFileSync(join(out, "pack.json"), "utf8"), before);
  assert.equal((await flash([...args, "--footprint", "130", "--overwrite"])).code, 0);
  assert.notEqual(readFileSync(join(out, "pack.json"), "utf8"), before);
  assert.ok(readdirSync(folder).every((name) => !name.startsWith(".kept")));
});

test("Ctrl-C removes what was begun", { skip }, async () => {
  const place = join(folder, "stopped");
  mkdirSync(place);
  const { child, ended } = startFlash([
    "pack",
    map,
    "--out",
    join(place, "x.skypack"),
    "--footprint",
    "20,25,30,40,50",
  ]);
  for (let waited = 0; readdirSync(place).length === 0 && waited < 60_000; waited += 20) await sleep(20);
  assert.equal(readdirSync(place).length, 1, "a pack was begun");
  child.kill("SIGINT");
  const { code, stderr } = await ended;
  assert.equal(code, 130, stderr);
  assert.match(stderr, /stopped by SIGINT/);
  assert.deepEqual(readdirSync(place), []);
});
