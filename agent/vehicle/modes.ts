import { minimal } from "node-mavlink";
import type { Vehicle } from "../mavlink/identity.js";

const { MavAutopilot, MavType } = minimal;

/** ArduPilot Copter, `Mode::Number` of ArduCopter/mode.h. */
const COPTER_MODES: Readonly<Record<number, string>> = {
  0: "STABILIZE",
  1: "ACRO",
  2: "ALT_HOLD",
  3: "AUTO",
  4: "GUIDED",
  5: "LOITER",
  6: "RTL",
  7: "CIRCLE",
  9: "LAND",
  11: "DRIFT",
  13: "SPORT",
  14: "FLIP",
  15: "AUTOTUNE",
  16: "POSHOLD",
  17: "BRAKE",
  18: "THROW",
  19: "AVOID_ADSB",
  20: "GUIDED_NOGPS",
  21: "SMART_RTL",
  22: "FLOWHOLD",
  23: "FOLLOW",
  24: "ZIGZAG",
  25: "SYSTEMID",
  26: "AUTOROTATE",
  27: "AUTO_RTL",
  28: "TURTLE",
};

/** ArduPilot Plane, `Mode::Number` of ArduPlane/mode.h. */
const PLANE_MODES: Readonly<Record<number, string>> = {
  0: "MANUAL",
  1: "CIRCLE",
  2: "STABILIZE",
  3: "TRAINING",
  4: "ACRO",
  5: "FLY_BY_WIRE_A",
  6: "FLY_BY_WIRE_B",
  7: "CRUISE",
  8: "AUTOTUNE",
  10: "AUTO",
  11: "RTL",
  12: "LOITER",
  13: "TAKEOFF",
  14: "AVOID_ADSB",
  15: "GUIDED",
  16: "INITIALISING",
  17: "QSTABILIZE",
  18: "QHOVER",
  19: "QLOITER",
  20: "QLAND",
  21: "QRTL",
  22: "QAUTOTUNE",
  23: "QACRO",
  24: "THERMAL",
  25: "LOITER_ALT_QLAND",
  26: "AUTOLAND",
};

/** PX4, `PX4_CUSTOM_MAIN_MODE` of px4_custom_mode.h: bits 16 to 23 of custom_mode. */
const PX4_MODES: Readonly<Record<number, string>> = {
  1: "MANUAL",
  2: "ALTCTL",
  3: "POSCTL",
  4: "AUTO",
  5: "ACRO",
  6: "OFFBOARD",
  7: "STABILIZED",
  8: "RATTITUDE",
  9: "SIMPLE",
  10: "TERMINATION",
};

/** PX4, `PX4_CUSTOM_SUB_MODE_AUTO`: bits 24 to 31 of custom_mode when the main mode is AUTO. */
const PX4_AUTO_MODES: Readonly<Record<number, string>> = {
  1: "READY",
  2: "TAKEOFF",
  3: "LOITER",
  4: "MISSION",
  5: "RTL",
  6: "LAND",
  8: "FOLLOW_TARGET",
  9: "PRECLAND",
  10: "VTOL_TAKEOFF",
};

/** MAV_TYPEs that ArduPilot Copter reports. */
const COPTER_TYPES: ReadonlySet<number> = new Set([
  MavType.QUADROTOR,
  MavType.COAXIAL,
  MavType.HELICOPTER,
  MavType.HEXAROTOR,
  MavType.OCTOROTOR,
  MavType.TRICOPTER,
  MavType.DODECAROTOR,
  MavType.DECAROTOR,
  MavType.GENERIC_MULTIROTOR,
]);

/** MAV_TYPEs that ArduPilot Plane reports: planes and everything that takes off upright and flies on wings. */
const PLANE_TYPES: ReadonlySet<number> = new Set([
  MavType.FIXED_WING,
  MavType.VTOL_TAILSITTER_DUOROTOR,
  MavType.VTOL_TAILSITTER_QUADROTOR,
  MavType.VTOL_TILTROTOR,
  MavType.VTOL_FIXEDROTOR,
  MavType.VTOL_TAILSITTER,
  MavType.VTOL_TILTWING,
]);

/** What a vehicle is, as far as it decides how it is fed and set up. */
export type Airframe = "copter" | "plane" | "other";

/** Copter or plane, by MAV_TYPE. */
export function airframeOf(type: number): Airframe {
  if (COPTER_TYPES.has(type)) return "copter";
  return PLANE_TYPES.has(type) ? "plane" : "other";
}

/**
 * The name of a flight mode (custom_mode of HEARTBEAT), as the autopilot's own ground station shows it: "GUIDED",
 * "OFFBOARD", "AUTO.MISSION"; its number where the name is not known.
 */
export function modeName(vehicle: Pick<Vehicle, "autopilot" | "type">, customMode: number): string {
  if (vehicle.autopilot === MavAutopilot.PX4) {
    const main = PX4_MODES[(customMode >>> 16) & 0xff];
    const sub = customMode >>> 24;
    if (main === undefined) return String(customMode);
    if (main !== "AUTO") return main;
    return `AUTO.${PX4_AUTO_MODES[sub] ?? sub}`;
  }
  const airframe = airframeOf(vehicle.type);
  const known = vehicle.autopilot === MavAutopilot.ARDUPILOTMEGA;
  const names = airframe === "copter" ? COPTER_MODES : airframe === "plane" ? PLANE_MODES : {};
  return (known ? names[customMode] : undefined) ?? String(customMode);
}
