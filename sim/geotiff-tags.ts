/** The directory of a TIFF file: entries sorted by tag, values inline where they fit, else after the directory. */

/** One value list of a TIFF directory. `long8` is written as BigTIFF's 64-bit offsets, or as 32-bit in a classic file. */
export interface TiffEntry {
  readonly tag: number;
  readonly type: "short" | "long" | "offset" | "double" | "ascii";
  readonly values: readonly number[] | string;
}

const SHORT = 3;
const LONG = 4;
const DOUBLE = 12;
const ASCII = 2;
const LONG8 = 16;

/**
 * The bytes of a directory that will stand at `position` of the file.
 * @param big BigTIFF (64-bit offsets) instead of classic TIFF
 */
export function encodeDirectory(entries: readonly TiffEntry[], position: number, big: boolean): Buffer {
  const sorted = [...entries].sort((a, b) => a.tag - b.tag);
  const entrySize = big ? 20 : 12;
  const inline = big ? 8 : 4;
  const head = Buffer.alloc((big ? 8 : 2) + sorted.length * entrySize + (big ? 8 : 4));
  if (big) head.writeBigUInt64LE(BigInt(sorted.length), 0);
  else head.writeUInt16LE(sorted.length, 0);
  const tail: Buffer[] = [];
  let tailAt = position + head.length;
  let at = big ? 8 : 2;
  for (const entry of sorted) {
    const { type, count, bytes } = encodeValues(entry, big);
    head.writeUInt16LE(entry.tag, at);
    head.writeUInt16LE(type, at + 2);
    if (big) head.writeBigUInt64LE(BigInt(count), at + 4);
    else head.writeUInt32LE(count, at + 4);
    const valueAt = at + (big ? 12 : 8);
    if (bytes.length <= inline) {
      bytes.copy(head, valueAt);
    } else {
      if (big) head.writeBigUInt64LE(BigInt(tailAt), valueAt);
      else head.writeUInt32LE(tailAt, valueAt);
      const padded = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
      tail.push(padded);
      tailAt += padded.length;
    }
    at += entrySize;
  }
  return Buffer.concat([head, ...tail]);
}

function encodeValues(entry: TiffEntry, big: boolean): { type: number; count: number; bytes: Buffer } {
  if (typeof entry.values === "string") {
    const bytes = Buffer.from(`${entry.values}\0`, "latin1");
    return { type: ASCII, count: bytes.length, bytes };
  }
  const { values } = entry;
  const count = values.length;
  switch (entry.type) {
    case "double": {
      const bytes = Buffer.alloc(count * 8);
      values.forEach((v, i) => {
        bytes.writeDoubleLE(v, i * 8);
      });
      return { type: DOUBLE, count, bytes };
    }
    case "short": {
      const bytes = Buffer.alloc(count * 2);
      values.forEach((v, i) => {
        bytes.writeUInt16LE(v, i * 2);
      });
      return { type: SHORT, count, bytes };
    }
    case "offset":
      if (big) {
        const bytes = Buffer.alloc(count * 8);
        values.forEach((v, i) => {
          bytes.writeBigUInt64LE(BigInt(v), i * 8);
        });
        return { type: LONG8, count, bytes };
      }
      return { type: LONG, count, bytes: longs(values) };
    default:
      return { type: LONG, count, bytes: longs(values) };
  }
}

function longs(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((v, i) => {
    bytes.writeUInt32LE(v, i * 4);
  });
  return bytes;
}
