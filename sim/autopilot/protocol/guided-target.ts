import { common } from "node-mavlink";
import { decodeAs } from "../../../agent/mavlink/codec.js";
import type { MavlinkFrame } from "../../../agent/mavlink/frame.js";
import type { GuidedTarget } from "../flight/steering.js";
import type { Vehicle } from "../vehicle.js";

/** Bits of type_mask: position and velocity are to be ignored. */
const NO_POSITION = 7;
const NO_VELOCITY = 24;
/** MAV_FRAMEs with heights above home. */
const RELATIVE_FRAMES = [3, 6];

/** What a SET_POSITION_TARGET_LOCAL_NED or _GLOBAL_INT asks for: a place, or a velocity; null when it is not for us. */
export function guidedTarget(vehicle: Vehicle, frame: MavlinkFrame): GuidedTarget | null {
  const local = frame.msgid === common.SetPositionTargetLocalNed.MSG_ID;
  const m = local
    ? decodeAs(frame, common.SetPositionTargetLocalNed)
    : decodeAs(frame, common.SetPositionTargetGlobalInt);
  if (m.targetSystem !== 0 && m.targetSystem !== vehicle.traits.sysid) return null;
  if ((m.typeMask & NO_POSITION) !== 0) {
    if ((m.typeMask & NO_VELOCITY) !== 0 || !Number.isFinite(m.vx) || !Number.isFinite(m.vy)) return null;
    return { velocity: { vn_mps: m.vx, ve_mps: m.vy }, up_m: vehicle.baroHeight_m };
  }
  if (m instanceof common.SetPositionTargetLocalNed) {
    const { x, y, z } = m;
    if (![x, y, z].every(Number.isFinite)) return null;
    return { local: { north_m: x, east_m: y }, up_m: -z };
  }
  if (!Number.isFinite(m.alt)) return null;
  const up_m = RELATIVE_FRAMES.includes(m.coordinateFrame) ? m.alt : m.alt - vehicle.options.home.alt_m;
  return { at: { lat_deg: m.latInt / 1e7, lon_deg: m.lonInt / 1e7 }, up_m };
}
