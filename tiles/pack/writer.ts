import { writeFileSync } from "node:fs";
import type Database from "better-sqlite3";
import { UserError } from "../errors.js";
import { BufferedFile, diskError, hashFile, requireLittleEndian } from "../files.js";
import { flipTileRow } from "../geodesy/tile-math.js";
import { packDirection } from "../index/direction.js";
import { IndexWriter } from "../index/writer.js";
import { creationTime } from "./creation-time.js";
import { blockBytes, encodeFeaturesHeader, FEATURES_HEADER_BYTES } from "./feature-format.js";
import { imageType } from "./image-type.js";
import { once, requireUnit } from "./insertion.js";
import { LevelGrid } from "./level-grid.js";
import {
  DATABASE_VERSION,
  encodeManifest,
  FEATURE_BLOCK,
  FEATURE_STRIDE_PX,
  PACK_FILES,
  PACK_VERSION,
  PACK_VERSION_WITH_RETRIEVER,
  type PackManifest,
  PackSpec,
} from "./manifest.js";
import { createDatabase } from "./schema.js";
import { Staging } from "./staging.js";

/** Where a cell lies: the top-left pixel of its window on the level grid. */
export interface CellPlacement {
  readonly level: number;
  /** A multiple of the level's stride. */
  readonly col0_px: number;
  readonly row0_px: number;
}

interface LevelState {
  readonly grid: LevelGrid;
  cells: number;
  row0: number;
  blocks: number;
}

/**
 * Writes a pack. Everything goes to disk as it comes, so memory stays bounded; the pack appears under its name only
 * when finish() is through. Until then, and after abort(), the target is untouched.
 *
 * The same calls in the same order give the same bytes.
 */
export class PackWriter {
  private readonly levels = new Map<number, LevelState>();
  private readonly insertTile: Database.Statement<[number, number, number, Uint8Array]>;
  private readonly insertCell: Database.Statement<[number, number, number, number, number, number]>;
  private readonly insertBox: Database.Statement<number[]>;
  private readonly insertDescriptor: Database.Statement<[number, Int8Array]> | null;
  private readonly insertBlock: Database.Statement<[number, number, number, number, number]>;
  private tiles = 0;
  private state: "open" | "closed" = "open";

  private constructor(
    private readonly spec: PackSpec,
    private readonly staging: Staging,
    private readonly db: Database.Database,
    private readonly index: IndexWriter,
    private readonly features: BufferedFile,
  ) {
    for (const geometry of spec.levels) {
      this.levels.set(geometry.level, { grid: new LevelGrid(geometry), cells: 0, row0: 0, blocks: 0 });
    }
    // SQLite's integers are bound as numbers: better-sqlite3 stores whole numbers in INTEGER columns as integers.
    this.insertTile = db.prepare("INSERT INTO tiles VALUES (?, ?, ?, ?)");
    this.insertCell = db.prepare("INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?)");
    this.insertBox = db.prepare("INSERT INTO cells_rtree VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.insertDescriptor =
      spec.retriever === undefined ? null : db.prepare("INSERT INTO encoder_descriptors VALUES (?, ?)");
    this.insertBlock = db.prepare("INSERT INTO feature_blocks VALUES (?, ?, ?, ?, ?)");
    features.write(encodeFeaturesHeader(spec.features.channels));
  }

  /**
   * Begins a pack that will be the folder `outDir`.
   * @throws UserError when `outDir` exists (unless it is a pack and `spec.overwrite`), its parent does not, another
   *   process is writing it, or the spec breaks the format
   */
  static create(outDir: string, spec: PackSpec): PackWriter {
    requireLittleEndian();
    const parsed = PackSpec.safeParse(spec);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new UserError(`the pack cannot be described: ${issue?.path.join(".")} ${issue?.message}`);
    }
    const staging = Staging.begin(outDir, spec.overwrite ?? false);
    const undo = [() => staging.abandon()];
    try {
      const db = createDatabase(staging.file(PACK_FILES.tiles), parsed.data, DATABASE_VERSION);
      undo.unshift(() => db.close());
      const index = new IndexWriter(staging.folder, spec.descriptor.width);
      undo.unshift(() => index.abort());
      const features = new BufferedFile(staging.file(PACK_FILES.features));
      undo.unshift(() => features.discard());
      return new PackWriter(parsed.data, staging, db, index, features);
    } catch (thrown) {
      for (const step of undo) step();
      throw diskError(thrown, outDir);
    }
  }

  /** Rows of the index so far: the row that the next putCell() will get. */
  get cells(): number {
    return this.index.rows;
  }

