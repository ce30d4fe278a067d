import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type Database from "better-sqlite3";
import { UserError } from "../errors.js";
import { flipTileRow } from "../geodesy/tile-math.js";
import { distance_m, offsetToLonLat } from "../geodesy/wgs84.js";
import { unpackDirection } from "../index/direction.js";
import { FlatIndex, type IndexMemory } from "../index/flat-index.js";
import { CellTable } from "./cell-table.js";
import { FeatureStore } from "./feature-store.js";
import { LevelGrid } from "./level-grid.js";
import { decodeManifest, type LevelManifest, PACK_FILES, type PackManifest } from "./manifest.js";
import { asked, openDatabase } from "./schema.js";

/** A model by its name and by what it computes. */
export interface ModelIdentity {
  readonly id: string;
  readonly sha256: string;
}

export interface PackReaderOptions {
  /** Refuse a pack that was made with another encoder: its features mean nothing to this one. */
  readonly expectEncoder?: ModelIdentity;
  /**
   * Refuse a pack whose descriptors another retriever made; null: any but the encoder itself. Not given, it is null
   * when `expectEncoder` is given.
   */
  readonly expectRetriever?: ModelIdentity | null;
  /** Memory for feature blocks; 64 MiB when not given. */
  readonly feature_cache_bytes?: number;
  /** Memory for the index. */
  readonly index_memory?: IndexMemory;
}

/** Reads a pack. Opening checks what is cheap to check (verifyPack checks every byte); nothing is ever written. */
export class PackReader {
  private readonly levels = new Map<number, { grid: LevelGrid; manifest: LevelManifest; cells?: CellTable }>();
  private readonly selectTile: Database.Statement<[number, number, number], { tile_data: Buffer }>;
  private readonly selectBoxes: Database.Statement<number[], number>;
  private selectDescriptor: Database.Statement<[number], Buffer> | undefined;
  private openIndex: FlatIndex | undefined;
  private closed = false;

  private constructor(
    /** The pack's folder. */
    readonly dir: string,
    readonly manifest: PackManifest,
    private readonly db: Database.Database,
    private readonly features: FeatureStore,
    private readonly indexMemory: IndexMemory,
  ) {
    for (const level of manifest.levels) {
      const { cells: _cells, index_row0: _row0, feature_blocks: _blocks, ...geometry } = level;
      this.levels.set(level.level, { grid: new LevelGrid(geometry), manifest: level });
    }
    this.selectTile = asked(db.name, () =>
      db.prepare("SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"),
    );
    this.selectBoxes = asked(db.name, () =>
      db
        .prepare<number[], number>(
          "SELECT id FROM cells_rtree WHERE max_lon >= ? AND min_lon <= ? AND max_lat >= ? AND min_lat <= ? " +
            "AND max_level >= ? AND min_level <= ?",
        )
        .pluck(),
    );
  }

  /**
   * Opens a pack: its manifest and checksum, the size of every file, both binary headers, the database's schema.
   * @throws UserError when any of these is wrong, or the pack was made with other models than expected
   */
  static open(dir: string, options: PackReaderOptions = {}): PackReader {
    const folder = resolve(dir);
    const manifest = readManifest(folder);
    checkEncoder(folder, manifest, options.expectEncoder);
    checkRetriever(folder, manifest, options);
    for (const name of [PACK_FILES.tiles, PACK_FILES.index, PACK_FILES.features]) {
      checkSize(join(folder, name), manifest.files[name].bytes);
    }
    checkIndex(join(folder, PACK_FILES.index), manifest);
    const db = openDatabase(join(folder, PACK_FILES.tiles));
    let features: FeatureStore | undefined;
    try {
      features = new FeatureStore(
        join(folder, PACK_FILES.features),
        manifest.features.channels,
        db,
        options.feature_cache_bytes ?? 64 * 2 ** 20,
      );
      return new PackReader(folder, manifest, db, features, options.index_memory ?? {});
    } catch (thrown) {
      features?.close();
      db.close();
      throw thrown;
    }
  }

  /** Geometry of a level. Throws a UserError when the pack has no such level. */
  level(level: number): LevelGrid {
    return this.levelEntry(level).grid;
  }

  /** The cells of a level; read from the database by the first call. Rows are those of the index. */
  cells(level: number): CellTable {
    const entry = this.levelEntry(level);
    entry.cells ??= new CellTable(this.db, entry.grid, entry.manifest);
    return entry.cells;
  }

  /** Index rows, ascending, of the cells of a level whose centre is within `radius_m` of a place. */
  cellsWithin(level: number, lat_deg: number, lon_deg: number, radius_m: number): Uint32Array {
    const cells = this.cells(level);
    const place = { lat_deg, lon_deg };
    // The box of the circle, a little larger than the two formulas can disagree.
    const reach_m = radius_m * 1.001 + 1;
    const north = offsetToLonLat(place, reach_m, 0).lat_deg;
    const south = offsetToLonLat(place, -reach_m, 0).lat_deg;
    const widest = Math.abs(north) > Math.abs(south) ? north : south;
    const span_deg = offsetToLonLat({ lat_deg: widest, lon_deg: 0 }, 0, reach_m).lon_deg;
    const boxes = asked(this.db.name, () =>
      this.selectBoxes.all(lon_deg - span_deg, lon_deg + span_deg, south, north, level, level),
    );
    return Uint32Array.from(boxes.filter((row) => distance_m(place, cells.centre(row)) <= radius_m)).sort();
  }

