import type { TwinKind } from "../kinds.js";
import type { ParameterDefault } from "./store.js";

const SOURCES: ParameterDefault[] = [1, 2, 3].flatMap((set): ParameterDefault[] => {
  const gps = set === 1 ? 3 : 0;
  return [
    [`EK3_SRC${set}_POSXY`, gps, "int"],
    [`EK3_SRC${set}_VELXY`, gps, "int"],
    [`EK3_SRC${set}_POSZ`, 1, "int"],
    [`EK3_SRC${set}_VELZ`, gps, "int"],
    [`EK3_SRC${set}_YAW`, set === 1 ? 1 : 0, "int"],
  ];
});

/** Those of ArduPilot that have to do with positions, at their defaults in its simulator. */
const ARDUPILOT: ParameterDefault[] = [
  ...SOURCES,
  ["AHRS_EKF_TYPE", 3, "int"],
  ["ARMING_SKIPCHK", 0, "int"],
  ["EK3_ENABLE", 1, "int"],
  ["EK3_SRC_OPTIONS", 1, "int"],
  ["EK3_POSNE_M_NSE", 0.5],
  ["EK3_POS_I_GATE", 500, "int"],
  ["EK3_GLITCH_RAD", 25, "int"],
  ["VISO_TYPE", 0, "int"],
  ["VISO_DELAY_MS", 10, "int"],
  ["VISO_POS_M_NSE", 0.2],
  ["VISO_VEL_M_NSE", 0.1],
  ["VISO_YAW_M_NSE", 0.2],
  ["VISO_ORIENT", 0, "int"],
  ["VISO_SCALE", 1],
  ["VISO_QUAL_MIN", 0, "int"],
  ["GPS1_TYPE", 1, "int"],
  ["GPS2_TYPE", 0, "int"],
  ["GPS1_DELAY_MS", 0, "int"],
  ["GPS2_DELAY_MS", 0, "int"],
  ["GPS_AUTO_SWITCH", 1, "int"],
  ["MAV_OPTIONS", 0, "int"],
  ["MAV_SYSID", 1, "int"],
  ["MAV_GCS_SYSID", 255, "int"],
  ["SIM_GPS1_ENABLE", 1, "int"],
  ["SIM_GPS1_JAM", 0, "int"],
  ["SIM_GPS1_GLTCH_X", 0],
  ["SIM_GPS1_GLTCH_Y", 0],
  ["RNGFND1_TYPE", 100, "int"],
  ["RNGFND1_ORIENT", 25, "int"],
  ["RNGFND1_MIN", 0.2],
  ["RNGFND1_MAX", 150],
];

const COPTER: ParameterDefault[] = [
  ["FS_EKF_ACTION", 1, "int"],
  ["FS_EKF_THRESH", 0.8],
  ["WPNAV_SPEED", 700],
  ["LAND_SPEED", 50],
];

const PLANE: ParameterDefault[] = [
  ["ARSPD_TYPE", 2, "int"],
  ["AIRSPEED_CRUISE", 22],
  ["FS_LONG_ACTN", 0, "int"],
  ["FS_SHORT_ACTN", 3, "int"],
  ["TKOFF_ALT", 60],
  ["WP_LOITER_RAD", 80],
];

const PX4: ParameterDefault[] = [
  ["COM_ARM_WO_GPS", 1, "int"],
  ["COM_POS_FS_EPH", 5],
  ["EKF2_AGP0_CTRL", 0, "int"],
  ["EKF2_AGP0_DELAY", 0],
  ["EKF2_AGP0_GATE", 3],
  ["EKF2_AGP0_ID", 0, "int"],
  ["EKF2_AGP0_NOISE", 0.9],
  ["EKF2_DELAY_MAX", 200],
  ["EKF2_EVP_GATE", 5],
  ["EKF2_EVP_NOISE", 0.1],
  ["EKF2_EV_CTRL", 0, "int"],
  ["EKF2_EV_DELAY", 0],
  ["EKF2_EV_NOISE_MD", 0, "int"],
  ["EKF2_GPS_CTRL", 7, "int"],
  ["EKF2_GPS_P_NOISE", 0.5],
  ["EKF2_HGT_REF", 1, "int"],
  ["EKF2_NOAID_TOUT", 5_000_000, "int"],
  ["MAV_SYS_ID", 8, "int"],
  ["MPC_XY_CRUISE", 8],
  ["NAV_DLL_ACT", 0, "int"],
  ["SIM_GPS_USED", 10, "int"],
  ["SYS_HAS_GPS", 1, "int"],
];

export const PARAMETER_DEFAULTS: Readonly<Record<TwinKind, readonly ParameterDefault[]>> = {
  "ardupilot-copter": [...ARDUPILOT, ...COPTER],
  "ardupilot-plane": [...ARDUPILOT, ...PLANE],
  "px4-copter": PX4,
};
