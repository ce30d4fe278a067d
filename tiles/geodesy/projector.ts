import proj4 from "proj4";
import { errorMessage, UserError } from "../errors.js";
import { type LonLat, lonLatToMercator, mercatorToLonLat } from "./mercator.js";

/** Converts between a coordinate reference system and WGS84 degrees. x is easting or longitude, y northing or latitude. */
export interface Projector {
  /** What was asked for: `EPSG:32633`, or the definition as given. */
  readonly name: string;
  /** Throws a UserError when the point has no place on the earth in this system. */
  toLonLat(x: number, y: number): LonLat;
  /** Throws a UserError when the place cannot be expressed in this system. */
  fromLonLat(lon_deg: number, lat_deg: number): { x: number; y: number };
}

/**
 * A projector for an EPSG number, `EPSG:n`, a proj4 string (`+proj=...`) or WKT.
 *
 * Known by number: 4326, 3857 (and its aliases), 5041/5042, and every UTM zone of WGS84 (326xx, 327xx), ETRS89 (258xx),
 * NAD83 (269xx), GDA94 (283xx) and GDA2020 (78xx), with their geographic systems (4258, 4269, 4283, 7844). Those four
 * datums are taken as WGS84, which is right to about a metre (two for GDA94).
 * @throws UserError for an unknown number or a definition that proj4 cannot read
 */
export function projector(crs: number | string): Projector {
  const name = typeof crs === "number" ? `EPSG:${crs}` : crs.trim();
  if (/^EPSG:(3857|900913|3785)$/i.test(name)) return webMercator(name);
  const definition = /^EPSG:\d+$/i.test(name) ? definitionOf(Number(name.slice(5))) : name;
  return fromDefinition(name, definition);
}

function definitionOf(epsg: number): string {
  const code = `EPSG:${epsg}`;
  if (proj4.defs(code) !== undefined) return code;
  if (epsg === 4258 || epsg === 4283 || epsg === 7844) return "+proj=longlat +ellps=GRS80 +towgs84=0,0,0 +no_defs";
  const zone = epsg % 100;
  const within = (base: number, first: number, last: number) => epsg >= base + first && epsg <= base + last;
  if (within(25800, 28, 38)) return `+proj=utm +zone=${zone} +ellps=GRS80 +towgs84=0,0,0 +units=m +no_defs`;
  if (within(26900, 1, 23)) return `+proj=utm +zone=${zone} +ellps=GRS80 +towgs84=0,0,0 +units=m +no_defs`;
  if (within(28300, 48, 58)) return `+proj=utm +zone=${zone} +south +ellps=GRS80 +towgs84=0,0,0 +units=m +no_defs`;
  if (within(7800, 46, 59)) return `+proj=utm +zone=${zone} +south +ellps=GRS80 +towgs84=0,0,0 +units=m +no_defs`;
  throw new UserError(
    `${code} is not a coordinate system known here: reproject the map to EPSG:3857, EPSG:4326 or its UTM zone ` +
      `(gdalwarp -t_srs EPSG:3857 IN OUT), or give its definition as a proj4 string`,
  );
}

function fromDefinition(name: string, definition: string): Projector {
  const short = name.length > 60 ? `${name.slice(0, 57)}...` : name;
  let converter: { forward(point: number[]): number[]; inverse(point: number[]): number[] };
  try {
    converter = proj4("EPSG:4326", definition);
  } catch (thrown) {
    throw new UserError(`the coordinate system "${short}" cannot be read: ${errorMessage(thrown)}`);
  }
  const convert = (way: "forward" | "inverse", a: number, b: number): [number, number] => {
    let result: number[] = [];
    let reason = "";
    try {
      result = converter[way]([a, b]);
    } catch (thrown) {
      // Some faults of a definition, such as a datum grid that is not here, only show now.
      reason = ` (${errorMessage(thrown)})`;
    }
    const [u, v] = result;
    if (u === undefined || v === undefined || !Number.isFinite(u) || !Number.isFinite(v)) {
      throw new UserError(
        way === "inverse"
          ? `the point x=${a}, y=${b} has no place on the earth in ${short}${reason}: is this the map's system?`
          : `longitude ${a}, latitude ${b} cannot be expressed in ${short}${reason}`,
      );
    }
    return [u, v];
  };
  return {
    name,
    toLonLat(x, y) {
      const [lon_deg, lat_deg] = convert("inverse", x, y);
      if (Math.abs(lat_deg) > 90.0000001) {
        throw new UserError(`the point x=${x}, y=${y} is not on the earth in ${short}: latitude would be ${lat_deg}`);
      }
      return { lon_deg, lat_deg };
    },
    fromLonLat(lon_deg, lat_deg) {
      const [x, y] = convert("forward", lon_deg, lat_deg);
      return { x, y };
    },
  };
}

function webMercator(name: string): Projector {
  return { name, toLonLat: mercatorToLonLat, fromLonLat: lonLatToMercator };
}