  /**
   * What the encoder itself makes of a cell, in a pack with a retriever (in any other it is what the index holds).
   * Throws a UserError when the pack has none of that row.
   */
  encoderDescriptor(row: number): Float32Array {
    this.requireOpen();
    this.selectDescriptor ??= asked(this.db.name, () =>
      this.db.prepare<[number], Buffer>("SELECT descriptor FROM encoder_descriptors WHERE row = ?").pluck(),
    );
    const select = this.selectDescriptor;
    const bytes = asked(this.db.name, () => select.get(row));
    if (bytes === undefined)
      throw new UserError(`${this.dir} has no encoder's descriptor of cell ${row}: make it again`);
    return unpackDirection(bytes);
  }

  /** The index over the cells of all levels; loaded by the first use. */
  get index(): FlatIndex {
    this.requireOpen();
    this.openIndex ??= FlatIndex.open(join(this.dir, PACK_FILES.index), this.indexMemory);
    return this.openIndex;
  }

  /**
   * A window of the dense features of a level: `w` features to the east and `h` to the south from feature column `j0`,
   * row `i0` on, as int8 HWC, so result[(i * w + j) * channels + c]. Zeros where the map has no data or ends; the
   * window may lie anywhere. Divide by manifest.features.scale for the encoder's floats.
   */
  featureWindow(level: number, j0: number, i0: number, w: number, h: number): Int8Array {
    this.levelEntry(level);
    return this.features.window(level, j0, i0, w, h);
  }

  /** A compressed image tile in XYZ numbering, or null where the pack has none. */
  tile(z: number, x: number, y: number): Buffer | null {
    this.requireOpen();
    return asked(this.db.name, () => this.selectTile.get(z, x, flipTileRow(z, y)))?.tile_data ?? null;
  }

  /** Closes all files; a second call is harmless. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.openIndex?.close();
    this.features.close();
    this.db.close();
  }

  private levelEntry(level: number): { grid: LevelGrid; manifest: LevelManifest; cells?: CellTable } {
    this.requireOpen();
    const entry = this.levels.get(level);
    if (entry === undefined) {
      throw new UserError(`${this.dir} has no level ${level}: it has ${[...this.levels.keys()].join(", ")}`);
    }
    return entry;
  }

  private requireOpen(): void {
    if (this.closed) throw new Error(`the pack ${this.dir} is closed`);
  }
}

/**
 * Reads pack.json of a pack.
 * @throws UserError when the folder is no pack, or the manifest is damaged or of another version
 */
export function readManifest(dir: string): PackManifest {
  if (!existsSync(dir)) throw new UserError(`${dir} does not exist`);
  if (!statSync(dir).isDirectory()) throw new UserError(`${dir} is not a folder: a pack is a folder NAME.skypack`);
  const path = join(dir, PACK_FILES.manifest);
  if (!existsSync(path)) throw new UserError(`${dir} is not a pack: it has no ${PACK_FILES.manifest}`);
  return decodeManifest(readFileSync(path), path);
}

/** Throws a UserError unless the file exists with exactly this size. */
export function checkSize(path: string, bytes: number): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) throw new UserError(`${path} is missing: copy the pack again`);
  if (stat.size !== bytes) {
    const what = stat.size < bytes ? "truncated" : "too long";
    throw new UserError(`${path} is ${what}: pack.json tells ${bytes} bytes, it has ${stat.size}; copy the pack again`);
  }
}

/** Throws a UserError unless index.bin is whole and as large as the manifest says. */
export function checkIndex(path: string, manifest: PackManifest): void {
  const { rows, width } = FlatIndex.inspect(path);
  if (rows !== manifest.counts.cells || width !== manifest.descriptor.width) {
    throw new UserError(
      `${path} has ${rows} rows of ${width}, pack.json counts ${manifest.counts.cells} cells of ` +
        `${manifest.descriptor.width}: copy the pack again`,
    );
  }
}

function checkEncoder(dir: string, { encoder }: PackManifest, expected: PackReaderOptions["expectEncoder"]): void {
  if (expected === undefined || (expected.id === encoder.id && expected.sha256 === encoder.sha256)) return;
  throw new UserError(
    `${dir} was made with encoder ${encoder.id} (sha256 ${encoder.sha256}), the one in use is ${expected.id} ` +
      `(sha256 ${expected.sha256}): make the pack again with it, or use the pack's encoder`,
  );
}

function checkRetriever(dir: string, { retriever }: PackManifest, options: PackReaderOptions): void {
  if (options.expectRetriever === undefined && options.expectEncoder === undefined) return;
  const expected = options.expectRetriever ?? null;
  if (retriever === undefined && expected === null) return;
  if (retriever !== undefined && retriever.id === expected?.id && retriever.sha256 === expected.sha256) return;
  const named = ({ id, sha256 }: ModelIdentity): string => `retriever ${id} (sha256 ${sha256})`;
  if (retriever === undefined) {
    throw new UserError(
      `${dir} was made without a retriever, the one in use is ${expected === null ? "none" : named(expected)}: ` +
        "leave it out, or make the pack again with `flash pack --retriever`",
    );
  }
  throw new UserError(
    `${dir} was made with ${named(retriever)}, ` +
      `the one in use is ${expected === null ? "the encoder alone" : named(expected)}: use the pack's retriever ` +
      "(--retriever FOLDER, models.retriever in agent.toml), or make the pack again",
  );
}
