import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { UserError } from "../tiles/errors.js";
import { encodeDirectory, type TiffEntry } from "./geotiff-tags.js";

/** What a GeoTIFF is to be. Data is 8 bit a channel, rows from north to south. */
export interface GeoTiffSpec {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 RGB, 4 RGB and alpha */
  readonly channels: 1 | 3 | 4;
  /** 4326, or a projected system: 3857, 326xx, ... */
  readonly epsg: number;
  /** outer corner of the top-left pixel, in the units of the system (degrees for 4326): x east, y north */
  readonly origin: { readonly x: number; readonly y: number };
  /** size of a pixel in the units of the system, both positive */
  readonly pixelSize: { readonly x: number; readonly y: number };
  /** value (in all channels) that means: nothing known here. Written as GDAL_NODATA */
  readonly nodata?: number;
  /** tiles of this side, a multiple of 16; 0 = strips. Default 256 */
  readonly tile_px?: number;
  readonly compression?: "deflate" | "none";
  /** how the georeference is stored. Default "scale" (ModelPixelScale + ModelTiepoint) */
  readonly georeference?: "scale" | "transformation";
  /** GTRasterType PixelIsPoint: the stored tie point is the centre of the top-left pixel instead of its corner */
  readonly pixelIsPoint?: boolean;
}

const STRIP_ROWS = 16;
const CLASSIC_LIMIT_BYTES = 3.9e9;

/**
 * Writes a GeoTIFF row by row: memory is one row of tiles, however large the map is. Files that may exceed 4 GB become
 * BigTIFF. Written beside its target and renamed by finish(), so that a file exists whole or not at all.
 */
export class GeoTiffWriter {
  private readonly file: number;
  private readonly temporary: string;
  private readonly big: boolean;
  private readonly blockWidth: number;
  private readonly blockHeight: number;
  private readonly band: Uint8Array;
  private readonly offsets: number[] = [];
  private readonly counts: number[] = [];
  private position: number;
  private rowsInBand = 0;
  private rowsWritten = 0;
  private open = true;

  constructor(
    private readonly path: string,
    private readonly spec: GeoTiffSpec,
  ) {
    checkSpec(spec);
    const tile = spec.tile_px ?? 256;
    this.blockWidth = tile === 0 ? spec.width : tile;
    this.blockHeight = tile === 0 ? STRIP_ROWS : tile;
    this.big = spec.width * spec.height * spec.channels > CLASSIC_LIMIT_BYTES;
    this.band = new Uint8Array(spec.width * this.blockHeight * spec.channels);
    this.temporary = `${path}.tmp-${process.pid}`;
    try {
      this.file = openSync(this.temporary, "w");
    } catch (thrown) {
      throw new UserError(`${path}: cannot be written (${thrown instanceof Error ? thrown.message : String(thrown)})`);
    }
    this.position = this.big ? 16 : 8;
    this.write(Buffer.alloc(this.position), 0);
  }

  /** Appends whole rows: height x width x channels bytes, interleaved. */
  writeRows(rows: Uint8Array): void {
    const stride = this.spec.width * this.spec.channels;
    if (rows.length % stride !== 0) throw new RangeError(`${rows.length} bytes are not whole rows of ${stride} bytes`);
    const count = rows.length / stride;
    if (this.rowsWritten + count > this.spec.height) throw new RangeError("more rows than the image is high");
    for (let row = 0; row < count; row++) {
      this.band.set(rows.subarray(row * stride, (row + 1) * stride), this.rowsInBand * stride);
      this.rowsInBand++;
      this.rowsWritten++;
      if (this.rowsInBand === this.blockHeight || this.rowsWritten === this.spec.height) this.flushBand();
    }
  }

  /** Writes the directory and puts the file in its place. All rows must have been written. */
  finish(): void {
    if (this.rowsWritten !== this.spec.height) {
      throw new RangeError(`${this.rowsWritten} of ${this.spec.height} rows were written`);
    }
    if (this.position % 2 === 1) this.position += this.write(Buffer.alloc(1), this.position);
    const directory = encodeDirectory(this.entries(), this.position, this.big);
    this.write(directory, this.position);
    const head = Buffer.alloc(this.big ? 16 : 8);
    head.write("II", 0, "latin1");
    head.writeUInt16LE(this.big ? 43 : 42, 2);
    if (this.big) {
      head.writeUInt16LE(8, 4);
      head.writeBigUInt64LE(BigInt(this.position), 8);
    } else head.writeUInt32LE(this.position, 4);
    this.write(head, 0);
    closeSync(this.file);
    this.open = false;
    renameSync(this.temporary, this.path);
  }

  /** Throws away what was written. Does nothing after finish(). */
  abort(): void {
    if (!this.open) return;
    closeSync(this.file);
    this.open = false;
    rmSync(this.temporary, { force: true });
  }

