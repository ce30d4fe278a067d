import assert from "node:assert/strict";
import { test } from "node:test";
import { type PackWords, parsePackOptions } from "../../../flash/pack/options.js";
import { UserError } from "../../../tiles/errors.js";

const parse = (words: Partial<PackWords>) =>
  parsePackOptions(["a.tif"], { out: "x.skypack", ...words }, () => undefined);

test("words become checked values", () => {
  const options = parse({
    footprint: "60,120",
    stride: "25m",
    nodata: "0",
    bbox: "11.6,48.1,11.7,48.2",
    minZoom: "12",
    epsg: "EPSG:32632",
    tileFormat: "webp",
    threads: "3",
  });
  assert.deepEqual(options.footprint, { footprints_m: [60, 120] });
  assert.deepEqual(options.stride, { metres: 25 });
  assert.equal(options.nodata, 0);
  assert.deepEqual(options.bbox, { west: 11.6, south: 48.1, east: 11.7, north: 48.2 });
  assert.deepEqual(options.zoom, { min: 12 });
  assert.equal(options.epsg, "32632");
  assert.equal(options.tileFormat, "webp");
  assert.equal(options.threads, 3);
  assert.deepEqual(parse({ stride: "0.5" }).stride, { fraction: 0.5 });
  assert.deepEqual(parse({ stride: "30" }).stride, { metres: 30 });
  assert.ok(Number.isNaN(parse({ nodata: "nan" }).nodata));
});

test("a month stands for its first day, and that is said", () => {
  const said: string[] = [];
  const options = parsePackOptions(["a.tif"], { out: "x", imageryDate: "2023-06" }, (line) => said.push(line));
  assert.equal(options.imageryDate, "2023-06-01");
  assert.match(said.join(), /2023-06-01/);
  assert.equal(parse({ imageryDate: "2024-02-29" }).imageryDate, "2024-02-29");
});

test("every impossible value is named with its option", () => {
  const bad: [Partial<PackWords>, RegExp][] = [
    [{ agl: "-5" }, /--agl "-5"/],
    [{ agl: "" }, /--agl/],
    [{ hfov: "180" }, /--hfov "180": a number above 0, below 180/],
    [{ footprint: "60,,80" }, /--footprint/],
    [{ gsd: "0.3m" }, /--gsd "0.3m"/],
    [{ stride: "0" }, /--stride/],
    [{ imageryDate: "2023-02-30" }, /--imagery-date/],
    [{ imageryDate: "17.5.2024" }, /YYYY-MM-DD/],
    [{ imageryDate: "2999-01-01" }, /future/],
    [{ bbox: "11.7,48.1,11.6,48.2" }, /--bbox/],
    [{ bbox: "11.6,48.1,11.7" }, /WEST,SOUTH,EAST,NORTH/],
    [{ maxZoom: "31" }, /--max-zoom "31": a whole number from 0 to 24/],
    [{ tileFormat: "gif" }, /jpeg or webp/],
    [{ epsg: "utm32" }, /--epsg/],
    [{ threads: "0" }, /--threads/],
    [{ nodata: "black" }, /--nodata/],
  ];
  for (const [words, pattern] of bad) {
    assert.throws(
      () => parse(words),
      (thrown) => thrown instanceof UserError && pattern.test(thrown.message),
      JSON.stringify(words),
    );
  }
});
