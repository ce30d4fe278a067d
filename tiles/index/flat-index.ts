import { closeSync, existsSync, fstatSync, openSync } from "node:fs";
import { UserError } from "../errors.js";
import { readFully, requireLittleEndian } from "../files.js";
import { FloatRows } from "./float-rows.js";
import { decodeIndexHeader, INDEX_HEADER_BYTES, type IndexLayout } from "./format.js";
import { MAX_QUERIES, Slab } from "./kernel.js";
import { QuerySearch } from "./query-search.js";
import { type RowSet, rowRange, rowSubset } from "./row-set.js";

/** Where to search. All given limits hold together. */
export interface SearchOptions {
  /** First row that may be found; 0 when not given. */
  readonly from?: number;
  /** One past the last row that may be found; all rows when not given. */
  readonly to?: number;
  /** The only rows that may be found, in any order; double entries count once. */
  readonly subset?: Uint32Array;
}

/** Rows found, best first: scores descend, and of equal scores the smaller row comes first. */
export interface SearchResult {
  readonly rows: Uint32Array;
  readonly scores: Float32Array;
}

/** How much of the index to hold in memory; what is beyond is read from the file for every search. */
export interface IndexMemory {
  /** Bytes for the int8 scan rows (width + 8 bytes a row). Default 1 GiB. */
  readonly scan_bytes?: number;
  /** Bytes for the float32 rows. Few of them are read by a search, so the default is 256 MiB. */
  readonly float_bytes?: number;
}

/** The most that one WebAssembly memory holds. */
const SLAB_BYTES = 256 * 2 ** 20;
/** A slab that is filled from the file again and again. */
const STREAM_BYTES = 16 * 2 ** 20;
/** Rows of one call of the kernel: a piece that stays in the processor's cache while all queries pass over it. */
const CHUNK_BYTES = 512 * 2 ** 10;

/**
 * The flat index of a pack: exact search by dot product.
 *
 * An int8 copy of the rows is scanned with a bound on its error; rows that could belong to the result by that bound
 * are scored again from float32. The result equals a brute-force search in float32, bit for bit (see QuerySearch for
 * why, and `exactDot` for the order of the sum).
 */
export class FlatIndex {
  private readonly slabs: Slab[] = [];
  private readonly slabRows: number;
  private readonly streaming: boolean;
  private readonly chunkRows: number;
  private readonly floats: FloatRows;
  private fd: number | undefined;
  private scored = 0;

  private constructor(
    private readonly path: string,
    fd: number,
    private readonly layout: IndexLayout,
    memory: IndexMemory,
  ) {
    this.fd = fd;
    const { rows, scan_stride } = layout;
    const bytesPerRow = scan_stride + 8;
    const rowsIn = (bytes: number) => Math.max(4, Math.floor(bytes / bytesPerRow / 4) * 4);
    this.chunkRows = Math.max(64, Math.floor(CHUNK_BYTES / scan_stride / 4) * 4);
    this.streaming = rows * bytesPerRow > (memory.scan_bytes ?? 2 ** 30);
    const padded = Math.ceil(rows / 4) * 4;
    this.slabRows = Math.max(4, Math.min(padded, rowsIn(this.streaming ? STREAM_BYTES : SLAB_BYTES)));
    if (this.streaming) {
      this.slabs.push(new Slab(layout, this.slabRows, this.chunkRows));
    } else {
      for (let first = 0; first < rows; first += this.slabRows) {
        const count = Math.min(this.slabRows, rows - first);
        const slab = new Slab(layout, Math.ceil(count / 4) * 4, this.chunkRows);
        slab.load(fd, path, first, count);
        this.slabs.push(slab);
      }
    }
    this.floats = new FloatRows(fd, path, layout, memory.float_bytes ?? 256 * 2 ** 20);
  }

  /**
   * Opens an index file.
   * @throws UserError when it is missing, damaged or of another version
   */
  static open(path: string, memory: IndexMemory = {}): FlatIndex {
    requireLittleEndian();
    const { fd, layout } = openIndexFile(path);
    try {
      return new FlatIndex(path, fd, layout, memory);
    } catch (thrown) {
      closeSync(fd);
      throw thrown;
    }
  }

  /**
   * The size of an index, from its header alone.
   * @throws UserError when it is missing, damaged or of another version
   */
  static inspect(path: string): { rows: number; width: number } {
    const { fd, layout } = openIndexFile(path);
    closeSync(fd);
    return { rows: layout.rows, width: layout.width };
  }

  /** Number of rows. */
  get rows(): number {
    return this.layout.rows;
  }

  /** Elements of a descriptor. */
  get width(): number {
    return this.layout.width;
  }

