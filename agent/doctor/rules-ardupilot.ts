import type { ParamRule, ParamSetup } from "./rules.js";

/**
 * Parameters of ArduPilot. The values are those of runs on the simulator (docs/mavlink.md has their results); `why` says
 * what goes wrong otherwise.
 */

/** The age of the positions that the agent sends unless configured otherwise, milliseconds; ArduPilot takes no older. */
const ARDUPILOT_LATENCY_MS = 250;

const EKF3: readonly ParamRule[] = [
  {
    names: ["AHRS_EKF_TYPE"],
    kind: "integer",
    value: 3,
    accepts: { kind: "equal" },
    severity: "problem",
    reboot: true,
    why: "only EKF3 takes positions from outside",
  },
  {
    names: ["EK3_ENABLE"],
    kind: "integer",
    value: 1,
    accepts: { kind: "equal" },
    severity: "problem",
    reboot: true,
    why: "only EKF3 takes positions from outside",
  },
];

const VISUAL_ODOMETRY: readonly ParamRule[] = [
  {
    names: ["VISO_TYPE"],
    kind: "integer",
    value: 1,
    accepts: { kind: "equal" },
    severity: "problem",
    reboot: true,
    why: "1 is MAVLink, the way in",
    missing: "this firmware was built without visual odometry (boards with 1 MB of flash): take another board or build",
  },
  {
    names: ["VISO_DELAY_MS"],
    kind: "integer",
    value: ARDUPILOT_LATENCY_MS,
    accepts: { kind: "range", min: 100, max: ARDUPILOT_LATENCY_MS },
    severity: "problem",
    reboot: false,
    follows: "vision_latency_ms",
    why: "the agent sends positions of exactly that age, as vision needs its time; 0 made the errors a fifth larger",
    missing: "set VISO_TYPE first",
  },
  {
    names: ["VISO_POS_M_NSE"],
    kind: "float",
    value: 5,
    accepts: { kind: "range", min: 2, max: 20 },
    severity: "problem",
    reboot: false,
    why: "with 0.2 a copter cannot arm (EKF position variance)",
    missing: "set VISO_TYPE first",
  },
];

/** Checks before arming have a bit each (AP_Arming::Check); bit 0 of the older ARMING_CHECK stands for all of them. */
const ALL_CHECKS = 2 ** 0;
const VISION_CHECK = 2 ** 18;
/** Bits 1 to 20 are all that there are in the firmware that has ARMING_CHECK. */
const CHECKS_BUT_VISION = 2 ** 21 - 2 - VISION_CHECK;

/** ARMING_CHECK became ARMING_SKIPCHK in 4.7 (pull request #31568): what was made is now what is left out. */
const ARM_WITHOUT_VISION: ParamRule = {
  names: ["ARMING_SKIPCHK"],
  kind: "integer",
  value: VISION_CHECK,
  accepts: { kind: "bits", set: VISION_CHECK, clear: 0 },
  otherwise: {
    name: "ARMING_CHECK",
    value: CHECKS_BUT_VISION,
    accepts: { kind: "bits", set: 0, clear: ALL_CHECKS | VISION_CHECK, all: ALL_CHECKS },
    firmware: "ArduPilot up to 4.6",
  },
  severity: "problem",
  reboot: false,
  why:
    "with VISO_TYPE set ArduPilot arms only while it hears vision, and from the ground no map is seen; without this check" +
    " it does not tell before take-off that vision is silent: look at the agent",
};

