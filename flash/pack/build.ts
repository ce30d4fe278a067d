import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { embedderCard, embedderIdentity } from "../../models/runtime/embedder.js";
import { encoderIdentity } from "../../models/runtime/encoder.js";
import { encoderCard, loadModelFolder } from "../../models/runtime/model-folder.js";
import { packageRoot } from "../../models/runtime/paths.js";
import { errorMessage, UserError } from "../../tiles/errors.js";
import type { GeoBounds } from "../../tiles/geodesy/index.js";
import { LevelGrid } from "../../tiles/pack/level-grid.js";
import {
  FEATURE_STRIDE_PX,
  type LayerManifest,
  type LevelGeometry,
  PACK_FILES,
  type PackManifest,
  type PackSpec,
} from "../../tiles/pack/manifest.js";
import { PackWriter } from "../../tiles/pack/writer.js";
import { BlockCache } from "../sources/block-cache.js";
import { Mosaic } from "../sources/mosaic.js";
import { openSource } from "../sources/open.js";
import type { ImagerySource } from "../sources/source.js";
import { encodeLevel } from "./encode-level.js";
import { EncodingClient } from "./encoding-client.js";
import type { PackOptions } from "./options.js";
import { chooseGsds, coarseness, planLevels, planZooms, tilesInBox } from "./plan.js";
import { Progress, type ProgressStream } from "./progress.js";
import type { PackReport } from "./report.js";
import { TilePyramid } from "./tile-pyramid.js";

/** Decoded imagery held at a time; with the encoder and the band being encoded this stays well under 1.5 GB. */
const CACHE_BYTES = 320 * 2 ** 20;
/** Work of a tile of the finest zoom, with its share of those above, in blocks of the encoder. */
const TILE_WORK = 0.05;

