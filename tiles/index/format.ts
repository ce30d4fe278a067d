import { UserError } from "../errors.js";

/** index.bin: a header, then four sections, each at a multiple of 64 bytes (docs/pack-format.md has the table). */
export const INDEX_MAGIC = "SKYINDEX";
export const INDEX_VERSION = 1;
export const INDEX_HEADER_BYTES = 128;
const ALIGN = 64;

/** Where everything lies in an index file. */
export interface IndexLayout {
  readonly rows: number;
  /** Elements of a descriptor. */
  readonly width: number;
  /** Bytes of a scan row: `width` rounded up to a multiple of 16, the rest 0. */
  readonly scan_stride: number;
  readonly scan_offset: number;
  readonly scales_offset: number;
  readonly errors_offset: number;
  readonly floats_offset: number;
  readonly file_bytes: number;
  /** Upper bound on the length of every (scale * int8 row), float32. */
  readonly norm_bound: number;
}

const alignUp = (offset: number) => Math.ceil(offset / ALIGN) * ALIGN;

/** The layout of an index with `rows` descriptors of `width` elements. */
export function indexLayout(rows: number, width: number, norm_bound: number): IndexLayout {
  const scan_stride = Math.ceil(width / 16) * 16;
  const scan_offset = INDEX_HEADER_BYTES;
  const scales_offset = alignUp(scan_offset + rows * scan_stride);
  const errors_offset = alignUp(scales_offset + rows * 4);
  const floats_offset = alignUp(errors_offset + rows * 4);
  const file_bytes = floats_offset + rows * width * 4;
  return { rows, width, scan_stride, scan_offset, scales_offset, errors_offset, floats_offset, file_bytes, norm_bound };
}

/** The header of an index file. */
export function encodeIndexHeader(layout: IndexLayout): Buffer {
  const header = Buffer.alloc(INDEX_HEADER_BYTES);
  header.write(INDEX_MAGIC, 0, "latin1");
  header.writeUInt32LE(INDEX_VERSION, 8);
  header.writeUInt32LE(INDEX_HEADER_BYTES, 12);
  header.writeBigUInt64LE(BigInt(layout.rows), 16);
  header.writeUInt32LE(layout.width, 24);
  header.writeUInt32LE(layout.scan_stride, 28);
  header.writeBigUInt64LE(BigInt(layout.scan_offset), 32);
  header.writeBigUInt64LE(BigInt(layout.scales_offset), 40);
  header.writeBigUInt64LE(BigInt(layout.errors_offset), 48);
  header.writeBigUInt64LE(BigInt(layout.floats_offset), 56);
  header.writeBigUInt64LE(BigInt(layout.file_bytes), 64);
  header.writeFloatLE(layout.norm_bound, 72);
  return header;
}

/**
 * Reads and checks the header of an index file.
 * @param bytes its first INDEX_HEADER_BYTES bytes, or all of a shorter file
 * @param file_bytes the file's real size
 * @param path how messages name the file
 * @throws UserError for anything that is not a whole index of version 1
 */
export function decodeIndexHeader(bytes: Buffer, file_bytes: number, path: string): IndexLayout {
  if (bytes.length < INDEX_HEADER_BYTES) {
    throw new UserError(`${path} is truncated: ${file_bytes} bytes do not hold the index header, copy the pack again`);
  }
  if (bytes.toString("latin1", 0, 8) !== INDEX_MAGIC) {
    throw new UserError(`${path} is not an index file: it does not start with ${INDEX_MAGIC}, copy the pack again`);
  }
  const version = bytes.readUInt32LE(8);
  if (version !== INDEX_VERSION) {
    throw new UserError(`${path} has index version ${version}, this program reads version ${INDEX_VERSION}`);
  }
  const rows = Number(bytes.readBigUInt64LE(16));
  const width = bytes.readUInt32LE(24);
  const norm_bound = bytes.readFloatLE(72);
  const layout = indexLayout(rows, width, norm_bound);
  const sound =
    rows < 2 ** 32 &&
    width > 0 &&
    width <= 8192 &&
    norm_bound >= 0 &&
    encodeIndexHeader(layout).equals(bytes.subarray(0, INDEX_HEADER_BYTES));
  if (!sound) throw new UserError(`${path} has a damaged index header: copy the pack again`);
  if (layout.file_bytes !== file_bytes) {
    throw new UserError(
      `${path} is ${file_bytes < layout.file_bytes ? "truncated" : "too long"}: ` +
        `its header tells ${layout.file_bytes} bytes, the file has ${file_bytes}; copy the pack again`,
    );
  }
  return layout;
}
