import { promisify } from "node:util";
import { inflate } from "node:zlib";
import { getDecoder } from "geotiff";
import sharp from "sharp";
import { Compression, Photometric, type TiffDirectory } from "./directory.js";
import { decodeLzw, decodePackBits } from "./lzw.js";
import { swapBytes, undoPredictor } from "./predictor.js";

const inflateAsync = promisify(inflate);

/**
 * Decodes one strip or tile to its samples: little-endian, row-major, interleaved (one sample a pixel when planar).
 * Deflate, JPEG and WebP go through native libraries and LZW through our own decoder, since the geotiff package's are
 * an order of magnitude slower; rare ones (ZSTD, LERC) go through the package. Throws on damaged data.
 */
export async function decodeBlock(
  encoded: Uint8Array<ArrayBuffer>,
  directory: TiffDirectory,
  rows: number,
): Promise<Uint8Array> {
  const samples = directory.planar ? 1 : directory.samples;
  const length = Math.ceil((directory.blockWidth * samples * directory.bits) / 8) * rows;
  const bytesPerSample = Math.max(1, directory.bits / 8);
  const decoded = await decompress(encoded, directory, samples, rows, length);
  if (decoded.length < length) throw new Error(`${decoded.length} bytes where ${length} belong`);
  const exact = decoded.length === length ? decoded : decoded.subarray(0, length);
  if (directory.compression === Compression.Jpeg || directory.compression === Compression.WebP) return exact;
  const bytes = exact.byteOffset % bytesPerSample === 0 ? exact : exact.slice();
  // The floating-point predictor's byte order is its own, whatever the file's.
  if (!directory.littleEndian && directory.predictor !== 3) swapBytes(bytes, bytesPerSample);
  undoPredictor(bytes, directory.predictor, directory.blockWidth, samples, bytesPerSample);
  return bytes;
}

/** Whether decodeBlock knows the compression; tells early, before any pixel is read. */
export async function knowsCompression(compression: number): Promise<boolean> {
  if (Object.values(Compression).some((known) => known === compression)) return true;
  try {
    await getDecoder(compression, {
      tileWidth: 1,
      tileHeight: 1,
      planarConfiguration: 1,
      bitsPerSample: [8],
      predictor: 1,
    });
    return true;
  } catch {
    return false;
  }
}

async function decompress(
  encoded: Uint8Array<ArrayBuffer>,
  directory: TiffDirectory,
  samples: number,
  rows: number,
  length: number,
): Promise<Uint8Array> {
  switch (directory.compression) {
    case Compression.None:
      return encoded;
    case Compression.Deflate:
    case Compression.DeflateOld:
      // Some writers pad the last strip to the others' height; anything longer is not this image.
      return inflateAsync(encoded, { maxOutputLength: Math.ceil((length / rows) * directory.blockHeight) + 64 });
    case Compression.Lzw:
      return decodeLzw(encoded, length);
    case Compression.PackBits:
      return decodePackBits(encoded, length);
    case Compression.Jpeg:
      if (samples === 1 || samples === 3) return decodeJpeg(encoded, directory, samples);
      break;
    case Compression.WebP:
      return decodeImage(encoded, samples);
  }
  const decoder = await getDecoder(directory.compression, {
    tileWidth: directory.blockWidth,
    tileHeight: directory.blockHeight,
    planarConfiguration: directory.planar ? 2 : 1,
    bitsPerSample: new Array<number>(directory.samples).fill(directory.bits),
    predictor: 1,
    ...(directory.jpegTables === null ? {} : { JPEGTables: directory.jpegTables }),
  });
  return new Uint8Array((await decoder.decode(encoded.buffer)) as ArrayBuffer);
}

/**
 * A TIFF's JPEG block is an abbreviated stream (TIFF Technical Note 2): its tables stand once in the directory. They
 * are put back, with an Adobe marker that says whether the colours are YCbCr, which the block itself leaves open.
 */
function decodeJpeg(encoded: Uint8Array, directory: TiffDirectory, samples: number): Promise<Uint8Array> {
  const transform = directory.photometric === Photometric.YCbCr ? 1 : 0;
  const adobe = Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, transform);
  const startOfImage = 2;
  const endOfImage = 2;
  const tables = directory.jpegTables?.subarray(startOfImage, -endOfImage) ?? new Uint8Array();
  const stream = Buffer.concat([
    encoded.subarray(0, startOfImage),
    ...(samples === 3 ? [adobe] : []),
    tables,
    encoded.subarray(startOfImage),
  ]);
  return decodeImage(stream, samples);
}

async function decodeImage(encoded: Uint8Array, samples: number): Promise<Uint8Array> {
  const image = sharp(encoded, { failOn: "truncated", limitInputPixels: false });
  const shaped = samples === 4 ? image.ensureAlpha() : image.removeAlpha();
  const { data, info } = await shaped
    .toColourspace(samples === 1 ? "b-w" : "srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== samples) throw new Error(`${info.channels} bands where ${samples} belong`);
  return data;
}
