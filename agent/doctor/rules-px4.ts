import type { ParamRule, ParamSetup } from "./rules.js";

/**
 * Parameters of PX4. The values are those of runs on the simulator (docs/mavlink.md has their results); `why` says what
 * goes wrong otherwise.
 */

const POSITION_LIMIT: ParamRule = {
  names: ["COM_POS_FS_EPH"],
  kind: "float",
  value: 50,
  accepts: { kind: "range", min: 30, max: Number.POSITIVE_INFINITY, or: -1 },
  severity: "problem",
  reboot: false,
  why: "its default of 5 m is below what vision gives: the position would be declared invalid in flight",
};

/** Without a GPS receiver PX4 must be told so, or it does not arm and waits for one. */
const WITHOUT_GPS: readonly ParamRule[] = [
  {
    names: ["EKF2_GPS_CTRL"],
    kind: "integer",
    value: 0,
    accepts: { kind: "equal" },
    severity: "warning",
    reboot: false,
    why: "SYS_HAS_GPS says that there is no GPS",
    when: { name: "SYS_HAS_GPS", value: 0 },
  },
  {
    names: ["COM_ARM_WO_GPS"],
    kind: "integer",
    value: 1,
    accepts: { kind: "not", value: 0 },
    severity: "problem",
    reboot: false,
    why: "without a GPS the vehicle would refuse to arm",
    when: { name: "SYS_HAS_GPS", value: 0 },
  },
];

function delayMax(value: number, min: number, max: number, why: string): ParamRule {
  const accepts = { kind: "range", min, max } as const;
  return { names: ["EKF2_DELAY_MAX"], kind: "float", value, accepts, severity: "problem", reboot: true, why };
}

const NOISE_OF_MESSAGE: ParamRule = {
  names: ["EKF2_EV_NOISE_MD"],
  kind: "integer",
  value: 0,
  accepts: { kind: "equal" },
  severity: "problem",
  reboot: false,
  why: "0 takes the error from the message; else every position or velocity would count as equally good",
};

/** Firmware before 2026-02 has this one in place of EKF2_AGP0_CTRL, and no receiver for the message. */
export const OLD_AGP_CONTROL = "EKF2_AGP_CTRL";

export const PX4_GLOBAL_POSITION_SENSOR: ParamSetup = {
  id: "px4-global-position-sensor",
  autopilot: "px4",
  airframe: "any",
  publishers: ["global_position_sensor"],
  title: "PX4 with GLOBAL_POSITION_SENSOR (firmware of 2026-02 and later)",
  notes: [
    "PX4 fuses it beside GPS: nothing has to be switched when GPS is lost.",
    "The agent moves positions on to the time of sending, 5 a second; EKF2_AGP0_DELAY 150 flew with that.",
    "Velocities go beside them as ODOMETRY, 10 a second: without GPS nothing else keeps the tilt right.",
    "Slots are made at boot: reboot after EKF2_AGP0_ID was changed. A slot keeps the first sensor id heard on a link.",
  ],
  rules: [
    {
      names: ["EKF2_AGP0_ID"],
      kind: "integer",
      value: 1,
      accepts: { kind: "equal" },
      severity: "problem",
      reboot: true,
      follows: "sensor_id",
      why: "slot 0 must wait for the agent's sensor id; slots are made at boot",
      missing: `this firmware has no receiver for GLOBAL_POSITION_SENSOR (it came in 2026-02): update it, or use publisher "odometry"`,
    },
    {
      names: ["EKF2_AGP0_CTRL"],
      kind: "integer",
      value: 1,
      accepts: { kind: "bits", set: 1, clear: 2 },
      severity: "problem",
      reboot: false,
      why: "bit 0 fuses the horizontal position; bit 1 would take the height, which a match with a map does not give",
    },
    {
      names: ["EKF2_AGP0_DELAY"],
      kind: "float",
      value: 150,
      accepts: { kind: "range", min: 50, max: 200 },
      severity: "problem",
      reboot: true,
      why: "150 flew without lag; what is more than 100 ms older than the fusion horizon is dropped silently",
    },
    delayMax(200, 200, 300, "a long horizon adds its length as lag to every position of this kind"),
    {
      names: ["EKF2_AGP0_NOISE"],
      kind: "float",
      value: 1,
      accepts: { kind: "range", min: 0.1, max: 5 },
      severity: "warning",
      reboot: false,
      why: "it is the floor under the error that the agent states; a high one wastes good positions",
    },
    {
      names: ["EKF2_EV_CTRL"],
      kind: "integer",
      value: 4,
      accepts: { kind: "bits", set: 4, clear: 2 | 8 },
      severity: "problem",
      reboot: false,
      why: "bit 2 fuses the velocity beside the positions: without GPS and without it the tilt goes wrong, and the positions with it",
    },
    {
      names: ["EKF2_EV_DELAY"],
      kind: "float",
      value: 150,
      accepts: { kind: "range", min: 50, max: 200 },
      severity: "problem",
      reboot: true,
      why: "the agent sends the velocity of that long ago; what is more than 100 ms older than the fusion horizon is dropped silently",
    },
    NOISE_OF_MESSAGE,
    POSITION_LIMIT,
    ...WITHOUT_GPS,
  ],
};

