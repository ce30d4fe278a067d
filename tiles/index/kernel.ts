import { readFileSync } from "node:fs";
import { readFully } from "../files.js";
import type { IndexLayout } from "./format.js";

// The types of Node's WebAssembly global that are used here (they come with the DOM library, which is not loaded).
interface Memory {
  readonly buffer: ArrayBuffer;
}
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number }) => Memory;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: { env: { memory: Memory } }) => { exports: { scan: Scan } };
};

type Scan = (
  rows: number,
  stride: number,
  groups: number,
  scales: number,
  errors: number,
  query: number,
  first: number,
  reach: number,
  threshold: number,
  out: number,
) => number;

let compiled: object | undefined;
function kernelModule(): object {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("./kernel.wasm", import.meta.url)));
  return compiled;
}

/** Queries that a slab holds at once. */
export const MAX_QUERIES = 64;
const PAGE = 65536;

/**
 * A bounded piece of the scan section in a WebAssembly memory of its own, with room for queries and for results.
 *
 * One memory for the whole index would end at 4 GiB; slabs do not, and a slab that is filled again and again scans an
 * index that does not fit into memory.
 */
export class Slab {
  /** Number of the first row held; a multiple of 4. */
  first = 0;
  /** Rows held. */
  count = 0;
  /** Per held row, from `first` on: the step of its int8 values and the bound on its error. */
  readonly scales: Float32Array;
  readonly errors: Float32Array;
  private readonly bytes: Uint8Array;
  private readonly out: Int32Array;
  private readonly queriesAt = 0;
  private readonly outAt: number;
  private readonly scalesAt: number;
  private readonly errorsAt: number;
  private readonly rowsAt: number;
  private readonly scanFunction: Scan;

  /**
   * @param capacity rows, a multiple of 4
   * @param chunk the most rows that one scan() will be asked for, a multiple of 4
   */
  constructor(
    private readonly layout: IndexLayout,
    readonly capacity: number,
    chunk: number,
  ) {
    this.outAt = MAX_QUERIES * layout.scan_stride * 2;
    this.scalesAt = this.outAt + chunk * 8 + 64;
    this.errorsAt = this.scalesAt + capacity * 4;
    this.rowsAt = Math.ceil((this.errorsAt + capacity * 4) / 64) * 64;
    const pages = Math.ceil((this.rowsAt + capacity * layout.scan_stride) / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const instance = new WebAssembly.Instance(kernelModule(), { env: { memory } });
    this.scanFunction = instance.exports.scan;
    this.bytes = new Uint8Array(memory.buffer);
    this.out = new Int32Array(memory.buffer);
    this.scales = new Float32Array(memory.buffer, this.scalesAt, capacity);
    this.errors = new Float32Array(memory.buffer, this.errorsAt, capacity);
  }

  /** Reads rows [first, first + count) from the index file; `first` must be a multiple of 4. */
  load(fd: number, path: string, first: number, count: number): void {
    const { layout } = this;
    this.first = first;
    this.count = count;
    readFully(fd, path, this.bytes, this.scalesAt, count * 4, layout.scales_offset + first * 4);
    readFully(fd, path, this.bytes, this.errorsAt, count * 4, layout.errors_offset + first * 4);
    const stride = layout.scan_stride;
    readFully(fd, path, this.bytes, this.rowsAt, count * stride, layout.scan_offset + first * stride);
  }

  /** Puts a quantised query into one of the MAX_QUERIES places. */
  setQuery(place: number, values: Int16Array): void {
    const at = this.queriesAt + place * this.layout.scan_stride * 2;
    this.bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
  }

  /**
   * Scans the groups of four rows that cover [start, end), which must be held, against a query.
   * @returns pairs (row number, int32 dot product) of the rows whose upper bound reaches the threshold; rows beside
   *   the wanted range can be among them. The array is overwritten by the next call.
   */
  scan(place: number, start: number, end: number, reach: number, threshold: number): Int32Array {
    const from = Math.floor((start - this.first) / 4) * 4;
    const groups = Math.ceil((end - this.first - from) / 4);
    const stride = this.layout.scan_stride;
    const found = this.scanFunction(
      this.rowsAt + from * stride,
      stride,
      groups,
      this.scalesAt + from * 4,
      this.errorsAt + from * 4,
      this.queriesAt + place * stride * 2,
      this.first + from,
      reach,
      threshold,
      this.outAt,
    );
    return this.out.subarray(this.outAt / 4, this.outAt / 4 + found * 2);
  }
}