  private flushBand(): void {
    const { width, channels } = this.spec;
    const tiled = (this.spec.tile_px ?? 256) !== 0;
    const columns = Math.ceil(width / this.blockWidth);
    for (let c = 0; c < columns; c++) {
      const used = Math.min(this.blockWidth, width - c * this.blockWidth);
      const rows = tiled ? this.blockHeight : this.rowsInBand;
      const block = Buffer.alloc(this.blockWidth * rows * channels);
      for (let row = 0; row < this.rowsInBand; row++) {
        const from = (row * width + c * this.blockWidth) * channels;
        block.set(this.band.subarray(from, from + used * channels), row * this.blockWidth * channels);
      }
      const bytes = this.deflated ? deflateSync(predict(block, this.blockWidth, channels), { level: 5 }) : block;
      this.offsets.push(this.position);
      this.counts.push(bytes.length);
      this.position += this.write(bytes, this.position);
    }
    this.rowsInBand = 0;
  }

  private get deflated(): boolean {
    return (this.spec.compression ?? "deflate") === "deflate";
  }

  private write(bytes: Uint8Array, at: number): number {
    let done = 0;
    while (done < bytes.length) done += writeSync(this.file, bytes, done, bytes.length - done, at + done);
    return bytes.length;
  }

  private entries(): TiffEntry[] {
    const { spec } = this;
    const tiled = (spec.tile_px ?? 256) !== 0;
    const entries: TiffEntry[] = [
      { tag: 256, type: "long", values: [spec.width] },
      { tag: 257, type: "long", values: [spec.height] },
      { tag: 258, type: "short", values: Array.from({ length: spec.channels }, () => 8) },
      { tag: 259, type: "short", values: [this.deflated ? 8 : 1] },
      { tag: 262, type: "short", values: [spec.channels === 1 ? 1 : 2] },
      { tag: 277, type: "short", values: [spec.channels] },
      { tag: 284, type: "short", values: [1] },
      { tag: 339, type: "short", values: Array.from({ length: spec.channels }, () => 1) },
    ];
    if (this.deflated) entries.push({ tag: 317, type: "short", values: [2] });
    if (spec.channels === 4) entries.push({ tag: 338, type: "short", values: [2] });
    if (tiled) {
      entries.push({ tag: 322, type: "long", values: [this.blockWidth] });
      entries.push({ tag: 323, type: "long", values: [this.blockHeight] });
      entries.push({ tag: 324, type: "offset", values: this.offsets });
      entries.push({ tag: 325, type: "offset", values: this.counts });
    } else {
      entries.push({ tag: 273, type: "offset", values: this.offsets });
      entries.push({ tag: 278, type: "long", values: [STRIP_ROWS] });
      entries.push({ tag: 279, type: "offset", values: this.counts });
    }
    if (spec.nodata !== undefined) entries.push({ tag: 42113, type: "ascii", values: String(spec.nodata) });
    return [...entries, ...georeference(spec)];
  }
}

/** Writes a whole image that is in memory. */
export function writeGeoTiff(path: string, image: GeoTiffSpec & { readonly data: Uint8Array }): void {
  const writer = new GeoTiffWriter(path, image);
  try {
    writer.writeRows(image.data);
    writer.finish();
  } finally {
    writer.abort();
  }
}

/** GeoTIFF 1.1 keys: model type, raster type, and the system's EPSG code in the key of its kind. */
function georeference(spec: GeoTiffSpec): TiffEntry[] {
  const geographic = spec.epsg === 4326 || spec.epsg === 4258;
  const point = spec.pixelIsPoint ?? false;
  const { x: sx, y: sy } = spec.pixelSize;
  const x0 = spec.origin.x + (point ? sx / 2 : 0);
  const y0 = spec.origin.y - (point ? sy / 2 : 0);
  const keys = [[1024, geographic ? 2 : 1], [1025, point ? 2 : 1], geographic ? [2048, spec.epsg] : [3072, spec.epsg]];
  const directory = [1, 1, 1, keys.length];
  for (const [key = 0, value = 0] of keys) directory.push(key, 0, 1, value);
  const entries: TiffEntry[] = [{ tag: 34735, type: "short", values: directory }];
  if (spec.georeference === "transformation") {
    entries.push({ tag: 34264, type: "double", values: [sx, 0, 0, x0, 0, -sy, 0, y0, 0, 0, 0, 0, 0, 0, 0, 1] });
  } else {
    entries.push({ tag: 33550, type: "double", values: [sx, sy, 0] });
    entries.push({ tag: 33922, type: "double", values: [0, 0, 0, x0, y0, 0] });
  }
  return entries;
}

/** TIFF predictor 2: every byte as the difference to the same channel of the pixel on its left. */
function predict(block: Buffer, width: number, channels: number): Buffer {
  const stride = width * channels;
  const out = Buffer.from(block);
  for (let row = 0; row < block.length; row += stride) {
    for (let i = row + stride - 1; i >= row + channels; i--) {
      out[i] = ((block[i] ?? 0) - (block[i - channels] ?? 0)) & 255;
    }
  }
  return out;
}

function checkSpec(spec: GeoTiffSpec): void {
  const positive = (name: string, value: number): void => {
    if (!(value > 0) || !Number.isFinite(value)) throw new UserError(`GeoTIFF ${name} ${value}: must be above 0`);
  };
  positive("width", spec.width);
  positive("height", spec.height);
  positive("pixel size", spec.pixelSize.x);
  positive("pixel size", spec.pixelSize.y);
  const tile = spec.tile_px ?? 256;
  if (tile < 0 || tile % 16 !== 0) throw new UserError(`GeoTIFF tile side ${tile}: must be a multiple of 16, or 0`);
}