  /** Adds an image tile in XYZ numbering (y from the north), compressed as the spec's `tile_format` says. */
  putTile(z: number, x: number, y: number, image: Uint8Array): void {
    this.write(() => {
      const { zoom, tile_format } = this.spec;
      const side = 2 ** z;
      if (!(z >= zoom.min && z <= zoom.max && x >= 0 && y >= 0 && x < side && y < side)) {
        throw new RangeError(`tile ${z}/${x}/${y} is outside zoom ${zoom.min} to ${zoom.max} or outside the world`);
      }
      const type = imageType(image);
      if (type !== tile_format) {
        throw new RangeError(`tile ${z}/${x}/${y} is ${type ?? "not an image"}, the pack's tiles are ${tile_format}`);
      }
      once(`tile ${z}/${x}/${y}`, () => this.insertTile.run(z, x, flipTileRow(z, y), image));
      this.tiles++;
    });
  }

  /**
   * Adds a cell and its descriptor, a unit vector. Cells come level by level in the order of `spec.levels`; within a
   * level any order is right, row by row makes searches in a small area fastest. A cell lies within the level grid.
   * @param encoders in a pack with a retriever, the encoder's own descriptor of the cell
   * @returns the cell's row in the index
   */
  putCell(cell: CellPlacement, descriptor: Float32Array, encoders?: Float32Array): number {
    return this.write(() => {
      const state = this.levelState(cell.level);
      this.checkCell(cell, state, descriptor);
      if ((encoders !== undefined) !== (this.insertDescriptor !== null)) {
        throw new RangeError(
          "the encoder's own descriptor goes with the cells of a pack with a retriever, and with no other",
        );
      }
      const row = this.index.rows;
      if (state.cells === 0) state.row0 = row;
      const { grid } = state;
      const { level, col0_px, row0_px } = cell;
      const half = grid.cell_px / 2;
      const centre = grid.pxToLonLat(col0_px + half, row0_px + half);
      const northWest = grid.pxToLonLat(col0_px, row0_px);
      const southEast = grid.pxToLonLat(col0_px + grid.cell_px, row0_px + grid.cell_px);
      once(`cell ${col0_px},${row0_px} of level ${level}`, () =>
        this.insertCell.run(row, level, col0_px, row0_px, centre.lat_deg, centre.lon_deg),
      );
      const lon = [northWest.lon_deg, southEast.lon_deg];
      const lat = [southEast.lat_deg, northWest.lat_deg];
      this.insertBox.run(row, ...lon, ...lat, level, level);
      if (encoders !== undefined) {
        requireUnit("the encoder's own descriptor of a cell", encoders);
        this.insertDescriptor?.run(row, packDirection(encoders));
      }
      this.index.append(descriptor);
      state.cells++;
      return row;
    });
  }

  /**
   * Adds a block of dense features: 64 x 64 features from feature (64 bx, 64 by) of the level on, row-major HWC, so
   * data[(i * 64 + j) * channels + c]. An all-zero vector means no data there; a block of nothing else is not stored,
   * and a block that is never put reads as zeros.
   */
  putFeatureBlock(level: number, bx: number, by: number, data: Int8Array): void {
    this.write(() => {
      const state = this.levelState(level);
      const bytes = blockBytes(this.spec.features.channels);
      if (data.length !== bytes) throw new RangeError(`a feature block has ${bytes} bytes, ${data.length} were given`);
      const { block_cols, block_rows } = state.grid;
      if (!(bx >= 0 && by >= 0 && bx < block_cols && by < block_rows)) {
        throw new RangeError(`block ${bx},${by} is not on level ${level}, which has ${block_cols} x ${block_rows}`);
      }
      if (data.every((value) => value === 0)) return;
      const offset = this.features.bytes;
      once(`block ${bx},${by} of level ${level}`, () => this.insertBlock.run(level, by, bx, offset, bytes));
      this.features.write(data);
      state.blocks++;
    });
  }

  /**
   * Joins the index, hashes the files, writes pack.json, makes all durable and gives the folder its name. When it
   * fails, nothing is left.
   * @throws UserError when no cell was put, or the disk refuses
   */
  async finish(): Promise<PackManifest> {
    this.requireOpen();
    try {
      if (this.index.rows === 0) {
        throw new UserError(
          `${this.staging.target} would have no cell: the map has no data, or is smaller than a cell`,
        );
      }
      this.db.exec("COMMIT");
      this.db.close();
      this.features.close();
      this.index.finish(this.staging.file(PACK_FILES.index));
      const { bytes, manifest } = encodeManifest(await this.describe());
      writeFileSync(this.staging.file(PACK_FILES.manifest), bytes, { flag: "wx" });
      this.staging.publish();
      this.state = "closed";
      return manifest;
    } catch (thrown) {
      this.abort();
      throw diskError(thrown, this.staging.target);
    }
  }

