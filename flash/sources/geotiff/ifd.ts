import type { RangeFile } from "./range-file.js";

/**
 * Reads TIFF's structure: TIFF 6.0 and BigTIFF, either byte order.
 *
 * Our own and not a package's, because every count and offset of an unknown file is checked against its size before
 * anything is allocated or read: a truncated or damaged file must fail here and not decode to black.
 */

/** The values of a tag: numbers of any type, text, or (type UNDEFINED) bytes. */
export type TagValue = Float64Array | string | Uint8Array;

/** The tags of one image that were asked for, by number. */
export type TagMap = ReadonlyMap<number, TagValue>;

export interface TiffStructure {
  readonly littleEndian: boolean;
  readonly directories: readonly TagMap[];
}

/** Directories beyond this are not a pyramid of one map. */
const MAX_DIRECTORIES = 64;
const MAX_TAGS = 4096;

const BYTES_OF_TYPE: Record<number, number> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
};

/** @throws Error when the file is not a TIFF, is truncated within its directories, or they make no sense */
export async function readTiffStructure(file: RangeFile, wanted: ReadonlySet<number>): Promise<TiffStructure> {
  const header = await file.read(0, 8);
  const littleEndian = header[0] === 0x49;
  const magic = littleEndian ? header.readUInt16LE(2) : header.readUInt16BE(2);
  const big = magic === 43;
  const read = new Numbers(littleEndian);
  let offset = big ? read.int(await file.read(8, 8), 0, 8) : read.int(header, 4, 4);
  const directories: TagMap[] = [];
  const visited = new Set<number>();
  while (offset !== 0 && directories.length < MAX_DIRECTORIES) {
    if (visited.has(offset)) throw new Error("its directories form a ring");
    visited.add(offset);
    const { tags, next } = await readDirectoryAt(file, offset, big, read, wanted);
    directories.push(tags);
    offset = next;
  }
  return { littleEndian, directories };
}

async function readDirectoryAt(
  file: RangeFile,
  offset: number,
  big: boolean,
  read: Numbers,
  wanted: ReadonlySet<number>,
): Promise<{ tags: Map<number, TagValue>; next: number }> {
  const word = big ? 8 : 4;
  const countBytes = big ? 8 : 2;
  const entryBytes = big ? 20 : 12;
  const count = read.int(await file.read(offset, countBytes), 0, countBytes);
  if (count > MAX_TAGS) throw new Error(`a directory of ${count} tags`);
  const body = await file.read(offset + countBytes, count * entryBytes + word);
  const tags = new Map<number, TagValue>();
  for (let i = 0; i < count; i++) {
    const at = i * entryBytes;
    const tag = read.int(body, at, 2);
    const type = read.int(body, at + 2, 2);
    const size = BYTES_OF_TYPE[type];
    if (!wanted.has(tag) || size === undefined) continue;
    const values = read.int(body, at + 4, word);
    const valueAt = at + 4 + word;
    const bytes = size * values;
    const raw =
      bytes <= word ? body.subarray(valueAt, valueAt + bytes) : await file.read(read.int(body, valueAt, word), bytes);
    tags.set(tag, decodeValues(raw, type, size, read));
  }
  return { tags, next: read.int(body, count * entryBytes, word) };
}

function decodeValues(raw: Buffer, type: number, size: number, read: Numbers): TagValue {
  if (type === 2) return raw.toString("latin1");
  if (type === 7) return new Uint8Array(raw);
  const values = new Float64Array(raw.length / size);
  for (let i = 0; i < values.length; i++) values[i] = read.ofType(raw, i * size, type, size);
  return values;
}

/** Reads numbers of one byte order. */
class Numbers {
  constructor(private readonly little: boolean) {}

  /** An unsigned integer of 2, 4 or 8 bytes. */
  int(bytes: Buffer, at: number, size: number): number {
    if (size === 8) return Number(this.little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
    return this.little ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size);
  }

  ofType(bytes: Buffer, at: number, type: number, size: number): number {
    switch (type) {
      case 5:
        return this.int(bytes, at, 4) / this.int(bytes, at + 4, 4);
      case 10:
        return this.signed(bytes, at, 4) / this.signed(bytes, at + 4, 4);
      case 6:
      case 8:
      case 9:
        return this.signed(bytes, at, size);
      case 11:
        return this.little ? bytes.readFloatLE(at) : bytes.readFloatBE(at);
      case 12:
        return this.little ? bytes.readDoubleLE(at) : bytes.readDoubleBE(at);
      case 17:
        return Number(this.little ? bytes.readBigInt64LE(at) : bytes.readBigInt64BE(at));
      default:
        return this.int(bytes, at, size);
    }
  }

  private signed(bytes: Buffer, at: number, size: number): number {
    return this.little ? bytes.readIntLE(at, size) : bytes.readIntBE(at, size);
  }
}
