/** A place on Earth and its altitude above mean sea level. */
export interface Place {
  readonly lat_deg: number;
  readonly lon_deg: number;
  readonly alt_m: number;
}

/**
 * A place from the integers of MAVLink (degrees x 1e7, millimetres); null for 0/0, by which autopilots say "none", and
 * for what lies on no globe.
 */
export function placeFrom(lat_e7: number, lon_e7: number, alt_mm: number): Place | null {
  if (lat_e7 === 0 && lon_e7 === 0) return null;
  if (Math.abs(lat_e7) > 900_000_000 || Math.abs(lon_e7) > 1_800_000_000) return null;
  return { lat_deg: lat_e7 / 1e7, lon_deg: lon_e7 / 1e7, alt_m: alt_mm / 1e3 };
}