/** What a source set has beside the horizontal position, which comes from `posxy`. */
function sourceSet(set: number, posxy: number, posxyWhy: string): readonly ParamRule[] {
  const source = (name: string, value: number, why: string, others: readonly number[] = []): ParamRule => ({
    names: [`EK3_SRC${set}_${name}`],
    kind: "integer",
    value,
    accepts: others.length === 0 ? { kind: "equal" } : { kind: "oneOf", values: [value, ...others] },
    severity: "problem",
    reboot: false,
    why,
  });
  return [
    source("POSXY", posxy, posxyWhy),
    source("VELXY", 0, "the agent gives no velocity (5, optical flow, may stay)", [5]),
    source("POSZ", 1, "1 is the barometer (2, a rangefinder, may stay): a match with a map gives no height", [2]),
    source("VELZ", 0, "the agent gives no velocity"),
    source("YAW", 1, "1 is the compass: a match with a map is not a heading for the EKF"),
  ];
}

/** A source set that takes the horizontal position from vision and the rest from what the vehicle has itself. */
function visionSet(set: number): readonly ParamRule[] {
  return sourceSet(set, 6, "6 (ExternalNav) takes the horizontal position from the agent");
}

/** A source set that takes the position from GPS. */
function gpsSet(set: number): readonly ParamRule[] {
  return [
    {
      names: [`EK3_SRC${set}_POSXY`],
      kind: "integer",
      value: 3,
      accepts: { kind: "equal" },
      severity: "problem",
      reboot: false,
      why: `set ${set} is flown on while there is GPS; 42007 is accepted for sets that are not configured, so look before`,
    },
    {
      names: ["EK3_SRC_OPTIONS"],
      kind: "integer",
      value: 0,
      accepts: { kind: "bits", set: 0, clear: 1 },
      severity: "warning",
      reboot: false,
      why: "bit 0 (FuseAllVelocities) goes on fusing the velocity of a jammed GPS on the vision's set",
    },
  ];
}

function gps1(value: number, accepts: ParamRule["accepts"], why: string, notInFile?: true): ParamRule {
  return {
    names: ["GPS1_TYPE", "GPS_TYPE"],
    kind: "integer",
    value,
    accepts,
    severity: "problem",
    reboot: true,
    why,
    ...(notInFile === undefined ? {} : { notInFile }),
  };
}

const VISION_NOTES: readonly string[] = [
  "VISION_POSITION_ESTIMATE and ODOMETRY need the same parameters; below 5 a second the source is not healthy.",
  "With VISO_TYPE set ArduPilot arms only while it hears vision (PreArm: VisOdom: not healthy), and a camera on the ground",
  "sees no map: bit 18 of ARMING_SKIPCHK leaves that check out. What is given up: the autopilot no longer tells before",
  "take-off that vision is silent. See on the status page that the agent runs, or leave the check on where it sees its map.",
  "Any system id is heard unless MAV_OPTIONS has bit 0 (SYSID_ENFORCE in older firmware); the agent takes the vehicle's.",
];

/** A copter that never has GPS: vision is source set 1. */
export const COPTER_VISION_ALONE: ParamSetup = {
  id: "ardupilot-copter-vision-alone",
  autopilot: "ardupilot",
  airframe: "copter",
  publishers: ["vision_position_estimate", "odometry"],
  title: "ArduPilot Copter on vision alone, never any GPS (source set 1)",
  notes: [...VISION_NOTES, "The vehicle has no origin: the agent must be given one."],
  rules: [
    ...EKF3,
    ...VISUAL_ODOMETRY,
    ARM_WITHOUT_VISION,
    ...visionSet(1),
    gps1(0, { kind: "equal" }, "without GPS the vehicle must not wait for one"),
  ],
};

