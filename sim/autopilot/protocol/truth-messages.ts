import { common, type MavLinkData } from "node-mavlink";
import type { Vehicle } from "../vehicle.js";
import { centimetres, e7, of, quaternion } from "./message-fields.js";

/** ArduPilot's SIM_STATE: the truth. */
export function simState(vehicle: Vehicle): MavLinkData {
  const t = vehicle.truth;
  const [q1, q2, q3, q4] = quaternion(t.roll_rad, t.pitch_rad, t.yaw_rad);
  const place = vehicle.trueLatLon;
  return of(new common.SimState(), {
    q1,
    q2,
    q3,
    q4,
    roll: t.roll_rad,
    pitch: t.pitch_rad,
    yaw: t.yaw_rad,
    xgyro: t.rollRate_radps,
    ygyro: t.pitchRate_radps,
    zgyro: t.yawRate_radps,
    // As the real one: degrees times 1e7, rounded to a float. Only latInt and lonInt are exact.
    lat: Math.fround(place.lat_deg * 1e7),
    lon: Math.fround(place.lon_deg * 1e7),
    alt: vehicle.options.home.alt_m + t.up_m,
    vn: t.vn_mps,
    ve: t.ve_mps,
    vd: -t.vu_mps,
    latInt: e7(place.lat_deg),
    lonInt: e7(place.lon_deg),
  });
}

/** PX4's HIL_STATE_QUATERNION: the truth. */
export function hilState(vehicle: Vehicle): MavLinkData {
  const t = vehicle.truth;
  const place = vehicle.trueLatLon;
  return of(new common.HilStateQuaternion(), {
    // As the real one: no time. The receiver takes that of the last ATTITUDE.
    timeUsec: 0n,
    attitudeQuaternion: quaternion(t.roll_rad, t.pitch_rad, t.yaw_rad),
    rollspeed: t.rollRate_radps,
    pitchspeed: t.pitchRate_radps,
    yawspeed: t.yawRate_radps,
    lat: e7(place.lat_deg),
    lon: e7(place.lon_deg),
    alt: Math.round((vehicle.options.home.alt_m + t.up_m) * 1000),
    vx: centimetres(t.vn_mps),
    vy: centimetres(t.ve_mps),
    vz: centimetres(-t.vu_mps),
  });
}
