/** WGS84 semi-major axis, metres. */
export const WGS84_A_M = 6378137;
/** WGS84 flattening. */
export const WGS84_F = 1 / 298.257223563;
const E2 = WGS84_F * (2 - WGS84_F);
const RAD_PER_DEG = Math.PI / 180;

/** A place on the WGS84 ellipsoid, in degrees (structurally the same as `LonLat`). */
export interface GeoPoint {
  readonly lat_deg: number;
  readonly lon_deg: number;
}

/** A displacement in the local plane, metres. */
export interface LocalOffset {
  readonly north_m: number;
  readonly east_m: number;
}

/** Metres of ground for one radian of latitude at a latitude: the meridional radius of curvature of WGS84. */
export function meridionalRadius_m(lat_deg: number): number {
  const sinLat = Math.sin(lat_deg * RAD_PER_DEG);
  return (WGS84_A_M * (1 - E2)) / (1 - E2 * sinLat * sinLat) ** 1.5;
}

/** Metres of ground for one radian of longitude at a latitude: WGS84's prime-vertical radius times cos(latitude). */
export function parallelRadius_m(lat_deg: number): number {
  const lat = lat_deg * RAD_PER_DEG;
  return (WGS84_A_M * Math.cos(lat)) / Math.sqrt(1 - E2 * Math.sin(lat) ** 2);
}

/**
 * Ground metres per web-mercator metre at a latitude, to the north and to the east. Web mercator applies the sphere's
 * formulas to the ellipsoid, therefore the two differ (by up to 0.7 % at the equator); both are near cos(latitude).
 */
export function mercatorScale(lat_deg: number): { north: number; east: number } {
  const cosLat = Math.cos(lat_deg * RAD_PER_DEG);
  return { north: (cosLat * meridionalRadius_m(lat_deg)) / WGS84_A_M, east: parallelRadius_m(lat_deg) / WGS84_A_M };
}

/** Longitude brought into [-180, 180). */
export function wrapLon_deg(lon_deg: number): number {
  if (lon_deg >= -180 && lon_deg < 180) return lon_deg;
  return ((((lon_deg + 180) % 360) + 360) % 360) - 180;
}

/**
 * The displacement from `ref` to `p` in metres north and east, by WGS84's radii of curvature at the latitude half-way
 * (the mid-latitude formula): within 1 mm of the geodesic at 1 km and 0.5 m at 50 km, up to latitude 80.
 */
export function lonLatToOffset(ref: GeoPoint, p: GeoPoint): LocalOffset {
  const mid_deg = (ref.lat_deg + p.lat_deg) / 2;
  return {
    north_m: (p.lat_deg - ref.lat_deg) * RAD_PER_DEG * meridionalRadius_m(mid_deg),
    east_m: wrapLon_deg(p.lon_deg - ref.lon_deg) * RAD_PER_DEG * parallelRadius_m(mid_deg),
  };
}

/** The place `north_m`, `east_m` metres from `ref`: the inverse of {@link lonLatToOffset}. */
export function offsetToLonLat(ref: GeoPoint, north_m: number, east_m: number): GeoPoint {
  let lat_deg = ref.lat_deg;
  // A fixed point: the radius depends on the half-way latitude only through the flattening, so each round gains
  // more than two digits.
  for (let round = 0; round < 8; round++) {
    const next = ref.lat_deg + north_m / meridionalRadius_m((ref.lat_deg + lat_deg) / 2) / RAD_PER_DEG;
    if (next === lat_deg) break;
    lat_deg = next;
  }
  const east_rad = east_m / parallelRadius_m((ref.lat_deg + lat_deg) / 2);
  return { lat_deg, lon_deg: wrapLon_deg(ref.lon_deg + east_rad / RAD_PER_DEG) };
}

/**
 * Distance on the ground between two places, metres. Under about 50 km the mid-latitude formula (0.5 m or better);
 * farther, Lambert's formula for long lines on the ellipsoid (about 10 m over thousands of kilometres).
 */
export function distance_m(a: GeoPoint, b: GeoPoint): number {
  const near = lonLatToOffset(a, b);
  const straight_m = Math.hypot(near.north_m, near.east_m);
  return straight_m < 50_000 && Math.abs(a.lat_deg) < 88 ? straight_m : lambert_m(a, b);
}

function lambert_m(a: GeoPoint, b: GeoPoint): number {
  const reducedA = Math.atan((1 - WGS84_F) * Math.tan(a.lat_deg * RAD_PER_DEG));
  const reducedB = Math.atan((1 - WGS84_F) * Math.tan(b.lat_deg * RAD_PER_DEG));
  const dLon = wrapLon_deg(b.lon_deg - a.lon_deg) * RAD_PER_DEG;
  const h =
    Math.sin((reducedB - reducedA) / 2) ** 2 + Math.cos(reducedA) * Math.cos(reducedB) * Math.sin(dLon / 2) ** 2;
  const sigma = 2 * Math.asin(Math.sqrt(Math.min(1, h)));
  if (sigma === 0) return 0;
  const p = (reducedA + reducedB) / 2;
  const q = (reducedB - reducedA) / 2;
  // Near the antipode the correction divides by zero; the plain arc is then as good as this formula gets.
  if (Math.PI - sigma < 1e-6) return WGS84_A_M * sigma;
  const x = ((sigma - Math.sin(sigma)) * (Math.sin(p) * Math.cos(q)) ** 2) / Math.cos(sigma / 2) ** 2;
  const y = ((sigma + Math.sin(sigma)) * (Math.cos(p) * Math.sin(q)) ** 2) / Math.sin(sigma / 2) ** 2;
  return WGS84_A_M * (sigma - (WGS84_F / 2) * (x + y));
}
