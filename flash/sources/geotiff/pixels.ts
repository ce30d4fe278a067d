import { UserError } from "../../../tiles/errors.js";
import { Photometric, type TiffDirectory } from "./directory.js";

/** Maps raw sample values of one band to 8 bit: value = (raw - low) * 255 / (high - low), clamped. */
export interface Stretch {
  readonly low: number;
  readonly high: number;
}

/** How the samples of a pixel become red, green, blue and validity. */
export interface PixelLayout {
  /** Sample index of red, green and blue: all the same one in a grey or palette image. */
  readonly colours: readonly [number, number, number];
  /** Sample index of the alpha band; at least half its full value counts as imagery. */
  readonly alpha: number | null;
  /** Colour map: 2^bits entries each of red, green and blue, 16 bit. */
  readonly palette: readonly number[] | null;
  readonly inverted: boolean;
  /** A pixel whose colour samples all have this raw value is no imagery. */
  readonly nodata: number | null;
  /** For samples of more than 8 bit, one for each of red, green and blue. */
  readonly stretch: readonly [Stretch, Stretch, Stretch] | null;
}

/** TIFF's ExtraSamples values for associated and unassociated alpha. */
const ALPHA_KINDS = [1, 2];

/** Reads off the directory which samples are colours and which is alpha. Throws UserError for kinds not supported. */
export function pixelLayout(directory: TiffDirectory, nodata: number | null, path: string): PixelLayout {
  const { photometric, samples, extraSamples } = directory;
  const colourSamples = samples - extraSamples.length;
  const alphaAt = extraSamples.findIndex((kind) => ALPHA_KINDS.includes(kind));
  const base = {
    alpha: alphaAt < 0 ? null : colourSamples + alphaAt,
    palette: null,
    inverted: photometric === Photometric.WhiteIsZero,
    nodata,
    stretch: null,
  };
  switch (photometric) {
    case Photometric.Rgb:
    case Photometric.YCbCr:
      if (colourSamples < 3) throw new UserError(`${path}: broken TIFF: ${colourSamples} colour bands in an RGB image`);
      return { ...base, colours: [0, 1, 2] };
    case Photometric.WhiteIsZero:
    case Photometric.BlackIsZero:
      // Multi-band files are often written as "grey with extra bands"; the first three are then taken for colours.
      return { ...base, colours: samples - (base.alpha === null ? 0 : 1) >= 3 ? [0, 1, 2] : [0, 0, 0] };
    case Photometric.Palette:
      if (directory.palette === null || directory.palette.length < 3 * 2 ** directory.bits) {
        throw new UserError(`${path}: broken TIFF: a palette image without a whole colour map`);
      }
      return { ...base, colours: [0, 0, 0], palette: directory.palette };
    default:
      throw new UserError(
        `${path}: its colour model (photometric ${photometric}) is not supported; convert it to RGB with gdal_translate -expand rgb or gdalwarp`,
      );
  }
}

/** A function that gives sample `index` of a pixel of decoded block parts (see TiffBlocks.read). */
type SampleReader = (pixel: number, index: number) => number;

/** A reader of raw sample values, whatever their type and layout; decoded samples are little-endian. */
export function sampleReader(parts: readonly Uint8Array[], directory: TiffDirectory): SampleReader {
  const { samples, bits, planar, blockWidth } = directory;
  if (bits < 8) {
    // Rows of packed samples start on a byte.
    const bytes = parts[0] ?? new Uint8Array();
    const rowBytes = Math.ceil((blockWidth * bits) / 8);
    const perByte = 8 / bits;
    const mask = (1 << bits) - 1;
    return (pixel) => {
      const x = pixel % blockWidth;
      const byte = bytes[Math.floor(pixel / blockWidth) * rowBytes + Math.floor(x / perByte)] ?? 0;
      return (byte >> (8 - bits * ((x % perByte) + 1))) & mask;
    };
  }
  const values = parts.map((part) => typedView(part, directory.bits, directory.format));
  if (planar) return (pixel, index) => values[index]?.[pixel] ?? 0;
  const [all = new Uint8Array()] = values;
  return (pixel, index) => all[pixel * samples + index] ?? 0;
}

