import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Encoder, poolGrid } from "../../../models/runtime/encoder.js";
import { shippedModel } from "../../../models/runtime/paths.js";
import { lonLatToOffset, offsetToLonLat } from "../../../tiles/geodesy/wgs84.js";
import { LevelGrid, levelForBbox } from "../../../tiles/pack/level-grid.js";
import { PackWriter } from "../../../tiles/pack/writer.js";
import { groundColour } from "./ground.js";

/** Where the invented ground's axes start: the middle of the small map. */
export const ORIGIN = { lat_deg: 46.5, lon_deg: 7.25 };

const GSD_M = 0.5;
const HALF_SIDE_M = 190;
const FEATURE_BLOCK = 64;

/** Why tests with models cannot run here, or false when they can. */
export function modelsMissing(): string | false {
  const missing = (["encoder", "reranker", "registrar"] as const).find(
    (kind) => !existsSync(join(shippedModel(kind), "model.json")),
  );
  return missing === undefined ? false : `models/${missing}-1 is not there`;
}

/**
 * A copy of the shipped registrar that accepts whatever it finds: what is accepted is a matter of calibration, on real
 * imagery, and must not decide whether the machinery works.
 */
export function writeAcceptingRegistrar(dir: string): void {
  cpSync(shippedModel("registrar"), dir, { recursive: true });
  const path = join(dir, "model.json");
  const card: object = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...card, acceptance: { bias: 0, weights: {}, threshold: 0.5 } }));
}

/** Writes a pack of 380 x 380 m of the invented ground around ORIGIN at 0.5 m per pixel, made with the shipped encoder. */
export async function writeSmallPack(dir: string): Promise<void> {
  const encoder = await Encoder.load(shippedModel("encoder"));
  const southWest = offsetToLonLat(ORIGIN, -HALF_SIDE_M, -HALF_SIDE_M);
  const northEast = offsetToLonLat(ORIGIN, HALF_SIDE_M, HALF_SIDE_M);
  const bbox = {
    west: southWest.lon_deg,
    south: southWest.lat_deg,
    east: northEast.lon_deg,
    north: northEast.lat_deg,
  };
  const geometry = levelForBbox(bbox, { level: 0, gsd_m: GSD_M, cell_px: encoder.cell_px, stride_px: 56 });
  const grid = new LevelGrid(geometry);
  const writer = PackWriter.create(dir, {
    name: "invented ground",
    generator: "test",
    bbox,
    zoom: { min: 18, max: 18 },
    tile_format: "png",
    levels: [geometry],
    layers: [{ name: "ground", source: "procedural", imagery_date: "2024-06-01", native_gsd_m: GSD_M }],
    encoder: { id: encoder.id, sha256: encoder.sha256 },
    descriptor: { width: encoder.descriptorWidth },
    features: { channels: encoder.channels, scale: encoder.featureScale },
  });
  const cols = grid.feature_cols;
  const rows = grid.feature_rows;
  const height = 16 * Math.ceil((rows * 8) / 16);
  const width = 16 * Math.ceil((cols * 8) / 16);
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const { north_m, east_m } = lonLatToOffset(ORIGIN, grid.pxToLonLat(x + 0.5, y + 0.5));
      rgb.set(groundColour(north_m, east_m), at);
    }
  }
  const dense = await encoder.encodeDense(rgb, 1, height, width);
  const { channels } = dense;
  const area = dense.height * dense.width;
  for (let by = 0; by < grid.block_rows; by++) {
    for (let bx = 0; bx < grid.block_cols; bx++) {
      const block = new Int8Array(FEATURE_BLOCK * FEATURE_BLOCK * channels);
      for (let i = 0; i < FEATURE_BLOCK && by * FEATURE_BLOCK + i < rows; i++) {
        for (let j = 0; j < FEATURE_BLOCK && bx * FEATURE_BLOCK + j < cols; j++) {
          const from = (by * FEATURE_BLOCK + i) * dense.width + bx * FEATURE_BLOCK + j;
          for (let c = 0; c < channels; c++) {
            const value = Math.round((dense.data[c * area + from] ?? 0) * encoder.featureScale);
            block[(i * FEATURE_BLOCK + j) * channels + c] = Math.max(-127, Math.min(127, value));
          }
        }
      }
      writer.putFeatureBlock(0, bx, by, block);
    }
  }
  const side = encoder.cell_px / encoder.stride_px;
  const { coarseChannels } = dense;
  const gridWidth = encoder.grid * encoder.grid * coarseChannels;
  const places: { col0_px: number; row0_px: number }[] = [];
  for (let i = 0; i + side <= rows; i += 7) {
    for (let j = 0; j + side <= cols; j += 7) places.push({ col0_px: j * 8, row0_px: i * 8 });
  }
  const grids = new Float32Array(places.length * gridWidth);
  places.forEach(({ col0_px, row0_px }, at) => {
    const base = (row0_px / 8) * dense.width + col0_px / 8;
    const layout = { base, channelStep: area, rowStep: dense.width, columnStep: 1 };
    poolGrid(dense.coarse, layout, side, encoder.grid, coarseChannels, grids, at * gridWidth);
  });
  const descriptors = await encoder.describe(grids, places.length);
  places.forEach((place, at) => {
    const descriptor = descriptors.slice(at * encoder.descriptorWidth, (at + 1) * encoder.descriptorWidth);
    writer.putCell({ level: 0, ...place }, descriptor);
  });
  await writer.finish();
  await encoder.release();
}
