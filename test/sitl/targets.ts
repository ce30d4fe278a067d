import { common } from "node-mavlink";
import type { GeoPoint } from "../../tiles/geodesy/index.js";

/** MAV_FRAME_LOCAL_NED; MAV_FRAME_GLOBAL_RELATIVE_ALT_INT: heights above home. */
const FRAME_LOCAL_NED = 1;
export const FRAME_RELATIVE = 6;
/** Everything but the position is to be ignored. */
const POSITION_ONLY = 0b110111111000;

/** A place to fly to, with a height above home. */
export function globalTarget(sysid: number, place: GeoPoint, up_m: number): common.SetPositionTargetGlobalInt {
  return Object.assign(new common.SetPositionTargetGlobalInt(), {
    ...REST,
    targetSystem: sysid,
    coordinateFrame: FRAME_RELATIVE,
    latInt: Math.round(place.lat_deg * 1e7),
    lonInt: Math.round(place.lon_deg * 1e7),
    alt: up_m,
  });
}

/** A place in the vehicle's own local frame. */
export function localTarget(
  sysid: number,
  north_m: number,
  east_m: number,
  up_m: number,
): common.SetPositionTargetLocalNed {
  return Object.assign(new common.SetPositionTargetLocalNed(), {
    ...REST,
    targetSystem: sysid,
    coordinateFrame: FRAME_LOCAL_NED,
    x: north_m,
    y: east_m,
    z: -up_m,
  });
}

const REST = {
  timeBootMs: 0,
  targetComponent: 1,
  typeMask: POSITION_ONLY,
  vx: 0,
  vy: 0,
  vz: 0,
  afx: 0,
  afy: 0,
  afz: 0,
  yaw: 0,
  yawRate: 0,
} as const;

/** Sticks of the transmitter, roll and yaw centred: RC_CHANNELS_OVERRIDE. */
export function sticksAt(
  sysid: number,
  pwm: { readonly throttle: number; readonly pitch: number },
): common.RcChannelsOverride {
  const message = Object.assign(new common.RcChannelsOverride(), { targetSystem: sysid, targetComponent: 1 });
  const fields = message as unknown as Record<string, unknown>;
  // 0: as it is (channels 1 to 8); the rest of them are extensions, where 0 says the same.
  for (const { name } of common.RcChannelsOverride.FIELDS) if (name.startsWith("chan")) fields[name] = 0;
  return Object.assign(message, { chan1Raw: 1500, chan2Raw: pwm.pitch, chan3Raw: pwm.throttle, chan4Raw: 1500 });
}
