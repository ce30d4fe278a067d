import type { FeedName } from "../../agent/mavlink/publishers/flight/choose.js";
import type { ErrorLimits } from "../twin/assertions.js";

export const VEHICLE_KINDS = ["ardupilot-copter", "ardupilot-plane", "px4-copter"] as const;
export type VehicleKind = (typeof VEHICLE_KINDS)[number];

/** A flight and what is asked of it. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly vehicle: VehicleKind;
  /** jammed: lost in flight, after the route has begun; never: no receiver from power-on. */
  readonly gps: "jammed" | "never";
  /** The file of docs/params that a user would load. */
  readonly parameterFile: string;
  /** What the simulator needs beyond that. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly publisher: FeedName;
  /** The agent changes ArduPilot's source set. */
  readonly sourceSets: boolean;
  readonly route: { readonly leg_m: number; readonly agl_m: number; readonly speed_mps: number };
  /** 1-sigma of the autopilot's tilt for each degree of lean while nothing of its own aids it, where the default is not right. */
  readonly per_lean_unaided?: number;
  /** The mode that the route is flown in, as `modeName` calls it. */
  readonly mode: string;
  /** Side of the invented place, metres. */
  readonly place_m: number;
  /** Of the camera's pictures: pixels of 16 cm on the ground under a copter, of 32 cm under a plane. */
  readonly width_px: number;
  /** Of the EKF against the truth, from the jamming (or the first position without GPS) to the end of the route. */
  readonly limits: ErrorLimits;
  /** Jumps that nobody asked for; null where the way of feeding is one of jumps. */
  readonly resets: number | null;
}

/** AP_Arming's check of VisOdom, and the lowest and highest of all checks but "all of them". */
const VISION_CHECK = 18;
const [FIRST_CHECK, LAST_CHECK] = [1, 20];
/**
 * On the ground this vision sees nothing, and ArduPilot does not arm while its VisOdom is silent. Firmware has one of two
 * parameters that leave this one check out: ARMING_CHECK names the checks that are made, ARMING_SKIPCHK those that are not.
 */
const ARM_WITHOUT_VISION = {
  ARMING_CHECK: 2 ** (LAST_CHECK + 1) - 2 ** FIRST_CHECK - 2 ** VISION_CHECK,
  ARMING_SKIPCHK: 2 ** VISION_CHECK,
};
/** The simulator answers failsafes of a transmitter and a telemetry link that are not there. */
const PX4_WITHOUT_STICKS = { COM_RC_IN_MODE: 4, NAV_RCL_ACT: 0, NAV_DLL_ACT: 0 };

const COPTER_ROUTE = { leg_m: 250, agl_m: 80, speed_mps: 7 } as const;
const PLANE_ROUTE = { leg_m: 500, agl_m: 120, speed_mps: 22 } as const;

const ARDUPILOT_COPTER = {
  vehicle: "ardupilot-copter",
  gps: "jammed",
  parameterFile: "ardupilot-copter-vision-beside-gps.param",
  parameters: ARM_WITHOUT_VISION,
  sourceSets: true,
  route: COPTER_ROUTE,
  mode: "GUIDED",
  place_m: 900,
  width_px: 640,
  limits: { rms_m: 5 },
  resets: 0,
} as const;

const ARDUPILOT_PLANE = {
  vehicle: "ardupilot-plane",
  gps: "jammed",
  route: PLANE_ROUTE,
  mode: "GUIDED",
  place_m: 1400,
  width_px: 480,
  limits: { rms_m: 10 },
} as const;

/**
 * SIH's IMU scatters as the one of an aerobatic aeroplane (0.14 rad/s and 1.7 m/s² a sample), many times what EKF2 is told: its
 * tilt goes wrong by degrees whenever GPS is away. With a quiet IMU the same flights have a quarter to a half of the error
 * (docs/sitl.md).
 */
const PX4_COPTER = {
  vehicle: "px4-copter",
  gps: "jammed",
  parameters: PX4_WITHOUT_STICKS,
  sourceSets: false,
  route: COPTER_ROUTE,
  mode: "OFFBOARD",
  place_m: 900,
  width_px: 640,
  limits: { rms_m: 8 },
  resets: 0,
} as const;

export const SCENARIOS: readonly Scenario[] = [
  {
    ...ARDUPILOT_COPTER,
    name: "copter-jam-vpe",
    about: "ArduPilot copter, GPS jammed in flight, VISION_POSITION_ESTIMATE on source set 2",
    publisher: "vision_position_estimate",
  },
  {
    ...ARDUPILOT_COPTER,
    name: "copter-jam-odometry",
    about: "ArduPilot copter, GPS jammed in flight, ODOMETRY on source set 2",
    publisher: "odometry",
  },
  {
    ...ARDUPILOT_COPTER,
    name: "copter-never-gps",
    about: "ArduPilot copter without GPS: climbed in ALT_HOLD, found by the agent, then GUIDED",
    gps: "never",
    parameterFile: "ardupilot-copter-vision-alone.param",
    publisher: "vision_position_estimate",
    sourceSets: false,
  },
  {
    ...ARDUPILOT_PLANE,
    name: "plane-jam-43003",
    about: "ArduPilot plane, GPS jammed in flight, MAV_CMD_EXTERNAL_POSITION_ESTIMATE",
    parameterFile: "ardupilot-plane-external-position.param",
    parameters: {},
    publisher: "external_position_estimate",
    sourceSets: false,
    resets: null,
  },
  {
    ...ARDUPILOT_PLANE,
    name: "plane-jam-vpe",
    about: "ArduPilot plane, GPS jammed in flight, VISION_POSITION_ESTIMATE on source set 2",
    parameterFile: "ardupilot-plane-vision-beside-gps.param",
    parameters: ARM_WITHOUT_VISION,
    publisher: "vision_position_estimate",
    sourceSets: true,
    resets: 0,
  },
  {
    ...PX4_COPTER,
    name: "px4-jam-global",
    about: "PX4 copter, GPS jammed in flight, GLOBAL_POSITION_SENSOR beside it from the start",
    parameterFile: "px4-global-position-sensor.params",
    publisher: "global_position_sensor",
  },
  {
    ...PX4_COPTER,
    name: "px4-jam-odometry",
    about: "PX4 copter, GPS jammed in flight, ODOMETRY beside it from the start",
    parameterFile: "px4-odometry-delay.params",
    publisher: "odometry",
    // With the default the agent gives its position up now and then, and PX4 that of ODOMETRY a moment later.
    per_lean_unaided: 0.08,
  },
];
