import { errorMessage, UserError } from "../../../tiles/errors.js";
import { decodeBlock } from "./codecs.js";
import { Compression, type TiffDirectory } from "./directory.js";
import type { RangeFile } from "./range-file.js";

/** A decoded strip or tile bigger than this is refused: with a few of them memory would no longer be bounded. */
const MAX_BLOCK_BYTES = 128 * 2 ** 20;
/** Rows of an uncompressed strip that are read at a time. */
const RAW_STRIP_ROWS = 64;

/**
 * The strips or tiles of one TIFF image, decoded one at a time, without a cache.
 *
 * Long uncompressed strips are cut into short ones, so that a file in a single strip needs no more memory than any
 * other.
 */
export class TiffBlocks {
  readonly columns: number;
  readonly rows: number;
  readonly blockWidth: number;
  readonly blockHeight: number;

  constructor(
    readonly directory: TiffDirectory,
    readonly file: RangeFile,
    readonly path: string,
  ) {
    const { blockWidth, blockHeight } = directory;
    const cut = !directory.tiled && directory.compression === Compression.None && directory.bits >= 8;
    this.blockWidth = blockWidth;
    this.blockHeight =
      cut && blockHeight % RAW_STRIP_ROWS === 0 ? RAW_STRIP_ROWS : cut ? smallDivisor(blockHeight) : blockHeight;
    this.columns = Math.ceil(directory.width / blockWidth);
    this.rows = Math.ceil(directory.height / this.blockHeight);
    const bytes = blockWidth * this.blockHeight * directory.samples * Math.max(1, directory.bits / 8);
    if (bytes > MAX_BLOCK_BYTES) {
      const what = directory.tiled ? "tile" : "strip";
      throw new UserError(
        `${path}: one ${what} holds ${(bytes / 2 ** 20).toFixed(0)} MB of pixels, too much to read in pieces; rewrite it with gdal_translate -co TILED=YES -co COMPRESS=DEFLATE`,
      );
    }
  }

  /** Rows of blocks in block row by: fewer than blockHeight at the bottom of a stripped image; a tile is always whole. */
  blockRows(by: number): number {
    return this.directory.tiled
      ? this.blockHeight
      : Math.min(this.blockHeight, this.directory.height - by * this.blockHeight);
  }

  /**
   * The samples of the block, one array for each separate sample when planar, else one with them interleaved.
   * Null where the file leaves the block out (a sparse file). Throws UserError naming the block when it is damaged.
   */
  async read(bx: number, by: number): Promise<Uint8Array[] | null> {
    const separate = this.directory.planar ? this.directory.samples : 1;
    const parts: Uint8Array[] = [];
    for (let sample = 0; sample < separate; sample++) {
      const part = await this.#readPart(bx, by, sample);
      if (part === null) return null;
      parts.push(part);
    }
    return parts;
  }

  async #readPart(bx: number, by: number, sample: number): Promise<Uint8Array | null> {
    const { directory } = this;
    const rows = this.blockRows(by);
    const firstRow = by * this.blockHeight;
    const storedRow = Math.floor(firstRow / directory.blockHeight);
    const storedRows = Math.ceil(directory.height / directory.blockHeight);
    const index = (sample * storedRows + storedRow) * this.columns + bx;
    let offset = directory.offsets[index] ?? 0;
    let length = directory.byteCounts[index] ?? 0;
    if (length === 0) return null;
    if (this.blockHeight !== directory.blockHeight) {
      const rowBytes = this.blockWidth * (directory.planar ? 1 : directory.samples) * (directory.bits / 8);
      offset += (firstRow - storedRow * directory.blockHeight) * rowBytes;
      length = rows * rowBytes;
    }
    try {
      return await decodeBlock(await this.file.read(offset, length), directory, rows);
    } catch (thrown) {
      const what = directory.tiled ? "tile" : "strip";
      throw new UserError(`${this.path}: damaged: ${what} ${bx},${by} does not decode (${errorMessage(thrown)})`);
    }
  }
}

/** The largest divisor of n that is at most RAW_STRIP_ROWS. */
function smallDivisor(n: number): number {
  for (let d = Math.min(RAW_STRIP_ROWS, n); d > 1; d--) if (n % d === 0) return d;
  return 1;
}
