import type { TagMap, TagValue } from "./ifd.js";

/** Tags of the GeoTIFF standard (OGC 19-008, section 7.1.1). */
export const GeoTag = {
  PixelScale: 33550,
  Tiepoint: 33922,
  Transformation: 34264,
  KeyDirectory: 34735,
  DoubleParams: 34736,
  AsciiParams: 34737,
} as const;

/** Key numbers of the GeoTIFF standard and of GeoTIFF 1.0's user-defined projections. */
export const GeoKey = {
  ModelType: 1024,
  RasterType: 1025,
  Citation: 1026,
  GeographicType: 2048,
  GeogCitation: 2049,
  GeogAngularUnits: 2054,
  GeogEllipsoid: 2056,
  GeogSemiMajorAxis: 2057,
  GeogInvFlattening: 2059,
  ProjectedType: 3072,
  ProjectedCitation: 3073,
  ProjCoordTrans: 3075,
  ProjLinearUnits: 3076,
  ProjLinearUnitSize: 3077,
  ProjStdParallel1: 3078,
  ProjStdParallel2: 3079,
  ProjNatOriginLong: 3080,
  ProjNatOriginLat: 3081,
  ProjFalseEasting: 3082,
  ProjFalseNorthing: 3083,
  ProjFalseOriginLong: 3084,
  ProjFalseOriginLat: 3085,
  ProjFalseOriginEasting: 3086,
  ProjFalseOriginNorthing: 3087,
  ProjCenterLong: 3088,
  ProjCenterLat: 3089,
  ProjScaleAtNatOrigin: 3092,
} as const;
type KeyName = keyof typeof GeoKey;

/** The geo keys of an image; each is absent when the file does not have it, or has it in an impossible form. */
export class GeoKeys {
  private constructor(private readonly values: ReadonlyMap<number, number | string>) {}

  static read(tags: TagMap): GeoKeys {
    const values = new Map<number, number | string>();
    const directory = tags.get(GeoTag.KeyDirectory);
    if (directory instanceof Float64Array) {
      for (let at = 4; at + 3 < directory.length; at += 4) {
        const [key = 0, location = 0, count = 0, offset = 0] = directory.subarray(at, at + 4);
        const value = location === 0 ? offset : lookUp(tags.get(location), count, offset);
        if (value !== undefined) values.set(key, value);
      }
    }
    return new GeoKeys(values);
  }

  number(name: KeyName): number | undefined {
    const value = this.values.get(GeoKey[name]);
    return typeof value === "number" ? value : undefined;
  }

  text(name: KeyName): string | undefined {
    const value = this.values.get(GeoKey[name]);
    return typeof value === "string" && value !== "" ? value : undefined;
  }

  /** Whether the georeference names pixel centres rather than corners. */
  get isPixelIsPoint(): boolean {
    return this.number("RasterType") === 2;
  }
}

function lookUp(params: TagValue | undefined, count: number, offset: number): number | string | undefined {
  if (typeof params === "string")
    return params
      .slice(offset, offset + count)
      .replace(/[|\0]+$/, "")
      .trim();
  return params instanceof Float64Array && count === 1 ? params[offset] : undefined;
}
