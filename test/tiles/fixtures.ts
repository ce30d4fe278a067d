import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { lonLatToMercator } from "../../tiles/geodesy/mercator.js";
import { tileRange } from "../../tiles/geodesy/tile-math.js";
import { offsetToLonLat } from "../../tiles/geodesy/wgs84.js";
import { LevelGrid, levelForBbox } from "../../tiles/pack/level-grid.js";
import { FEATURE_BLOCK, type PackManifest, type PackSpec } from "../../tiles/pack/manifest.js";
import { type CellPlacement, PackWriter } from "../../tiles/pack/writer.js";

/** A seeded generator of uniform numbers in [0, 1) (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A random unit vector. */
export function unitVector(width: number, next: () => number): Float32Array {
  const vector = Float32Array.from({ length: width }, () => next() + next() + next() - 1.5);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** A temporary folder and the function that removes it: `after(folder.remove)`. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "skylink-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface FixtureOptions {
  readonly seed?: number;
  readonly name?: string;
  /** South-west corner of the map. */
  readonly south_deg?: number;
  readonly west_deg?: number;
  /** Sides of the map, metres. */
  readonly width_m?: number;
  readonly height_m?: number;
  /** One level for each. */
  readonly gsds_m?: readonly number[];
  readonly descriptor_width?: number;
  readonly channels?: number;
  readonly encoder?: { id: string; sha256: string };
  readonly retriever?: { id: string; sha256: string };
  readonly overwrite?: boolean;
}

/** What went into a fixture pack. */
export interface FixturePack {
  readonly dir: string;
  readonly manifest: PackManifest;
  readonly cells: readonly (CellPlacement & { descriptor: Float32Array })[];
  /** By level: all features of the level, int8 HWC [feature_rows, feature_cols, channels]. */
  readonly features: ReadonlyMap<number, Int8Array>;
  readonly tiles: readonly { z: number; x: number; y: number; image: Buffer }[];
}

/** The spec of a small map of random contents: by default 330 x 260 m at 0.5 m/px, 48 cells. */
export function fixtureSpec(options: FixtureOptions = {}): PackSpec {
  const south = options.south_deg ?? 47.3;
  const west = options.west_deg ?? 8.5;
  const corner = offsetToLonLat({ lat_deg: south, lon_deg: west }, options.height_m ?? 260, options.width_m ?? 330);
  const bbox = { west, south, east: corner.lon_deg, north: corner.lat_deg };
  const gsds_m = options.gsds_m ?? [0.5];
  return {
    name: options.name ?? "fixture",
    generator: "skylink test fixtures",
    attribution: "nobody: random contents",
    bbox,
    zoom: { min: 16, max: 18 },
    tile_format: "jpg",
    levels: gsds_m.map((gsd_m, level) => levelForBbox(bbox, { level, gsd_m, cell_px: 224, stride_px: 56 })),
    layers: [{ name: "random", source: "fixtures.ts", imagery_date: "2024-06-01", native_gsd_m: 0.5 }],
    encoder: options.encoder ?? { id: "fixture-encoder", sha256: "ab".repeat(32) },
    descriptor: { width: options.descriptor_width ?? 40 },
    features: { channels: options.channels ?? 8, scale: 127 },
    ...(options.retriever === undefined ? {} : { retriever: options.retriever }),
    ...(options.overwrite === undefined ? {} : { overwrite: options.overwrite }),
  };
}

/** Writes a small pack of random contents; the same options give the same pack. */
export async function writeFixturePack(dir: string, options: FixtureOptions = {}): Promise<FixturePack> {
  const spec = fixtureSpec(options);
  const next = random(options.seed ?? 1);
  const writer = PackWriter.create(dir, spec);
  try {
    const tiles = await putTiles(writer, spec, next);
    const cells: FixturePack["cells"][number][] = [];
    const features = new Map<number, Int8Array>();
    for (const geometry of spec.levels) {
      const grid = new LevelGrid(geometry);
      features.set(geometry.level, putFeatures(writer, grid, spec.features.channels, next));
      for (let row0_px = 0; row0_px + 224 <= geometry.height_px; row0_px += geometry.stride_px) {
        for (let col0_px = 0; col0_px + 224 <= geometry.width_px; col0_px += geometry.stride_px) {
          const descriptor = unitVector(spec.descriptor.width, next);
          const cell = { level: geometry.level, col0_px, row0_px };
          writer.putCell(cell, descriptor, spec.retriever === undefined ? undefined : descriptor);
          cells.push({ ...cell, descriptor });
        }
      }
    }
    return { dir, manifest: await writer.finish(), cells, features, tiles };
  } catch (thrown) {
    writer.abort();
    throw thrown;
  }
}

async function putTiles(writer: PackWriter, spec: PackSpec, next: () => number): Promise<FixturePack["tiles"]> {
  const northWest = lonLatToMercator(spec.bbox.west, spec.bbox.north);
  const southEast = lonLatToMercator(spec.bbox.east, spec.bbox.south);
  const bounds = { west: northWest.x, north: northWest.y, east: southEast.x, south: southEast.y };
  const tiles: FixturePack["tiles"][number][] = [];
  for (let z = spec.zoom.min; z <= spec.zoom.max; z++) {
    const { x_min, x_max, y_min, y_max } = tileRange(z, bounds);
    for (let y = y_min; y <= y_max; y++) {
      for (let x = x_min; x <= x_max; x++) {
        const background = { r: Math.floor(next() * 256), g: Math.floor(next() * 256), b: Math.floor(next() * 256) };
        const image = await sharp({ create: { width: 256, height: 256, channels: 3, background } })
          .jpeg()
          .toBuffer();
        writer.putTile(z, x, y, image);
        tiles.push({ z, x, y, image });
      }
    }
  }
  return tiles;
}

function putFeatures(writer: PackWriter, grid: LevelGrid, channels: number, next: () => number): Int8Array {
  const { feature_cols, feature_rows, block_cols, block_rows } = grid;
  const all = new Int8Array(feature_rows * feature_cols * channels).map(() => Math.floor(next() * 255) - 127);
  for (let by = 0; by < block_rows; by++) {
    for (let bx = 0; bx < block_cols; bx++) {
      const block = new Int8Array(FEATURE_BLOCK * FEATURE_BLOCK * channels);
      for (let i = 0; i < FEATURE_BLOCK && by * FEATURE_BLOCK + i < feature_rows; i++) {
        const columns = Math.min(FEATURE_BLOCK, feature_cols - bx * FEATURE_BLOCK);
        const from = ((by * FEATURE_BLOCK + i) * feature_cols + bx * FEATURE_BLOCK) * channels;
        block.set(all.subarray(from, from + columns * channels), i * FEATURE_BLOCK * channels);
      }
      writer.putFeatureBlock(grid.level, bx, by, block);
    }
  }
  return all;
}
