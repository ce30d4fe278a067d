import type { VehicleStatus } from "../vehicle/vehicle-state.js";

/** What may be believed of the vehicle's place before there is a position. */
export interface StartHintConfig {
  /** Where it stands until it is armed, as the operator says; null: unknown. */
  readonly start: { readonly lat_deg: number; readonly lon_deg: number; readonly radius_m: number } | null;
  /** How far from its GPS position it may be while that is good, metres; 0: GPS is not believed. */
  readonly near_gps_m: number;
}

/** A place, and how far from it the vehicle is at most. */
export interface KnownPlace {
  readonly lat_deg: number;
  readonly lon_deg: number;
  readonly radius_m: number;
}

const GPS_3D_FIX = 3;

/** Where the vehicle is known to be now without any picture; null when nothing tells it. */
export function knownPlace(config: StartHintConfig, status: VehicleStatus): KnownPlace | null {
  const { position, gps_fix_type, ekf_position_valid, armed } = status;
  const gps = (gps_fix_type ?? 0) >= GPS_3D_FIX && ekf_position_valid === true;
  if (config.near_gps_m > 0 && gps && position !== null) {
    return { lat_deg: position.lat_deg, lon_deg: position.lon_deg, radius_m: config.near_gps_m };
  }
  return armed === false ? config.start : null;
}