/** GPS on one source set, vision on another. */
export function visionBesideGps(airframe: "copter" | "plane", visionNumber: number, gpsNumber: number): ParamSetup {
  const plane = airframe === "plane";
  return {
    id: `ardupilot-${airframe}-vision-beside-gps`,
    autopilot: "ardupilot",
    airframe,
    publishers: ["vision_position_estimate", "odometry"],
    title:
      `ArduPilot ${plane ? "Plane" : "Copter"} with GPS on source set ${gpsNumber} and vision on set ${visionNumber}` +
      " for when GPS is lost",
    notes: [
      ...VISION_NOTES,
      "The change of sets is command 42007: by the agent (with [autopilot.source_sets]), or by hand with RCn_OPTION 90.",
      "It must come within some 7 s of the loss, and back before the feed ends.",
      ...(plane ? ["A plane that never had GPS cannot use vision: EKF3 does not begin without it."] : []),
    ],
    rules: [
      ...EKF3,
      ...VISUAL_ODOMETRY,
      ARM_WITHOUT_VISION,
      ...visionSet(visionNumber),
      ...gpsSet(gpsNumber),
      gps1(1, { kind: "not", value: 0 }, "GPS is flown on until it is lost", true),
    ],
  };
}

export const PLANE_EXTERNAL_POSITION: ParamSetup = {
  id: "ardupilot-plane-external-position",
  autopilot: "ardupilot",
  airframe: "plane",
  publishers: ["external_position_estimate"],
  title: "ArduPilot Plane with MAV_CMD_EXTERNAL_POSITION_ESTIMATE (43003) after a loss of GPS",
  notes: [
    "Works only after GPS was there and was lost; commands are refused while GPS is healthy.",
    "Nothing is gated: a position that is 100 m wrong is taken at once. The agent is the only guard.",
  ],
  rules: [
    ...EKF3,
    gps1(1, { kind: "not", value: 0 }, "EKF3 of a plane does not begin without GPS", true),
    {
      names: ["EK3_SRC1_POSXY"],
      kind: "integer",
      value: 3,
      accepts: { kind: "equal" },
      severity: "problem",
      reboot: false,
      why: "the plane flies on GPS until it is lost",
    },
    {
      names: ["ARSPD_TYPE"],
      kind: "integer",
      value: 1,
      accepts: { kind: "not", value: 0 },
      severity: "warning",
      reboot: true,
      why: "between two positions the plane reckons on airspeed and wind: without a sensor it drifts faster",
      notInFile: true,
    },
  ],
};

export const COPTER_GPS_INPUT: ParamSetup = {
  id: "ardupilot-copter-gps-input",
  autopilot: "ardupilot",
  airframe: "copter",
  publishers: ["gps_input"],
  title: "ArduPilot Copter with GPS_INPUT as its first and only GPS",
  notes: [
    "Only where nothing else works: the autopilot cannot tell it from a GPS.",
    "Never as a second GPS that takes over in flight: without velocity the copter lands about a second later.",
  ],
  rules: [
    ...EKF3,
    gps1(14, { kind: "equal" }, "14 makes GPS_INPUT the first GPS"),
    {
      names: ["GPS2_TYPE", "GPS_TYPE2"],
      kind: "integer",
      value: 0,
      accepts: { kind: "equal" },
      severity: "problem",
      reboot: true,
      why: "a change between two GPS in flight makes the copter land about a second later",
    },
    {
      names: ["GPS1_DELAY_MS", "GPS_DELAY_MS"],
      kind: "integer",
      value: ARDUPILOT_LATENCY_MS,
      accepts: { kind: "equal" },
      severity: "problem",
      reboot: true,
      follows: "gps_latency_ms",
      why: "every position that the agent sends is exactly so old",
    },
    {
      names: ["EK3_POSNE_M_NSE"],
      kind: "float",
      value: 5,
      accepts: { kind: "range", min: 2, max: 10 },
      severity: "problem",
      reboot: false,
      why: "its default of 0.5 m is that of a GPS: good positions of vision would be refused",
    },
    ...sourceSet(1, 3, "3 (GPS) takes the horizontal position from GPS_INPUT"),
  ],
};

export const ARDUPILOT_SETUPS: readonly ParamSetup[] = [
  COPTER_VISION_ALONE,
  visionBesideGps("copter", 2, 1),
  COPTER_GPS_INPUT,
  PLANE_EXTERNAL_POSITION,
  visionBesideGps("plane", 2, 1),
];
