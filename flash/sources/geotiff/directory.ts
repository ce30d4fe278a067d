import { z } from "zod";
import { UserError } from "../../../tiles/errors.js";
import { GeoTag } from "./geokeys.js";
import type { TagMap } from "./ifd.js";

/** TIFF's PhotometricInterpretation values that carry imagery. */
export const Photometric = { WhiteIsZero: 0, BlackIsZero: 1, Rgb: 2, Palette: 3, Mask: 4, YCbCr: 6 } as const;

/** TIFF's Compression values that this reader treats in a way of its own. */
export const Compression = {
  None: 1,
  Lzw: 5,
  Jpeg: 7,
  Deflate: 8,
  PackBits: 32773,
  DeflateOld: 32946,
  WebP: 50001,
} as const;

const Tag = {
  NewSubfileType: 254,
  ImageWidth: 256,
  ImageLength: 257,
  BitsPerSample: 258,
  Compression: 259,
  PhotometricInterpretation: 262,
  FillOrder: 266,
  StripOffsets: 273,
  SamplesPerPixel: 277,
  RowsPerStrip: 278,
  StripByteCounts: 279,
  PlanarConfiguration: 284,
  Predictor: 317,
  ColorMap: 320,
  TileWidth: 322,
  TileLength: 323,
  TileOffsets: 324,
  TileByteCounts: 325,
  ExtraSamples: 338,
  SampleFormat: 339,
  JPEGTables: 347,
  GDAL_NODATA: 42113,
} as const;

/** The tags this reader looks at. */
export const WANTED_TAGS: ReadonlySet<number> = new Set([...Object.values(Tag), ...Object.values(GeoTag)]);

const count = z
  .number()
  .int()
  .positive()
  .max(2 ** 31);
const array = (inner: z.ZodType<number, number>) =>
  z
    .instanceof(Float64Array)
    .transform((v) => [...v])
    .pipe(z.array(inner).min(1));
const single = <T>(inner: z.ZodType<T, number>) =>
  z
    .instanceof(Float64Array)
    .transform((v) => v[0] ?? Number.NaN)
    .pipe(inner);
const integer = z.number().int();

/** What is read of an image file directory, as TIFF 6.0 names it. */
const Tags = z.object({
  NewSubfileType: single(integer).default(0),
  ImageWidth: single(count),
  ImageLength: single(count),
  SamplesPerPixel: single(count.max(1024)).default(1),
  BitsPerSample: array(count).default([1]),
  SampleFormat: array(integer).default([1]),
  Compression: single(integer).default(1),
  PhotometricInterpretation: single(integer),
  PlanarConfiguration: single(z.number().pipe(z.union([z.literal(1), z.literal(2)]))).default(1),
  Predictor: single(integer).default(1),
  FillOrder: single(integer).default(1),
  ExtraSamples: array(integer).default([]),
  TileWidth: single(count).optional(),
  TileLength: single(count).optional(),
  RowsPerStrip: single(z.number().positive()).optional(),
  ColorMap: array(z.number()).optional(),
  JPEGTables: z
    .union([z.instanceof(Uint8Array), z.instanceof(Float64Array).transform((v) => Uint8Array.from(v))])
    .optional(),
  GDAL_NODATA: z.string().optional(),
});

/** One image of a TIFF file: its layout, and where its strips or tiles lie. */
export interface TiffDirectory {
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  readonly bits: number;
  /** 1 unsigned, 2 signed, 3 floating point. */
  readonly format: number;
  readonly compression: number;
  readonly photometric: number;
  /** Whether each sample has strips or tiles of its own. */
  readonly planar: boolean;
  readonly predictor: number;
  readonly extraSamples: readonly number[];
  readonly palette: readonly number[] | null;
  readonly jpegTables: Uint8Array | null;
  readonly nodata: number | null;
  readonly isReduced: boolean;
  readonly isMask: boolean;
  /** Block: a tile, or a strip, which is as wide as the image. */
  readonly tiled: boolean;
  readonly blockWidth: number;
  readonly blockHeight: number;
  readonly offsets: Float64Array;
  readonly byteCounts: Float64Array;
  readonly littleEndian: boolean;
}

/**
 * Interprets and checks one image's directory. Throws UserError when a tag makes no sense, when a kind of image is not
 * supported, or when a strip or tile lies beyond the end of the file (a truncated download).
 */