function typedView(bytes: Uint8Array, bits: number, format: number): ArrayLike<number> {
  const aligned = bytes.byteOffset % (bits / 8) === 0 ? bytes : bytes.slice();
  const at = [aligned.buffer, aligned.byteOffset, (aligned.length * 8) / bits] as const;
  if (format === 3 && bits === 32) return new Float32Array(...at);
  if (format === 3 && bits === 64) return new Float64Array(...at);
  if (format === 2 && bits === 8) return new Int8Array(...at);
  if (format === 2 && bits === 16) return new Int16Array(...at);
  if (format === 2 && bits === 32) return new Int32Array(...at);
  if (format <= 1 || format === 4) {
    if (bits === 8) return aligned;
    if (bits === 16) return new Uint16Array(...at);
    if (bits === 32) return new Uint32Array(...at);
  }
  throw new Error(`samples of ${bits} bits in format ${format} are not supported`);
}

/** Converts `pixels` decoded pixels to RGBA bytes, A = 255 where there is imagery, else 0. */
export function toRgba(
  parts: readonly Uint8Array[],
  pixels: number,
  directory: TiffDirectory,
  layout: PixelLayout,
): Uint8Array<ArrayBuffer> {
  const rgba = new Uint8Array(pixels * 4);
  if (directory.bits === 8 && directory.format <= 1 && layout.palette === null && !layout.inverted) {
    bytesToRgba(parts, pixels, directory, layout, rgba);
    return rgba;
  }
  const read = sampleReader(parts, directory);
  const [r, g, b] = layout.colours;
  const alphaHalf = directory.format === 3 ? 0.5 : 2 ** (directory.bits - 1);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const red = read(pixel, r);
    const green = read(pixel, g);
    const blue = read(pixel, b);
    if (Number.isNaN(red + green + blue)) continue;
    if (red === layout.nodata && green === layout.nodata && blue === layout.nodata) continue;
    if (layout.alpha !== null && read(pixel, layout.alpha) < alphaHalf) continue;
    writeColour(rgba, pixel * 4, red, green, blue, directory, layout);
  }
  return rgba;
}

function writeColour(
  rgba: Uint8Array,
  at: number,
  red: number,
  green: number,
  blue: number,
  directory: TiffDirectory,
  layout: PixelLayout,
): void {
  rgba[at + 3] = 255;
  if (layout.palette !== null) {
    const entries = 2 ** directory.bits;
    for (let band = 0; band < 3; band++) rgba[at + band] = (layout.palette[band * entries + red] ?? 0) >> 8;
    return;
  }
  const full: Stretch = { low: 0, high: 2 ** directory.bits - 1 };
  const [sr, sg, sb] = layout.stretch ?? [full, full, full];
  const flip = layout.inverted ? 255 : 0;
  rgba[at] = Math.abs(flip - stretched(red, sr));
  rgba[at + 1] = Math.abs(flip - stretched(green, sg));
  rgba[at + 2] = Math.abs(flip - stretched(blue, sb));
}

function stretched(value: number, { low, high }: Stretch): number {
  return Math.round(Math.min(1, Math.max(0, (value - low) / (high - low))) * 255);
}

/** The common case, 8-bit grey or RGB with or without alpha, without a function call a sample. */
function bytesToRgba(
  parts: readonly Uint8Array[],
  pixels: number,
  directory: TiffDirectory,
  layout: PixelLayout,
  rgba: Uint8Array,
): void {
  const step = directory.planar ? 1 : directory.samples;
  const band = (index: number) =>
    directory.planar ? (parts[index] as Uint8Array) : (parts[0] as Uint8Array).subarray(index);
  const [reds, greens, blues] = layout.colours.map(band) as [Uint8Array, Uint8Array, Uint8Array];
  const alphas = layout.alpha === null ? null : band(layout.alpha);
  const nodata = layout.nodata ?? -1;
  for (let pixel = 0, from = 0, to = 0; pixel < pixels; pixel++, from += step, to += 4) {
    const red = reds[from] as number;
    const green = greens[from] as number;
    const blue = blues[from] as number;
    if (red === nodata && green === nodata && blue === nodata) continue;
    if (alphas !== null && (alphas[from] as number) < 128) continue;
    rgba[to] = red;
    rgba[to + 1] = green;
    rgba[to + 2] = blue;
    rgba[to + 3] = 255;
  }
}
