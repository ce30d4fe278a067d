import { basename } from "node:path";
import { errorMessage, UserError } from "../../tiles/errors.js";
import { lonLatToMercator, MERCATOR_MAX_LAT_DEG, mercatorScale, mercatorToLonLat } from "../../tiles/geodesy/index.js";
import type { BlockCache } from "./block-cache.js";
import { TiffBlocks } from "./geotiff/blocks.js";
import { knowsCompression } from "./geotiff/codecs.js";
import { type Crs, crsGiven, crsOf } from "./geotiff/crs.js";
import { readDirectory, WANTED_TAGS } from "./geotiff/directory.js";
import { GeoKeys } from "./geotiff/geokeys.js";
import { type Affine, affineOf, invert } from "./geotiff/georeference.js";
import { readTiffStructure, type TagMap, type TiffStructure } from "./geotiff/ifd.js";
import { pixelLayout } from "./geotiff/pixels.js";
import { RangeFile } from "./geotiff/range-file.js";
import { findStretch } from "./geotiff/stretch.js";
import { type TiffLevel, TiffView } from "./geotiff/view.js";
import {
  boxesOverlap,
  type ImagerySource,
  type LonLatBox,
  type MercatorBox,
  type MercatorWindow,
  type Raster,
  windowBox,
} from "./source.js";
import { type PixelMapper, reduction, warp } from "./warp.js";

/** What the user may say about a TIFF that the file does not. */
export interface GeoTiffOptions {
  /** EPSG code or proj4 string, over what the file says. */
  readonly epsg?: string;
  /** Raw sample value that means "no imagery", over the file's own. */
  readonly nodata?: number;
  /** Receives one line for everything worth knowing that is no error. */
  readonly warn?: (line: string) => void;
}

/** Points along each edge by which the extent is found. */
const EDGE_POINTS = 32;

/** A GeoTIFF or COG: any of its overviews, read through its georeference into the web-mercator plane. */
export class GeoTiffSource implements ImagerySource {
  private readonly views = new Map<number, { view: TiffView; mapper: PixelMapper }>();

  private constructor(
    readonly name: string,
    readonly bbox: LonLatBox,
    readonly extent: MercatorBox,
    readonly nativeGsd_m: number,
    private readonly file: RangeFile,
    private readonly levels: readonly TiffLevel[],
    private readonly mapper: PixelMapper,
    private readonly cache: BlockCache,
  ) {}

  /**
   * Opens and checks the file; no pixel is decoded yet, except to find the contrast of 16-bit imagery.
   * @throws UserError for everything that keeps it from being read as geo-referenced imagery
   */
  static async open(path: string, cache: BlockCache, options: GeoTiffOptions = {}): Promise<GeoTiffSource> {
    const file = await RangeFile.open(path);
    try {
      return await GeoTiffSource.openFile(path, file, cache, options);
    } catch (thrown) {
      await file.close();
      throw thrown instanceof UserError
        ? thrown
        : new UserError(`${path}: not a readable TIFF: it is damaged or truncated (${errorMessage(thrown)})`);
    }
  }

  private static async openFile(
    path: string,
    file: RangeFile,
    cache: BlockCache,
    options: GeoTiffOptions,
  ): Promise<GeoTiffSource> {
    const structure = await readTiffStructure(file, WANTED_TAGS);
    const [first] = structure.directories;
    if (first === undefined) throw new UserError(`${path}: the TIFF holds no image`);
    const { affine, crs } = placement(first, path, options);
    const levels = await readLevels(structure, file, path, options);
    const [full] = levels;
    if (full === undefined) throw new UserError(`${path}: the TIFF holds no image`);
    const { width, height } = full.blocks.directory;
    const { bbox, extent } = extentOf(affine, crs, width, height, path);
    const mapper = mapperOf(invert(affine), crs);
    const gsd_m = nativeGsd(mapper, extent);
    return new GeoTiffSource(basename(path), bbox, extent, gsd_m, file, levels, mapper, cache);
  }

  async read(window: MercatorWindow): Promise<Raster | null> {
    if (!boxesOverlap(windowBox(window), this.extent)) return null;
    const { view, mapper } = this.viewFor(window.pixel_merc_m);
    return warp(view, mapper, window);
  }

  close(): Promise<void> {
    return this.file.close();
  }