/** What ODOMETRY needs whichever way PX4 learns its time. */
function externalVision(delay: ParamRule, horizon: ParamRule): readonly ParamRule[] {
  return [
    {
      names: ["EKF2_EV_CTRL"],
      kind: "integer",
      value: 5,
      accepts: { kind: "bits", set: 1 | 4, clear: 2 | 8 },
      severity: "problem",
      reboot: false,
      why: "bits 0 and 2 fuse horizontal position and velocity (without it the tilt goes wrong when GPS is lost); bits 1 and 3 would take height and yaw, which a map match does not give",
      missing: "this firmware has no EKF2_EV_CTRL (it came with 1.14): update it",
    },
    delay,
    horizon,
    NOISE_OF_MESSAGE,
    {
      names: ["EKF2_EVP_NOISE"],
      kind: "float",
      value: 1,
      accepts: { kind: "range", min: 0.1, max: 5 },
      severity: "warning",
      reboot: false,
      why: "it is the floor under the error that the agent states",
    },
    POSITION_LIMIT,
    ...WITHOUT_GPS,
  ];
}

export const PX4_ODOMETRY_TIMESYNC: ParamSetup = {
  id: "px4-odometry-timesync",
  autopilot: "px4",
  airframe: "any",
  publishers: ["odometry", "vision_position_estimate"],
  title: "PX4 with ODOMETRY, the agent answering TIMESYNC ([mavlink] answer_timesync = true)",
  notes: [
    "10 positions a second or more: at 2 Hz PX4 never starts, and a gap of 200 ms keeps it from starting.",
    "TIMESYNC converges after some 500 answers (50 s); until then positions count as just measured.",
    "Without GPS the vehicle has no origin: the agent must be given one.",
  ],
  rules: externalVision(
    {
      names: ["EKF2_EV_DELAY"],
      kind: "float",
      value: 0,
      accepts: { kind: "equal" },
      severity: "problem",
      reboot: true,
      why: "with answered TIMESYNC the delay is taken off twice: aiding stops after some 50 s, and the vehicle lands blind (3 of 3 runs)",
    },
    delayMax(400, 300, 500, "positions are up to 250 ms old; what lies before the fusion horizon is dropped silently"),
  ),
};

export const PX4_ODOMETRY_DELAY: ParamSetup = {
  id: "px4-odometry-delay",
  autopilot: "px4",
  airframe: "any",
  publishers: ["odometry", "vision_position_estimate"],
  title: "PX4 with ODOMETRY, TIMESYNC not answered ([mavlink] answer_timesync = false)",
  notes: [
    "10 positions a second or more: at 2 Hz PX4 never starts, and a gap of 200 ms keeps it from starting.",
    "PX4 stamps on arrival and takes EKF2_EV_DELAY off; the agent reads it and sends the position of that long ago.",
    "No other program on the aircraft may answer TIMESYNC either (MAVROS and uXRCE do).",
    "Without GPS the vehicle has no origin: the agent must be given one.",
  ],
  rules: externalVision(
    {
      names: ["EKF2_EV_DELAY"],
      kind: "float",
      value: 300,
      accepts: { kind: "range", min: 50, max: 300 },
      severity: "problem",
      reboot: true,
      why: "PX4 stamps positions on arrival while TIMESYNC is not answered: their age must come off",
    },
    delayMax(
      400,
      400,
      500,
      "it must reach 4/3 of EKF2_EV_DELAY; what lies before the fusion horizon is dropped silently",
    ),
  ),
};

export const PX4_SETUPS: readonly ParamSetup[] = [
  PX4_GLOBAL_POSITION_SENSOR,
  PX4_ODOMETRY_TIMESYNC,
  PX4_ODOMETRY_DELAY,
];