export interface PackHooks {
  /** Where progress goes; null for silence. */
  readonly progress: ProgressStream | null;
  readonly warn: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Makes a pack: opens and checks the inputs, encodes every level, writes the tiles, and publishes the folder at once.
 * When anything fails, or the signal aborts, nothing is left of it.
 *
 * @throws UserError for what the user can mend; the signal's reason when aborted
 */
export async function buildPack(options: PackOptions, hooks: PackHooks): Promise<PackReport> {
  const began_ms = performance.now();
  const warnings: string[] = [];
  const warn = (line: string): void => {
    warnings.push(line);
    hooks.warn(line);
  };
  const model = loadModelFolder(options.modelDir, encoderCard);
  const { cell_px } = model.card;
  if (model.card.dense.stride_px !== FEATURE_STRIDE_PX) {
    throw new UserError(
      `${options.modelDir}: its features lie ${model.card.dense.stride_px} px apart, a pack's ${FEATURE_STRIDE_PX} px; use another encoder`,
    );
  }
  const retriever =
    options.retrieverDir === undefined ? undefined : loadModelFolder(options.retrieverDir, embedderCard).card;
  const gsds_m = chooseGsds(options.footprint, cell_px);
  const source = await openInputs(options, warn);
  try {
    const bbox = clip(source.bbox, options.bbox);
    const geometries = planLevels(bbox, gsds_m, cell_px, options.stride);
    const finest = geometries[0] as LevelGeometry;
    for (const line of coarseness(source.layers, finest.gsd_m, cell_px)) warn(line);
    const zoom = planZooms(bbox, source.nativeGsd_m, finest, options.zoom);
    const encoder = await EncodingClient.start(options);
    try {
      const writer = createWriter(options.out, {
        name: options.name ?? basename(options.out).replace(/\.skypack$/, ""),
        generator: `skylink-agent flash ${packageVersion()}`,
        bbox,
        zoom,
        tile_format: options.tileFormat === "jpeg" ? "jpg" : "webp",
        levels: geometries,
        layers: describeLayers(source.layers, options),
        encoder: { id: model.card.id, sha256: encoderIdentity(model.card) },
        ...(retriever === undefined ? {} : { retriever: { id: retriever.id, sha256: embedderIdentity(retriever) } }),
        descriptor: { width: (retriever ?? model.card).descriptor.width },
        features: { channels: model.card.dense.channels, scale: model.card.dense.feature_scale },
        overwrite: options.overwrite,
        ...(options.source === undefined ? {} : { attribution: options.source }),
      });
      const progress = new Progress(hooks.progress, totalWork(geometries, zoom.max, bbox));
      try {
        const job = {
          source,
          encoder,
          writer,
          progress,
          signal: hooks.signal,
          multiple_px: model.card.dense.multiple_px,
        };
        const covered_m2 = await encodeLevels(geometries, job);
        progress.phase("tiles");
        const onProgress = (step: { places: number; bytes: number }): void =>
          progress.add({ work: step.places * TILE_WORK, bytes: step.bytes });
        await new TilePyramid({
          source,
          bbox,
          zoom,
          format: options.tileFormat,
          writer,
          onProgress,
          signal: hooks.signal,
        }).run();
        progress.phase("writing");
        hooks.signal.throwIfAborted();
        const manifest = await writer.finish();
        return {
          pack: resolve(options.out),
          seconds: (performance.now() - began_ms) / 1000,
          area_km2: covered_m2 / 1e6,
          bytes: packBytes(options.out, manifest),
          warnings,
          manifest,
        };
      } catch (thrown) {
        writer.abort();
        throw thrown;
      } finally {
        progress.end();
      }
    } finally {
      await encoder.close();
    }
  } finally {
    await source.close();
  }
}

/** What the system says when a folder cannot be made is the user's to mend, whatever the reason. */
function createWriter(out: string, spec: PackSpec): PackWriter {
  try {
    return PackWriter.create(out, spec);
  } catch (thrown) {
    if (thrown instanceof UserError || !(thrown instanceof Error && "syscall" in thrown)) throw thrown;
    throw new UserError(`${out}: cannot be written there (${errorMessage(thrown)}); choose another --out`);
  }
}

async function encodeLevels(
  geometries: readonly LevelGeometry[],
  job: {
    source: ImagerySource;
    encoder: EncodingClient;
    writer: PackWriter;
    progress: Progress;
    signal: AbortSignal;
    multiple_px: number;
  },
): Promise<number> {
  let covered_m2 = 0;
  for (const geometry of geometries) {
    job.progress.phase(geometries.length === 1 ? "encoding" : `level ${geometry.level}`);
    const result = await encodeLevel({
      ...job,
      geometry,
      onProgress: ({ blocks, cells, bytes }) => job.progress.add({ work: blocks, cells, bytes }),
    });
    if (result.cells === 0) {
      throw new UserError(
        `the map holds no whole cell: nowhere is a square of ${(geometry.gsd_m * geometry.cell_px).toFixed(1)} m at least 90 % covered by imagery; ` +
          "give more imagery, or a smaller --agl or --footprint, and check --nodata",
      );
    }
    covered_m2 = Math.max(covered_m2, result.covered_m2);
  }
  return covered_m2;
}

async function openInputs(options: PackOptions, warn: (line: string) => void): Promise<Mosaic> {
  const cache = new BlockCache(CACHE_BYTES);
  const layers: ImagerySource[] = [];
  const given = {
    warn,
    ...(options.epsg === undefined ? {} : { epsg: options.epsg }),
    ...(options.nodata === undefined ? {} : { nodata: options.nodata }),
  };
  try {
    for (const input of options.inputs) layers.push(await openSource(input, cache, given));
  } catch (thrown) {
    for (const layer of layers) await layer.close();
    throw thrown;
  }
  return new Mosaic(layers);
}

function clip(map: GeoBounds, asked: GeoBounds | undefined): GeoBounds {
  if (asked === undefined) return map;
  const box = {
    west: Math.max(map.west, asked.west),
    south: Math.max(map.south, asked.south),
    east: Math.min(map.east, asked.east),
    north: Math.min(map.north, asked.north),
  };
  if (box.west < box.east && box.south < box.north) return box;
  const { west, south, east, north } = map;
  throw new UserError(
    `--bbox lies outside the map, which spans ${[west, south, east, north].map((v) => v.toFixed(6)).join(",")} (west,south,east,north)`,
  );
}

function describeLayers(layers: readonly ImagerySource[], options: PackOptions): LayerManifest[] {
  return layers.map((layer) => ({
    name: layer.name,
    source: options.source ?? layer.name,
    imagery_date: options.imageryDate ?? null,
    native_gsd_m: layer.nativeGsd_m,
  }));
}

function totalWork(geometries: readonly LevelGeometry[], zoom: number, bbox: GeoBounds): number {
  const blocks = geometries.reduce((sum, geometry) => {
    const grid = new LevelGrid(geometry);
    return sum + grid.block_cols * grid.block_rows;
  }, 0);
  return blocks + tilesInBox(zoom, bbox) * TILE_WORK;
}

function packBytes(dir: string, manifest: PackManifest): number {
  const files = Object.values(manifest.files).reduce((sum, { bytes }) => sum + bytes, 0);
  return files + readFileSync(join(dir, PACK_FILES.manifest)).length;
}

/** The version of this package. */
export function packageVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  return typeof parsed === "object" && parsed !== null && "version" in parsed ? String(parsed.version) : "unknown";
}
