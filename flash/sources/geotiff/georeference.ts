import { UserError } from "../../../tiles/errors.js";
import { GeoTag } from "./geokeys.js";
import type { TagMap } from "./ifd.js";

/** x = a*u + b*v + c, y = d*u + e*v + f: pixel plane (pixel i covers [i, i + 1)) to the coordinate system. */
export interface Affine {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

const HOW_TO_PLACE =
  "give it one with gdal_translate -a_srs EPSG:CODE -a_ullr LEFT TOP RIGHT BOTTOM IN.tif OUT.tif (the corners' coordinates in that system)";

/**
 * The affine transformation of a GeoTIFF (OGC 19-008, section 7.2: ModelTransformation, or ModelPixelScale with one
 * ModelTiepoint). Rotated and sheared ones are fine.
 *
 * @param pixelIsPoint whether the tie point is the centre of a pixel (GTRasterTypeGeoKey 2), half a pixel in
 * @throws UserError when the file is not placed on the earth, or only by ground control points
 */
export function affineOf(tags: TagMap, pixelIsPoint: boolean, path: string): Affine {
  const numbers = (tag: number): Float64Array | undefined => {
    const value = tags.get(tag);
    return value instanceof Float64Array ? value : undefined;
  };
  const matrix = numbers(GeoTag.Transformation);
  const scale = numbers(GeoTag.PixelScale);
  const tie = numbers(GeoTag.Tiepoint);
  const affine = matrix === undefined ? fromTiepoint(scale, tie, path) : fromMatrix(matrix, path);
  const half = pixelIsPoint ? 0.5 : 0;
  const placed = {
    ...affine,
    c: affine.c - half * (affine.a + affine.b),
    f: affine.f - half * (affine.d + affine.e),
  };
  const determinant = placed.a * placed.e - placed.b * placed.d;
  if (!Object.values(placed).every(Number.isFinite) || determinant === 0) {
    throw new UserError(`${path}: its georeference is broken (pixel size zero or not a number); ${HOW_TO_PLACE}`);
  }
  return placed;
}

function fromTiepoint(scale: Float64Array | undefined, tie: Float64Array | undefined, path: string): Affine {
  const points = Math.floor((tie?.length ?? 0) / 6);
  if (scale === undefined && points > 1) {
    throw new UserError(
      `${path}: placed by ${points} ground control points only, without a grid; warp it first: gdalwarp -t_srs EPSG:3857 IN.tif OUT.tif`,
    );
  }
  if (scale === undefined || tie === undefined || points === 0) {
    throw new UserError(
      `${path}: no georeference: nothing in the file says where on the earth it lies; ${HOW_TO_PLACE}`,
    );
  }
  const [sx = 0, sy = 0] = scale;
  const [i = 0, j = 0, , x = 0, y = 0] = tie;
  return { a: sx, b: 0, c: x - i * sx, d: 0, e: -sy, f: y + j * sy };
}

function fromMatrix(matrix: Float64Array, path: string): Affine {
  if (matrix.length < 16)
    throw new UserError(`${path}: broken TIFF: ModelTransformation has ${matrix.length} numbers, not 16`);
  const [a = 0, b = 0, , c = 0, d = 0, e = 0, , f = 0] = matrix;
  return { a, b, c, d, e, f };
}

/** The inverse: coordinates to the pixel plane. */
export function invert({ a, b, c, d, e, f }: Affine): Affine {
  const determinant = a * e - b * d;
  return {
    a: e / determinant,
    b: -b / determinant,
    c: (b * f - c * e) / determinant,
    d: -d / determinant,
    e: a / determinant,
    f: (c * d - a * f) / determinant,
  };
}
