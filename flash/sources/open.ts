import { open, stat } from "node:fs/promises";
import { errorMessage, UserError } from "../../tiles/errors.js";
import type { BlockCache } from "./block-cache.js";
import { type GeoTiffOptions, GeoTiffSource } from "./geotiff.js";
import { MbtilesSource } from "./mbtiles.js";
import type { ImagerySource } from "./source.js";

/**
 * Opens a file of imagery by what it holds, not by its name: GeoTIFF (classic or BigTIFF) or MBTiles.
 * @throws UserError when it is missing, cannot be read, or is neither
 */
export async function openSource(
  path: string,
  cache: BlockCache,
  options: GeoTiffOptions = {},
): Promise<ImagerySource> {
  const head = await firstBytes(path);
  const text = head.toString("latin1");
  if (/^(II[*+]\0|MM\0[*+])/.test(text)) return GeoTiffSource.open(path, cache, options);
  if (text.startsWith("SQLite format 3\0")) {
    if (options.epsg !== undefined)
      options.warn?.(`${path}: an MBTiles is always in EPSG:3857: --epsg is not used for it`);
    return MbtilesSource.open(path, cache);
  }
  throw new UserError(`${path}: ${whatItIs(text)}; give a GeoTIFF (.tif) or an MBTiles (.mbtiles)`);
}

async function firstBytes(path: string): Promise<Buffer> {
  try {
    if ((await stat(path)).isDirectory()) throw new UserError(`${path}: is a folder, not a file of imagery`);
    const handle = await open(path, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    const missing = thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
    throw new UserError(missing ? `${path}: no such file` : `${path}: cannot be read (${errorMessage(thrown)})`);
  }
}

function whatItIs(head: string): string {
  if (head === "") return "is empty";
  const convert =
    "carries no georeference: make a GeoTIFF of it with gdal_translate -a_srs EPSG:CODE -a_ullr LEFT TOP RIGHT BOTTOM IN OUT.tif";
  if (head.startsWith("\x89PNG")) return `is a PNG, which ${convert}`;
  if (head.startsWith("\xff\xd8\xff")) return `is a JPEG, which ${convert}`;
  if (head.startsWith("\0\0\0\x0cjP  "))
    return "is a JPEG 2000, which is not supported: convert it with gdal_translate IN.jp2 OUT.tif";
  if (head.startsWith("PMTiles")) return "is a PMTiles archive, which is not supported: convert it to MBTiles";
  return "is neither a TIFF nor an MBTiles";
}