  /** Gives up: removes all that was written. Harmless after finish() or a first abort(). */
  abort(): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.db.close();
    this.features.discard();
    this.index.abort();
    this.staging.abandon();
  }

  private async describe(): Promise<Omit<PackManifest, "checksum">> {
    const { spec } = this;
    const states = spec.levels.map((geometry) => this.levelState(geometry.level));
    let row0 = 0;
    const levels = spec.levels.map((geometry, at) => {
      const { cells, blocks } = states[at] as LevelState;
      const level = { ...geometry, cells, index_row0: row0, feature_blocks: blocks };
      row0 += cells;
      return level;
    });
    return {
      format: "skypack",
      version: spec.retriever === undefined ? PACK_VERSION : PACK_VERSION_WITH_RETRIEVER,
      name: spec.name,
      created: creationTime(spec.layers),
      generator: spec.generator,
      bbox: spec.bbox,
      zoom: spec.zoom,
      levels,
      layers: spec.layers,
      encoder: spec.encoder,
      ...(spec.retriever === undefined ? {} : { retriever: { ...spec.retriever, width: spec.descriptor.width } }),
      descriptor: { width: spec.descriptor.width, dtype: "int8+float32" },
      features: {
        channels: spec.features.channels,
        stride_px: FEATURE_STRIDE_PX,
        dtype: "int8",
        scale: spec.features.scale,
        block: FEATURE_BLOCK,
      },
      counts: {
        tiles: this.tiles,
        cells: this.index.rows,
        feature_blocks: (this.features.bytes - FEATURES_HEADER_BYTES) / blockBytes(spec.features.channels),
      },
      files: {
        [PACK_FILES.tiles]: await hashFile(this.staging.file(PACK_FILES.tiles)),
        [PACK_FILES.index]: await hashFile(this.staging.file(PACK_FILES.index)),
        [PACK_FILES.features]: await hashFile(this.staging.file(PACK_FILES.features)),
      },
    };
  }

  private checkCell({ level, col0_px, row0_px }: CellPlacement, state: LevelState, descriptor: Float32Array): void {
    const { grid } = state;
    const name = `cell ${col0_px},${row0_px} of level ${level}`;
    const last = { col: grid.feature_cols * FEATURE_STRIDE_PX, row: grid.feature_rows * FEATURE_STRIDE_PX };
    const aligned = col0_px % grid.stride_px === 0 && row0_px % grid.stride_px === 0;
    if (!aligned) throw new RangeError(`${name} is not at a multiple of the stride, ${grid.stride_px} px`);
    if (!(col0_px >= 0 && row0_px >= 0 && col0_px + grid.cell_px <= last.col && row0_px + grid.cell_px <= last.row)) {
      throw new RangeError(`${name} leaves the level grid of ${last.col} x ${last.row} px`);
    }
    if (state.cells > 0 && state.row0 + state.cells !== this.index.rows) {
      throw new RangeError(`${name} comes after cells of another level: put each level's cells together`);
    }
    if (state.cells === 0) this.checkLevelOrder(level);
    if (descriptor.length !== this.spec.descriptor.width) {
      throw new RangeError(
        `the descriptor of ${name} has ${descriptor.length} elements, the pack's have ${this.spec.descriptor.width}`,
      );
    }
    requireUnit(`the descriptor of ${name}`, descriptor);
  }

  private checkLevelOrder(level: number): void {
    const order = this.spec.levels.map((geometry) => geometry.level);
    const later = order.slice(order.indexOf(level) + 1).find((other) => this.levelState(other).cells > 0);
    if (later !== undefined) throw new RangeError(`cells of level ${level} come before those of level ${later}`);
  }

  private levelState(level: number): LevelState {
    const state = this.levels.get(level);
    if (state === undefined) throw new RangeError(`level ${level} is not one of the pack's levels`);
    return state;
  }

  private write<T>(action: () => T): T {
    this.requireOpen();
    try {
      return action();
    } catch (thrown) {
      throw diskError(thrown, this.staging.target);
    }
  }

  private requireOpen(): void {
    if (this.state === "closed") throw new Error(`the pack ${this.staging.target} is finished or aborted`);
  }
}
