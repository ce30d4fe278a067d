import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { BufferedFile, copyInto } from "../files.js";
import { encodeIndexHeader, INDEX_HEADER_BYTES, indexLayout } from "./format.js";
import { norm, quantiseRow } from "./quantise.js";

/** The longest descriptor accepted: keeps every float32 of the scan far from overflow. */
const LONGEST = 1e15;

/**
 * Writes an index file in bounded memory: the sections grow in files of their own as rows arrive and are joined at the
 * end, because their places in the index file depend on the number of rows.
 */
export class IndexWriter {
  private count = 0;
  private normBound = 0;
  private readonly values: Int8Array;
  private readonly parts: { scan: BufferedFile; scales: BufferedFile; errors: BufferedFile; floats: BufferedFile };

  /**
   * @param folder where the temporary section files go; they are removed by finish() and abort()
   * @param width elements of a descriptor
   */
  constructor(
    folder: string,
    readonly width: number,
  ) {
    this.values = new Int8Array(Math.ceil(width / 16) * 16);
    const part = (name: string) => new BufferedFile(join(folder, `index.${name}.part`));
    this.parts = { scan: part("scan"), scales: part("scales"), errors: part("errors"), floats: part("floats") };
  }

  /** Rows so far. */
  get rows(): number {
    return this.count;
  }

  /** Appends a descriptor: `width` finite float32, of a length of at most 1e15. Throws a RangeError otherwise. */
  append(descriptor: Float32Array): void {
    if (descriptor.length !== this.width) {
      throw new RangeError(`a descriptor has ${descriptor.length} elements, the index ${this.width}`);
    }
    const length = norm(descriptor);
    if (!(length <= LONGEST))
      throw new RangeError(`the descriptor of row ${this.count} is not finite (length ${length})`);
    const { scale, error } = quantiseRow(descriptor, this.values);
    this.normBound = Math.max(this.normBound, Math.fround((length + error) * (1 + 1e-6)));
    this.parts.scan.write(this.values);
    this.parts.scales.write(Float32Array.of(scale));
    this.parts.errors.write(Float32Array.of(error));
    this.parts.floats.write(descriptor);
    this.count++;
  }

  /** Joins the sections into the index file at `path` (not synced to disk) and removes the temporary files. */
  finish(path: string): void {
    const layout = indexLayout(this.count, this.width, this.normBound);
    const out = openSync(path, "wx");
    try {
      writeSync(out, encodeIndexHeader(layout), 0, INDEX_HEADER_BYTES, 0);
      const sections: [BufferedFile, number][] = [
        [this.parts.scan, layout.scan_offset],
        [this.parts.scales, layout.scales_offset],
        [this.parts.errors, layout.errors_offset],
        [this.parts.floats, layout.floats_offset],
      ];
      for (const [part, offset] of sections) {
        part.close();
        // The gap before a section, if any, is a hole: it reads as zeros.
        copyInto(part.path, out, offset);
        rmSync(part.path);
      }
    } finally {
      closeSync(out);
    }
  }

  /** Closes and removes the temporary files. */
  abort(): void {
    for (const part of Object.values(this.parts)) {
      part.discard();
      rmSync(part.path, { force: true });
    }
  }
}
