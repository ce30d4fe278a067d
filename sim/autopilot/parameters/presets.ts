/** Parameters with which an autopilot takes positions, as in the flights that were measured. */
export const PRESETS = {
  /** ArduPilot: GPS on source set 1, VISION_POSITION_ESTIMATE or ODOMETRY on set 2. */
  "ardupilot-vision-set-2": {
    VISO_TYPE: 1,
    VISO_DELAY_MS: 250,
    VISO_POS_M_NSE: 5,
    EK3_SRC2_POSXY: 6,
    EK3_SRC2_VELXY: 0,
    EK3_SRC2_POSZ: 1,
    EK3_SRC2_VELZ: 0,
    EK3_SRC2_YAW: 1,
  },
  /** ArduPilot: never any GPS. */
  "ardupilot-vision-only": {
    GPS1_TYPE: 0,
    VISO_TYPE: 1,
    VISO_DELAY_MS: 250,
    VISO_POS_M_NSE: 5,
    EK3_SRC1_POSXY: 6,
    EK3_SRC1_VELXY: 0,
    EK3_SRC1_POSZ: 1,
    EK3_SRC1_VELZ: 0,
    EK3_SRC1_YAW: 1,
  },
  /** ArduPilot: GPS_INPUT in place of a receiver. */
  "ardupilot-gps-input": {
    GPS1_TYPE: 14,
    GPS1_DELAY_MS: 250,
    EK3_POSNE_M_NSE: 5,
    EK3_SRC1_VELXY: 0,
    EK3_SRC1_VELZ: 0,
  },
  /** PX4: GLOBAL_POSITION_SENSOR beside GPS, extrapolated to the time of sending. */
  "px4-global": {
    EKF2_AGP0_ID: 1,
    EKF2_AGP0_CTRL: 1,
    EKF2_AGP0_DELAY: 150,
    EKF2_AGP0_NOISE: 1,
    EKF2_EV_CTRL: 4,
    EKF2_EV_DELAY: 150,
    EKF2_DELAY_MAX: 200,
    COM_POS_FS_EPH: 50,
  },
  /** PX4: ODOMETRY, stamps not synchronised. */
  "px4-odometry": {
    EKF2_EV_CTRL: 1,
    EKF2_EV_DELAY: 300,
    EKF2_EVP_NOISE: 1,
    EKF2_DELAY_MAX: 400,
    COM_POS_FS_EPH: 50,
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, number>>>>;

export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

/** PX4 without a GPS receiver, to be added to a preset. */
export const PX4_WITHOUT_GPS = { SYS_HAS_GPS: 0, EKF2_GPS_CTRL: 0 } as const;
