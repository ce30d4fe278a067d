import { WGS84_A_M } from "./wgs84.js";

/** A place on the WGS84 ellipsoid, in degrees. */
export interface LonLat {
  readonly lon_deg: number;
  readonly lat_deg: number;
}

/** A place in web mercator (EPSG:3857), in mercator metres: x east, y north, origin at 0°, 0°. */
export interface MercatorPoint {
  readonly x: number;
  readonly y: number;
}

/** Half the side of the square web-mercator world, mercator metres. */
export const MERCATOR_HALF_WORLD_M = Math.PI * WGS84_A_M;

/** The latitude where the square web-mercator world ends, degrees (85.0511...). */
export const MERCATOR_MAX_LAT_DEG = (Math.atan(Math.sinh(Math.PI)) * 180) / Math.PI;

const RAD_PER_DEG = Math.PI / 180;

/**
 * Web mercator (EPSG:3857): spherical formulas applied to WGS84 latitude and longitude, as every web map does
 * (IOGP Guidance Note 7-2, method 1024). Latitudes of ±90° give ±Infinity.
 */
export function lonLatToMercator(lon_deg: number, lat_deg: number): MercatorPoint {
  const sinLat = Math.sin(lat_deg * RAD_PER_DEG);
  return { x: WGS84_A_M * lon_deg * RAD_PER_DEG, y: WGS84_A_M * Math.atanh(sinLat) };
}

/** The inverse of {@link lonLatToMercator}. Longitude is not wrapped. */
export function mercatorToLonLat(x: number, y: number): LonLat {
  return { lon_deg: x / WGS84_A_M / RAD_PER_DEG, lat_deg: Math.atan(Math.sinh(y / WGS84_A_M)) / RAD_PER_DEG };
}
