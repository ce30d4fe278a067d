import { UserError } from "../../../tiles/errors.js";
import { type Projector, projector } from "../../../tiles/geodesy/index.js";
import type { GeoKeys } from "./geokeys.js";

/** The coordinate system of a GeoTIFF. */
export interface Crs {
  /** How messages name it: `EPSG:32633`, or the file's own words. */
  readonly name: string;
  /** Degrees rather than metres. */
  readonly geographic: boolean;
  readonly projector: Projector;
}

const UNDEFINED = 0;
const USER_DEFINED = 32767;
const MODEL_GEOGRAPHIC = 2;
const MODEL_GEOCENTRIC = 3;
/** EPSG codes of units: metre, international foot, US survey foot, degree. */
const UNIT_TO_METRES: Record<number, number> = { 9001: 1, 9002: 0.3048, 9003: 1200 / 3937 };
const DEGREE = 9102;

/**
 * The coordinate system that the keys name: an EPSG code, or a projection spelled out in parameters.
 *
 * @returns null when the file does not say
 * @throws UserError for a system that cannot be computed with, saying what to do
 */
export function crsOf(keys: GeoKeys, path: string): Crs | null {
  if (keys.number("ModelType") === MODEL_GEOCENTRIC) {
    throw new UserError(
      `${path}: geocentric coordinates are not map coordinates; warp it: gdalwarp -t_srs EPSG:3857 IN.tif OUT.tif`,
    );
  }
  const projected = keys.number("ProjectedType") ?? UNDEFINED;
  if (keys.number("ModelType") !== MODEL_GEOGRAPHIC && projected !== UNDEFINED) {
    if (projected !== USER_DEFINED) return byCode(projected, false, path);
    return byParameters(keys, path);
  }
  const geographic = keys.number("GeographicType") ?? UNDEFINED;
  if (keys.number("ModelType") === MODEL_GEOGRAPHIC || geographic !== UNDEFINED) {
    if (geographic === UNDEFINED) return null;
    if ((keys.number("GeogAngularUnits") ?? DEGREE) !== DEGREE) {
      throw new UserError(
        `${path}: its coordinates are angles but not degrees; warp it: gdalwarp -t_srs EPSG:4326 IN.tif OUT.tif`,
      );
    }
    if (geographic !== USER_DEFINED) return byCode(geographic, true, path);
    const name = keys.text("GeogCitation") ?? keys.text("Citation") ?? "user-defined geographic";
    return { name, geographic: true, projector: projector(`+proj=longlat ${ellipsoid(keys)} +no_defs`) };
  }
  return null;
}

/** The system of `--epsg`: a code or a proj4 string. */
export function crsGiven(given: string): Crs {
  const definition = /^\d+$/.test(given) ? Number(given) : given;
  const found = projector(definition);
  const spelled = typeof definition === "string" && /\+proj=(longlat|latlong)/.test(definition);
  return { name: found.name, geographic: spelled || isDegrees(found), projector: found };
}

/** In a system of degrees one unit to the east is one degree; in metres it is nearly nothing. */
function isDegrees(system: Projector): boolean {
  try {
    const { x } = system.fromLonLat(1, 0);
    return Math.abs(x - 1) < 0.1;
  } catch {
    return false;
  }
}

function byCode(code: number, geographic: boolean, path: string): Crs {
  try {
    return { name: `EPSG:${code}`, geographic, projector: projector(code) };
  } catch (thrown) {
    if (thrown instanceof UserError) throw new UserError(`${path}: ${thrown.message} with --epsg "+proj=..."`);
    throw thrown;
  }
}

/** GeoTIFF's coordinate transformation codes to proj4 strings (GeoTIFF 1.0, section 6.3.3.3). */
function byParameters(keys: GeoKeys, path: string): Crs {
  const name = keys.text("ProjectedCitation") ?? keys.text("Citation") ?? "user-defined projection";
  const lon =
    keys.number("ProjNatOriginLong") ?? keys.number("ProjFalseOriginLong") ?? keys.number("ProjCenterLong") ?? 0;
  const lat = keys.number("ProjNatOriginLat") ?? keys.number("ProjFalseOriginLat") ?? keys.number("ProjCenterLat") ?? 0;
  const toMetres = keys.number("ProjLinearUnitSize") ?? UNIT_TO_METRES[keys.number("ProjLinearUnits") ?? 9001];
  if (toMetres === undefined)
    throw new UserError(`${path}: its coordinate system "${name}" uses an unknown unit of length; give it with --epsg`);
  const east = (keys.number("ProjFalseEasting") ?? keys.number("ProjFalseOriginEasting") ?? 0) * toMetres;
  const north = (keys.number("ProjFalseNorthing") ?? keys.number("ProjFalseOriginNorthing") ?? 0) * toMetres;
  const scale = keys.number("ProjScaleAtNatOrigin") ?? 1;
  const parallels = `+lat_1=${keys.number("ProjStdParallel1") ?? lat} +lat_2=${keys.number("ProjStdParallel2") ?? lat}`;
  const projections: Record<number, string> = {
    1: `+proj=tmerc +lat_0=${lat} +lon_0=${lon} +k=${scale}`,
    7: `+proj=merc +lon_0=${lon} +k=${scale}`,
    8: `+proj=lcc +lat_0=${lat} +lon_0=${lon} ${parallels}`,
    9: `+proj=lcc +lat_0=${lat} +lat_1=${lat} +lon_0=${lon} +k_0=${scale}`,
    10: `+proj=laea +lat_0=${lat} +lon_0=${lon}`,
    11: `+proj=aea +lat_0=${lat} +lon_0=${lon} ${parallels}`,
  };
  const projection = projections[keys.number("ProjCoordTrans") ?? UNDEFINED];
  if (projection === undefined) {
    throw new UserError(
      `${path}: its coordinate system "${name}" is of a kind not supported; warp it with gdalwarp -t_srs EPSG:3857, or give its definition with --epsg "+proj=..."`,
    );
  }
  const units = `+x_0=${east} +y_0=${north} +to_meter=${toMetres} ${ellipsoid(keys)} +no_defs`;
  return { name, geographic: false, projector: projector(`${projection} ${units}`) };
}

function ellipsoid(keys: GeoKeys): string {
  const a = keys.number("GeogSemiMajorAxis");
  const rf = keys.number("GeogInvFlattening");
  if (a !== undefined && rf !== undefined && rf > 0) return `+a=${a} +rf=${rf} +towgs84=0,0,0`;
  return keys.number("GeogEllipsoid") === 7019 ? "+ellps=GRS80 +towgs84=0,0,0" : "+datum=WGS84";
}