  /** The coarsest overview that is still at least as fine as asked, reduced further where it is much finer. */
  private viewFor(pixel_merc_m: number): { view: TiffView; mapper: PixelMapper } {
    const known = this.views.get(pixel_merc_m);
    if (known !== undefined) return known;
    const spanned = reduction(this.mapper, centreWindow(this.extent, pixel_merc_m));
    const wanted = spanned === null ? 1 : Math.min(spanned.u, spanned.v);
    const [full] = this.levels as [TiffLevel];
    let best = { level: full, scale: 1 };
    for (const level of this.levels) {
      const scale = Math.max(
        full.blocks.directory.width / level.blocks.directory.width,
        full.blocks.directory.height / level.blocks.directory.height,
      );
      // A hair of slack: an overview at half size is right for exactly half the resolution, rounding or not.
      if (scale <= wanted * 1.01 && scale > best.scale) best = { level, scale };
    }
    const view = new TiffView(
      best.level,
      TiffView.possibleReduction(best.level.blocks, wanted / best.scale),
      this.cache,
    );
    const scaleU = best.level.blocks.directory.width / full.blocks.directory.width / view.reduction;
    const scaleV = best.level.blocks.directory.height / full.blocks.directory.height / view.reduction;
    const mapper: PixelMapper = (x, y, out) => {
      this.mapper(x, y, out);
      out[0] = (out[0] as number) * scaleU;
      out[1] = (out[1] as number) * scaleV;
    };
    const made = { view, mapper };
    this.views.set(pixel_merc_m, made);
    return made;
  }
}

function placement(tags: TagMap, path: string, options: GeoTiffOptions): { affine: Affine; crs: Crs } {
  const keys = GeoKeys.read(tags);
  const affine = affineOf(tags, keys.isPixelIsPoint, path);
  if (options.epsg !== undefined) {
    const given = crsGiven(options.epsg);
    const code = keys.number("ProjectedType") ?? keys.number("GeographicType") ?? 0;
    if (code !== 0 && `EPSG:${code}` !== given.name) {
      options.warn?.(`${path}: the file says EPSG:${code}, --epsg says ${given.name}: taking --epsg`);
    }
    return { affine, crs: given };
  }
  const crs = crsOf(keys, path);
  if (crs === null) {
    throw new UserError(
      `${path}: it does not say which coordinate system its coordinates are in; give it with --epsg CODE (for example --epsg 32633 for UTM zone 33 north)`,
    );
  }
  return { affine, crs };
}

async function readLevels(
  structure: TiffStructure,
  file: RangeFile,
  path: string,
  options: GeoTiffOptions,
): Promise<TiffLevel[]> {
  const directories = structure.directories.map((tags) =>
    readDirectory(tags, structure.littleEndian, file.size_bytes, path),
  );
  const [full] = directories;
  if (full === undefined) return [];
  if (!(await knowsCompression(full.compression))) {
    throw new UserError(
      `${path}: compression ${full.compression} is not supported; rewrite it with gdal_translate -co COMPRESS=DEFLATE`,
    );
  }
  const nodata = options.nodata ?? full.nodata;
  let layout = pixelLayout(full, nodata, path);
  const overviews = directories
    .slice(1)
    .filter((d) => !d.isMask && d.isReduced && d.samples === full.samples && d.bits === full.bits);
  const masks = directories.filter((d) => d.isMask);
  const pyramid = [full, ...overviews];
  if (full.bits > 8 || full.format > 1) {
    const coarsest = pyramid.at(-1) ?? full;
    layout = { ...layout, stretch: await findStretch(new TiffBlocks(coarsest, file, path), layout) };
  }
  return pyramid.map((directory, index) => {
    const mask = masks.find((m) => m.width === directory.width && m.height === directory.height);
    return {
      key: `${path}#${index}`,
      blocks: new TiffBlocks(directory, file, path),
      mask: mask === undefined ? null : new TiffBlocks(mask, file, path),
      layout,
    };
  });
}

