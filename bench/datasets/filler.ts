import { readdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { cutBox, type Raster, readRaster, seeded } from "./raster.js";

/** A picture of ground to be laid on a map; its size is known before it is read. */
export interface Piece {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  load(): Promise<Raster>;
}

/** Larger imagery is cut into blocks of at most this side, pixels. */
const BLOCK_PX = 1400;
/** Crops of 400 px and their mirror images make one seamless piece of twice the side. */
const CROP_PX = 400;
/** Quads of crops laid for every block. */
const QUADS_A_BLOCK = 3;
/** Each round of the same imagery is turned, mirrored and rescaled in another way. */
const ROUND_SCALES = [1, 0.8, 1.25];
const ROUNDS = 24;

/**
 * Endless-looking imagery of other places, in a fixed order: blocks of the satellite maps (sat_tiles_geo) with crops of
 * rsscn7 between them. Round after round the maps come again in another of the eight orientations and another of three
 * scales; a crop is used once, beside its three mirror images. Everything is taken as if it had the map's GSD.
 */
export async function fillerPieces(sharedData: string): Promise<Piece[]> {
  const geo = join(sharedData, "sat_tiles_geo");
  const maps: { name: string; width: number; height: number; load: () => Promise<Raster> }[] = [
    tileMap(join(geo, "cedaredge_z18"), /(\d+)_(\d+)\.png$/),
    tileMap(join(geo, "ariel_z18"), /18_(\d+)_(\d+)\.jpg$/),
  ];
  const turku = join(geo, "turku_wildnav");
  for (const file of readdirSync(turku).sort()) {
    if (!file.endsWith(".jpg")) continue;
    const { width, height } = await sharp(join(turku, file)).metadata();
    maps.push({ name: file, width, height, load: () => readRaster(join(turku, file)) });
  }
  const quads = shuffled(cropsOf(join(sharedData, "rsscn7")), 5).map(mirrorQuad);
  const pieces: Piece[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const scale = ROUND_SCALES[round % ROUND_SCALES.length] ?? 1;
    for (const map of maps) {
      for (const block of blocksOf(map, round % 8, scale)) pieces.push(block, ...quads.splice(0, QUADS_A_BLOCK));
    }
  }
  return pieces;
}

/** The raster in one of its eight orientations: quarter turns (orientation & 3), mirrored first when 4 is set. */
export function orient(raster: Raster, orientation: number): Raster {
  const { width, height } = raster;
  const turns = orientation & 3;
  const mirrored = (orientation & 4) !== 0;
  const swapped = turns % 2 === 1;
  const out = {
    width: swapped ? height : width,
    height: swapped ? width : height,
    data: new Uint8Array(width * height * 3),
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let u = mirrored ? width - 1 - x : x;
      let v = y;
      if (turns === 1) [u, v] = [height - 1 - v, u];
      else if (turns === 2) [u, v] = [width - 1 - u, height - 1 - v];
      else if (turns === 3) [u, v] = [v, width - 1 - u];
      const from = (y * width + x) * 3;
      const to = (v * out.width + u) * 3;
      out.data[to] = raster.data[from] ?? 0;
      out.data[to + 1] = raster.data[from + 1] ?? 0;
      out.data[to + 2] = raster.data[from + 2] ?? 0;
    }
  }
  return out;
}

function blocksOf(
  map: { name: string; width: number; height: number; load: () => Promise<Raster> },
  orientation: number,
  scale: number,
): Piece[] {
  const columns = Math.ceil(map.width / BLOCK_PX);
  const rows = Math.ceil(map.height / BLOCK_PX);
  const blocks: Piece[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const box = {
        left: Math.floor((column * map.width) / columns),
        right: Math.floor(((column + 1) * map.width) / columns),
        top: Math.floor((row * map.height) / rows),
        bottom: Math.floor(((row + 1) * map.height) / rows),
      };
      const width = Math.round((box.right - box.left) * scale);
      const height = Math.round((box.bottom - box.top) * scale);
      const swapped = orientation % 2 === 1;
      blocks.push({
        name: `${map.name}:${column},${row}/${orientation}x${scale}`,
        width: swapped ? height : width,
        height: swapped ? width : height,
        load: async () => orient(await resized(cutBox(await map.load(), box), width, height), orientation),
      });
    }
  }
  return blocks;
}

async function resized(raster: Raster, width: number, height: number): Promise<Raster> {
  if (width === raster.width && height === raster.height) return raster;
  const data = await sharp(raster.data, { raw: { width: raster.width, height: raster.height, channels: 3 } })
    .resize(width, height, { fit: "fill", kernel: "cubic" })
    .raw()
    .toBuffer();
  return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

/** A folder of 256 px tiles named by column and row, as one picture; missing tiles stay black. Read once. */
function tileMap(
  folder: string,
  pattern: RegExp,
): { name: string; width: number; height: number; load: () => Promise<Raster> } {
  const tiles = readdirSync(folder).flatMap((file) => {
    const found = pattern.exec(file);
    return found === null ? [] : [{ file, x: Number(found[1]), y: Number(found[2]) }];
  });
  const left = Math.min(...tiles.map(({ x }) => x));
  const top = Math.min(...tiles.map(({ y }) => y));
  const width = (Math.max(...tiles.map(({ x }) => x)) - left + 1) * 256;
  const height = (Math.max(...tiles.map(({ y }) => y)) - top + 1) * 256;
  let whole: Promise<Raster> | undefined;
  const compose = async (): Promise<Raster> => {
    const data = new Uint8Array(width * height * 3);
    for (const { file, x, y } of tiles) {
      const tile = await readRaster(join(folder, file));
      for (let row = 0; row < tile.height; row++) {
        const to = (((y - top) * 256 + row) * width + (x - left) * 256) * 3;
        data.set(tile.data.subarray(row * tile.width * 3, (row + 1) * tile.width * 3), to);
      }
    }
    return { width, height, data };
  };
  const name = folder.split("/").at(-1) ?? folder;
  return {
    name,
    width,
    height,
    load: () => {
      whole ??= compose();
      return whole;
    },
  };
}

function cropsOf(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((kind) =>
      /^[a-g][A-Z]/.test(kind)
        ? readdirSync(join(folder, kind))
            .filter((file) => file.endsWith(".jpg"))
            .sort()
            .map((file) => join(folder, kind, file))
        : [],
    );
}

/** A square crop beside its mirror images: no seam, and no ground twice in the same orientation. */
function mirrorQuad(path: string): Piece {
  const side = 2 * CROP_PX;
  return {
    name: path.split("/").slice(-2).join("/"),
    width: side,
    height: side,
    load: async () => {
      const crop = await resized(await readRaster(path), CROP_PX, CROP_PX);
      const data = new Uint8Array(side * side * 3);
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          const from = (Math.min(y, side - 1 - y) * CROP_PX + Math.min(x, side - 1 - x)) * 3;
          data.set(crop.data.subarray(from, from + 3), (y * side + x) * 3);
        }
      }
      return { width: side, height: side, data };
    },
  };
}

function shuffled<T>(list: readonly T[], seed: number): T[] {
  const random = seeded(seed);
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}