  /** Rows scored from float32 by all searches so far: what the int8 scan could not decide. */
  get rescored(): number {
    return this.scored;
  }

  /** The float32 descriptor of a row, as it was written. */
  row(row: number): Float32Array {
    if (!Number.isInteger(row) || row < 0 || row >= this.rows) {
      throw new RangeError(`row ${row} is not in the index, which has ${this.rows} rows`);
    }
    return this.floats.get(row).slice();
  }

  /**
   * The `k` rows with the highest dot product (cosine, as rows and query are unit vectors) with `query`; fewer when
   * fewer rows may be found.
   * @throws RangeError for a query of another width or with a value that is not finite, or a `k` below 1
   */
  search(query: Float32Array, k: number, options: SearchOptions = {}): SearchResult {
    return this.searchMany([query], k, options)[0] as SearchResult;
  }

  /** {@link search} for several queries in one pass over the rows; the results are those of the single searches. */
  searchMany(queries: readonly Float32Array[], k: number, options: SearchOptions = {}): SearchResult[] {
    if (this.fd === undefined) throw new Error(`${this.path} is closed`);
    if (!Number.isInteger(k) || k < 1) throw new RangeError(`k must be a whole number of at least 1, it is ${k}`);
    for (const query of queries) this.checkQuery(query);
    const eligible =
      options.subset === undefined ? rowRange(this.rows, options) : rowSubset(this.rows, options.subset, options);
    const results: SearchResult[] = [];
    for (let at = 0; at < queries.length; at += MAX_QUERIES) {
      results.push(...this.searchBatch(queries.slice(at, at + MAX_QUERIES), Math.min(k, eligible.count), eligible));
    }
    return results;
  }

  /** Closes the file; a second call is harmless. */
  close(): void {
    if (this.fd === undefined) return;
    closeSync(this.fd);
    this.fd = undefined;
  }

  private searchBatch(queries: readonly Float32Array[], k: number, eligible: RowSet): SearchResult[] {
    if (k === 0) return queries.map(() => ({ rows: new Uint32Array(0), scores: new Float32Array(0) }));
    const searches = queries.map((query) => new QuerySearch(query, k, this.layout, this.floats, eligible));
    for (const slab of this.slabs) {
      searches.forEach((search, place) => {
        slab.setQuery(place, search.quantised.values);
      });
    }
    // While few rows were seen, nearly everything passes the threshold: start with a short piece.
    let chunk = Math.min(this.chunkRows, 256);
    for (const { start, end } of eligible.runs) {
      for (let at = start; at < end; ) {
        const slab = this.slabFor(at, end);
        // The kernel takes whole groups of four rows: a piece must not end inside one, or rows would be found twice.
        const stop = Math.min(end, Math.floor(at / 4) * 4 + chunk, slab.first + slab.count);
        searches.forEach((search, place) => {
          search.take(slab, slab.scan(place, at, stop, search.reach, search.threshold));
        });
        at = stop;
        chunk = this.chunkRows;
      }
    }
    const results = searches.map((search) => search.result());
    for (const search of searches) this.scored += search.rescored;
    return results;
  }

  /** A slab that holds row `at`, and as much of [at, end) as it can. */
  private slabFor(at: number, end: number): Slab {
    if (!this.streaming) return this.slabs[Math.floor(at / this.slabRows)] as Slab;
    const slab = this.slabs[0] as Slab;
    if (at < slab.first || at >= slab.first + slab.count) {
      const first = Math.floor(at / 4) * 4;
      const padded = Math.min(this.rows, Math.ceil(end / 4) * 4);
      slab.load(this.fd as number, this.path, first, Math.min(this.slabRows, padded - first));
    }
    return slab;
  }

  private checkQuery(query: Float32Array): void {
    if (query.length !== this.width) {
      throw new RangeError(`the query has ${query.length} elements, the index ${this.width}`);
    }
    if (!query.every(Number.isFinite)) throw new RangeError("the query has a value that is not finite");
  }
}

/**
 * Opens an index file for reading and checks its header against its size.
 * @throws UserError when it is missing, damaged or of another version
 */
function openIndexFile(path: string): { fd: number; layout: IndexLayout } {
  if (!existsSync(path)) throw new UserError(`${path} is missing`);
  const fd = openSync(path, "r");
  try {
    const size = fstatSync(fd).size;
    const header = Buffer.alloc(Math.min(size, INDEX_HEADER_BYTES));
    readFully(fd, path, header, 0, header.length, 0);
    return { fd, layout: decodeIndexHeader(header, size, path) };
  } catch (thrown) {
    closeSync(fd);
    throw thrown;
  }
}