export function readDirectory(map: TagMap, littleEndian: boolean, fileSize_bytes: number, path: string): TiffDirectory {
  const tags = parseTags(map, path);
  const tiled = tags.TileWidth !== undefined && tags.TileLength !== undefined;
  const bits = tags.BitsPerSample[0] ?? 1;
  const format = tags.SampleFormat[0] ?? 1;
  if (tags.BitsPerSample.some((b) => b !== bits) || tags.SampleFormat.some((f) => f !== format)) {
    throw new UserError(
      `${path}: its bands have different sample types, which is not supported; convert it with gdal_translate -ot Byte`,
    );
  }
  if (
    ![1, 2, 4, 8, 16, 32, 64].includes(bits) ||
    (bits < 8 && tags.SamplesPerPixel > 1) ||
    ![1, 2, 3, 4].includes(format)
  ) {
    throw new UserError(
      `${path}: ${bits}-bit samples of format ${format} are not supported; convert it with gdal_translate -ot Byte`,
    );
  }
  if (tags.FillOrder !== 1)
    throw new UserError(`${path}: FillOrder ${tags.FillOrder} is not supported; rewrite it with gdal_translate`);
  const offsets = map.get(tiled ? Tag.TileOffsets : Tag.StripOffsets);
  const byteCounts = map.get(tiled ? Tag.TileByteCounts : Tag.StripByteCounts);
  if (!(offsets instanceof Float64Array && byteCounts instanceof Float64Array)) {
    throw new UserError(`${path}: broken TIFF: it does not say where its ${tiled ? "tiles" : "strips"} lie`);
  }
  const directory: TiffDirectory = {
    width: tags.ImageWidth,
    height: tags.ImageLength,
    samples: tags.SamplesPerPixel,
    bits,
    format,
    compression: tags.Compression,
    photometric: tags.PhotometricInterpretation,
    planar: tags.PlanarConfiguration === 2 && tags.SamplesPerPixel > 1,
    predictor: tags.Predictor,
    extraSamples: tags.ExtraSamples,
    palette: tags.ColorMap ?? null,
    jpegTables: tags.JPEGTables ?? null,
    nodata: parseNodata(tags.GDAL_NODATA),
    isReduced: (tags.NewSubfileType & 1) !== 0,
    isMask: (tags.NewSubfileType & 4) !== 0 || tags.PhotometricInterpretation === Photometric.Mask,
    tiled,
    blockWidth: tags.TileWidth ?? tags.ImageWidth,
    blockHeight: tags.TileLength ?? Math.min(tags.RowsPerStrip ?? tags.ImageLength, tags.ImageLength),
    offsets,
    byteCounts,
    littleEndian,
  };
  checkBlocks(directory, fileSize_bytes, path);
  return directory;
}

function parseTags(map: TagMap, path: string): z.infer<typeof Tags> {
  const raw: Record<string, unknown> = {};
  for (const name of Object.keys(Tags.shape) as (keyof typeof Tags.shape)[]) raw[name] = map.get(Tag[name]);
  const parsed = Tags.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError(
    `${path}: broken TIFF: tag ${issue?.path.join(".") ?? "?"}: ${issue?.message ?? "not understood"}`,
  );
}

function checkBlocks(directory: TiffDirectory, fileSize_bytes: number, path: string): void {
  const { width, height, blockWidth, blockHeight, offsets, byteCounts } = directory;
  const perSample = Math.ceil(width / blockWidth) * Math.ceil(height / blockHeight);
  const wanted = perSample * (directory.planar ? directory.samples : 1);
  if (offsets.length < wanted || byteCounts.length < wanted) {
    throw new UserError(
      `${path}: broken TIFF: ${wanted} ${directory.tiled ? "tiles" : "strips"} expected, ${Math.min(offsets.length, byteCounts.length)} listed`,
    );
  }
  let end = 0;
  for (let i = 0; i < wanted; i++) end = Math.max(end, (offsets[i] ?? 0) + (byteCounts[i] ?? 0));
  if (!(end <= fileSize_bytes)) {
    throw new UserError(
      `${path}: truncated: its image data end at byte ${end}, the file at byte ${fileSize_bytes}; copy or download it again`,
    );
  }
}

function parseNodata(text: string | undefined): number | null {
  const trimmed = text?.replace(/\0.*$/s, "").trim();
  if (trimmed === undefined || trimmed === "") return null;
  if (/^[+-]?nan$/i.test(trimmed)) return Number.NaN;
  const value = Number(trimmed);
  return Number.isNaN(value) ? null : value;
}