/** Finds the extent by walking along the edges: in a projected system they are curves. */
function extentOf(
  affine: Affine,
  crs: Crs,
  width: number,
  height: number,
  path: string,
): { bbox: LonLatBox; extent: MercatorBox } {
  const bbox = { west: Infinity, south: Infinity, east: -Infinity, north: -Infinity };
  for (let k = 0; k <= EDGE_POINTS; k++) {
    const t = k / EDGE_POINTS;
    for (const [u, v] of [
      [t * width, 0],
      [t * width, height],
      [0, t * height],
      [width, t * height],
    ] as const) {
      const x = affine.a * u + affine.b * v + affine.c;
      const y = affine.d * u + affine.e * v + affine.f;
      const { lon_deg, lat_deg } = placeOf(x, y, crs, path);
      bbox.west = Math.min(bbox.west, lon_deg);
      bbox.east = Math.max(bbox.east, lon_deg);
      bbox.south = Math.min(bbox.south, lat_deg);
      bbox.north = Math.max(bbox.north, lat_deg);
    }
  }
  if (bbox.east - bbox.west > 180 && !crs.geographic) {
    throw new UserError(`${path}: it crosses the 180th meridian, which a pack cannot; cut it in two there`);
  }
  const southWest = lonLatToMercator(bbox.west, bbox.south);
  const northEast = lonLatToMercator(bbox.east, bbox.north);
  return { bbox, extent: { minX: southWest.x, minY: southWest.y, maxX: northEast.x, maxY: northEast.y } };
}

function placeOf(x: number, y: number, crs: Crs, path: string): { lon_deg: number; lat_deg: number } {
  const wrong = (why: string) =>
    new UserError(
      `${path}: coordinates out of range for ${crs.name}: ${why}; the file's coordinate system is wrong or missing, give the true one with --epsg CODE`,
    );
  if (crs.geographic && (Math.abs(x) > 180.000001 || Math.abs(y) > 90.000001)) {
    throw wrong(`a corner is at longitude ${x}, latitude ${y}`);
  }
  let place: { lon_deg: number; lat_deg: number };
  try {
    place = crs.projector.toLonLat(x, y);
  } catch (thrown) {
    throw wrong(errorMessage(thrown));
  }
  if (Math.abs(place.lat_deg) > MERCATOR_MAX_LAT_DEG) {
    throw wrong(
      `x=${x}, y=${y} is at latitude ${place.lat_deg.toFixed(4)}, beyond web mercator's ${MERCATOR_MAX_LAT_DEG.toFixed(2)}`,
    );
  }
  return place;
}

function mapperOf(inverse: Affine, crs: Crs): PixelMapper {
  const isMercator = crs.name === "EPSG:3857";
  return (x_merc_m, y_merc_m, out) => {
    let x = x_merc_m;
    let y = y_merc_m;
    if (!isMercator) {
      const { lon_deg, lat_deg } = mercatorToLonLat(x_merc_m, y_merc_m);
      try {
        ({ x, y } = crs.projector.fromLonLat(lon_deg, lat_deg));
      } catch {
        out[0] = Number.NaN;
        out[1] = Number.NaN;
        return;
      }
    }
    out[0] = inverse.a * x + inverse.b * y + inverse.c;
    out[1] = inverse.d * x + inverse.e * y + inverse.f;
  };
}

/** Square root of a pixel's area on the ground at the middle of the map, metres. */
function nativeGsd(mapper: PixelMapper, extent: MercatorBox): number {
  const x = (extent.minX + extent.maxX) / 2;
  const y = (extent.minY + extent.maxY) / 2;
  const step = Math.max(extent.maxX - extent.minX, extent.maxY - extent.minY) / 1000;
  const at = (dx: number, dy: number): [number, number] => {
    const out = new Float64Array(2);
    mapper(x + dx, y + dy, out);
    return [out[0] ?? Number.NaN, out[1] ?? Number.NaN];
  };
  const [u0, v0] = at(0, 0);
  const [ux, vx] = at(step, 0);
  const [uy, vy] = at(0, step);
  const pixelsPerMercArea = Math.abs((ux - u0) * (vy - v0) - (uy - u0) * (vx - v0)) / step ** 2;
  const scale = mercatorScale(mercatorToLonLat(x, y).lat_deg);
  return Math.sqrt((scale.north * scale.east) / pixelsPerMercArea);
}

function centreWindow(extent: MercatorBox, pixel_merc_m: number): MercatorWindow {
  const side = 64;
  return {
    x0_merc_m: (extent.minX + extent.maxX) / 2 - (side / 2) * pixel_merc_m,
    y0_merc_m: (extent.minY + extent.maxY) / 2 + (side / 2) * pixel_merc_m,
    pixel_merc_m,
    width: side,
    height: side,
  };
}
