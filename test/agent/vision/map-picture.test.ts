import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { type MapPictures, mapPictures, showsEnough } from "../../../agent/vision/map-picture.js";
import { MERCATOR_HALF_WORLD_M, TILE_PX, tileSide_merc_m } from "../../../tiles/geodesy/index.js";

const ZOOM = 12;
const PIXEL_MERC_M = tileSide_merc_m(ZOOM) / TILE_PX;
const FILL = [10, 20, 30] as const;

/** Tiles whose colour tells the pixel of the zoom: red its column, green its row (both from the first tile's corner). */
async function tilesAt(first_x: number, first_y: number, transparent: boolean): Promise<Map<string, Buffer>> {
  const made = new Map<string, Buffer>();
  for (const [dx, dy] of [
    [0, 0],
    [1, 0],
    [0, 1],
  ] as const) {
    const rgba = new Uint8Array(TILE_PX * TILE_PX * 4);
    for (let p = 0; p < TILE_PX * TILE_PX; p++) {
      const [col, row] = [dx * TILE_PX + (p % TILE_PX), dy * TILE_PX + Math.floor(p / TILE_PX)];
      rgba.set([Math.floor(col / 2), Math.floor(row / 2), 7, transparent && row < 8 ? 0 : 255], p * 4);
    }
    const image = sharp(rgba, { raw: { width: TILE_PX, height: TILE_PX, channels: 4 } });
    made.set(`${ZOOM}/${first_x + dx}/${first_y + dy}`, await image.png().toBuffer());
  }
  return made;
}

function mapOf(
  tiles: ReadonlyMap<string, Buffer>,
  x: number,
  y: number,
  pixel_merc_m: number,
  asked: string[] = [],
): MapPictures {
  return {
    manifest: { zoom: { min: 8, max: ZOOM } },
    level: () => ({
      geometry: {
        x0_merc_m: -MERCATOR_HALF_WORLD_M + x * tileSide_merc_m(ZOOM),
        y0_merc_m: MERCATOR_HALF_WORLD_M - y * tileSide_merc_m(ZOOM),
        pixel_merc_m,
      },
    }),
    tile(z, tx, ty) {
      asked.push(`${z}/${tx}/${ty}`);
      return tiles.get(`${z}/${tx}/${ty}`) ?? null;
    },
  };
}

function at(picture: { width: number; rgb: Uint8Array } | undefined, col: number, row: number): number[] {
  return [...(picture?.rgb.subarray((row * (picture.width ?? 0) + col) * 3).subarray(0, 3) ?? [])];
}

test("a window has the pixels of the tiles below it, across their borders", async () => {
  const asked: string[] = [];
  const map = mapOf(await tilesAt(2100, 1400, false), 2100, 1400, PIXEL_MERC_M, asked);
  const window = { level: 0, col_px: 256, row_px: 40, side_px: 32 };
  const [picture, again] = await mapPictures(map, [window, window], FILL);
  assert.equal(picture?.width, 32);
  assert.deepEqual(at(picture, 0, 0), [120, 12, 7]);
  assert.deepEqual(at(picture, 31, 31), [135, 27, 7]);
  assert.deepEqual(again, picture);
  assert.equal(new Set(asked).size, asked.length, "tiles that windows share are read once");
});

test("a level of another resolution is interpolated", async () => {
  const map = mapOf(await tilesAt(2100, 1400, false), 2100, 1400, PIXEL_MERC_M * 1.25);
  const [picture] = await mapPictures(map, [{ level: 0, col_px: 100, row_px: 60, side_px: 16 }], FILL);
  // Pixel (8, 8) of the window is centred on 100.5, 60.5 of the level: 125.6, 75.6 of the zoom.
  const [red = 0, green = 0] = at(picture, 8, 8);
  assert.ok(Math.abs(red - (100.5 * 1.25 - 0.5) / 2) <= 1);
  assert.ok(Math.abs(green - (60.5 * 1.25 - 0.5) / 2) <= 1);
});

test("a reduced picture is read from the zoom that fits it, about the same place", async () => {
  // The level is four times as fine as the tiles: a picture reduced by four has their pixels.
  const asked: string[] = [];
  const map = mapOf(await tilesAt(2100, 1400, false), 2100, 1400, PIXEL_MERC_M / 4, asked);
  const [picture] = await mapPictures(map, [{ level: 0, col_px: 1024, row_px: 160, side_px: 32, reduction: 4 }], FILL);
  assert.deepEqual(
    [at(picture, 0, 0), at(picture, 31, 31)],
    [
      [120, 12, 7],
      [135, 27, 7],
    ],
  );
  assert.ok(asked.every((tile) => tile.startsWith(`${ZOOM}/`)));
});

test("a map whose finest tiles are coarser than a picture shows too little for it", async () => {
  const map = mapOf(new Map(), 2100, 1400, PIXEL_MERC_M / 4);
  assert.equal(showsEnough(map, 0), false);
  assert.equal(showsEnough(map, 0, 2), false);
  assert.equal(showsEnough(map, 0, 3), true);
  assert.equal(showsEnough(map, 0, 4), true);
});

test("ground without imagery has the fill colour: no tile, or transparent", async () => {
  const map = mapOf(await tilesAt(2100, 1400, true), 2100, 1400, PIXEL_MERC_M);
  const [off, clear] = await mapPictures(
    map,
    [
      { level: 0, col_px: -100, row_px: 40, side_px: 16 },
      { level: 0, col_px: 60, row_px: 8, side_px: 16 },
    ],
    FILL,
  );
  assert.deepEqual(at(off, 5, 5), [...FILL]);
  assert.deepEqual(at(clear, 0, 0), [...FILL]);
  assert.deepEqual(at(clear, 8, 12), [30, 6, 7]);
});

test("a tile that cannot be read counts as ground without imagery", async () => {
  const tiles = await tilesAt(2100, 1400, false);
  tiles.set(`${ZOOM}/2100/1400`, Buffer.from("no picture"));
  const map = mapOf(tiles, 2100, 1400, PIXEL_MERC_M);
  const [picture] = await mapPictures(map, [{ level: 0, col_px: 256, row_px: 40, side_px: 32 }], FILL);
  assert.deepEqual(at(picture, 0, 0), [...FILL]);
  assert.deepEqual(at(picture, 31, 0)[2], 7);
});
