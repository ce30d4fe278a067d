import { closeSync, openSync, readSync } from "node:fs";
import type Database from "better-sqlite3";
import { readFully } from "../files.js";
import { blockBytes, checkFeaturesHeader, FEATURES_HEADER_BYTES } from "./feature-format.js";
import { FEATURE_BLOCK } from "./manifest.js";
import { asked } from "./schema.js";

/** Reads windows of dense features from features.bin; keeps the blocks used last in memory. */
export class FeatureStore {
  private fd: number | undefined;
  /** Blocks by key, the one used last at the end; null for one that the map does not have. */
  private readonly cache = new Map<string, Int8Array | null>();
  private readonly capacity: number;
  private readonly find: Database.Statement<[number, number, number], { offset: number; bytes: number }>;

  /**
   * @param cache_bytes how much memory the blocks may take
   * @throws UserError when the file's header is not what pack.json says
   */
  constructor(
    private readonly path: string,
    private readonly channels: number,
    private readonly db: Database.Database,
    cache_bytes: number,
  ) {
    this.capacity = Math.max(4, Math.floor(cache_bytes / blockBytes(channels)));
    this.find = asked(db.name, () =>
      db.prepare("SELECT offset, bytes FROM feature_blocks WHERE level = ? AND block_row = ? AND block_col = ?"),
    );
    this.fd = openSync(path, "r");
    try {
      const header = Buffer.alloc(FEATURES_HEADER_BYTES);
      const got = readSync(this.fd, header, 0, header.length, 0);
      checkFeaturesHeader(header.subarray(0, got), channels, path);
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  /** See PackReader.featureWindow. */
  window(level: number, j0: number, i0: number, w: number, h: number): Int8Array {
    for (const value of [j0, i0, w, h]) {
      if (!Number.isInteger(value)) throw new RangeError(`a feature window has whole numbers, not ${value}`);
    }
    if (w < 1 || h < 1) throw new RangeError(`a feature window of ${w} x ${h} is empty`);
    const result = new Int8Array(h * w * this.channels);
    const last = { col: Math.floor((j0 + w - 1) / FEATURE_BLOCK), row: Math.floor((i0 + h - 1) / FEATURE_BLOCK) };
    for (let by = Math.floor(i0 / FEATURE_BLOCK); by <= last.row; by++) {
      for (let bx = Math.floor(j0 / FEATURE_BLOCK); bx <= last.col; bx++) {
        const block = bx < 0 || by < 0 ? null : this.block(level, bx, by);
        if (block !== null) this.copy(block, bx * FEATURE_BLOCK, by * FEATURE_BLOCK, result, j0, i0, w, h);
      }
    }
    return result;
  }

  /** Closes the file; a second call is harmless. */
  close(): void {
    if (this.fd === undefined) return;
    closeSync(this.fd);
    this.fd = undefined;
    this.cache.clear();
  }

  /** Copies what a block (its first feature at column j, row i) shares with the window. */
  private copy(
    block: Int8Array,
    j: number,
    i: number,
    window: Int8Array,
    j0: number,
    i0: number,
    w: number,
    h: number,
  ): void {
    const c = this.channels;
    const first = Math.max(j, j0);
    const end = Math.min(j + FEATURE_BLOCK, j0 + w);
    for (let row = Math.max(i, i0); row < Math.min(i + FEATURE_BLOCK, i0 + h); row++) {
      const from = ((row - i) * FEATURE_BLOCK + first - j) * c;
      window.set(block.subarray(from, from + (end - first) * c), ((row - i0) * w + first - j0) * c);
    }
  }

  private block(level: number, bx: number, by: number): Int8Array | null {
    const key = `${level}/${by}/${bx}`;
    const cached = this.cache.get(key);
    if (cached !== undefined) {
      this.cache.delete(key);
      this.cache.set(key, cached);
      return cached;
    }
    const block = this.load(level, bx, by);
    const oldest = this.cache.size < this.capacity ? undefined : this.cache.keys().next().value;
    if (oldest !== undefined) this.cache.delete(oldest);
    this.cache.set(key, block);
    return block;
  }

  private load(level: number, bx: number, by: number): Int8Array | null {
    if (this.fd === undefined) throw new Error(`${this.path} is closed`);
    const place = asked(this.db.name, () => this.find.get(level, by, bx));
    if (place === undefined) return null;
    const block = new Int8Array(blockBytes(this.channels));
    readFully(this.fd, this.path, new Uint8Array(block.buffer), 0, block.length, place.offset);
    return block;
  }
}
