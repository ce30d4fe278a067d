import { common } from "node-mavlink";
import type { Covariance2 } from "../../fix.js";
import type { NorthEast } from "../local-frame.js";
import { GLOBAL_POSITION_SRC_VISION, GlobalPositionSensor } from "../messages/global-position-sensor.js";

/** Vertical 1-sigma error stated where an altitude is given: a fix carries none, and PX4 does not use the field. */
const ALTITUDE_SIGMA_M = 10;
/**
 * Vertical variance, m2. ArduPilot makes one error for all axes out of the three variances (cbrt(c0^2 + c6^2 + c11^2)),
 * so an honest large one here would take the weight from the horizontal fix. Height must not be fused from this message.
 */
const ARDUPILOT_VERTICAL_VARIANCE_M2 = 1;
/** PX4 weighs each axis by itself: a height that is not measured is stated as such, and a vertical speed too. */
const PX4_VERTICAL_VARIANCE_M2 = 1e4;
const PX4_VERTICAL_VARIANCE_M2PS2 = 1e4;
/** Variance of the angles, rad2: as good as unknown (pi squared). */
const ANGLE_VARIANCE_RAD2 = Math.PI * Math.PI;
/** Elements of the upper triangle, row by row, of a covariance over x, y, z, roll, pitch, yaw. */
const TRIANGLE_ELEMENTS = 21;

/** A global position with its error, at one time. */
export interface GlobalPoint {
  readonly t_us: number;
  readonly lat_deg: number;
  readonly lon_deg: number;
  /** Above mean sea level; null where it is not known. */
  readonly alt_m: number | null;
  /** 1-sigma horizontal error: the square root of the covariance's trace. */
  readonly eph_m: number;
}

/** A position in the vehicle's local frame, at one time. */
export interface LocalPoint {
  readonly t_us: number;
  /** Metres from the origin, by the autopilot's own formula. */
  readonly offset: NorthEast;
  /** Metres below the origin. */
  readonly down_m: number;
  readonly cov_ne_m2: Covariance2;
  /** 0..255: a new value is an immediate position reset at the autopilot. */
  readonly resetCounter: number;
}

/** A velocity over ground, metres per second, and the variance of each of its horizontal axes. */
export interface LocalVelocity {
  readonly north: number;
  readonly east: number;
  readonly down: number;
  readonly variance_m2ps2: number;
}

/** GLOBAL_POSITION_SENSOR (296), true at `t_us`; `sensorId` is the id that PX4 binds a slot to. */
export function encodeGlobalPositionSensor(point: GlobalPoint, sensorId: number): GlobalPositionSensor {
  const message = new GlobalPositionSensor();
  message.timeUsec = BigInt(point.t_us);
  message.processingTime = 0;
  message.lat = Math.round(point.lat_deg * 1e7);
  message.lon = Math.round(point.lon_deg * 1e7);
  message.altEllipsoid = Number.NaN;
  message.alt = point.alt_m ?? Number.NaN;
  message.eph = point.eph_m;
  message.epv = point.alt_m === null ? Number.NaN : ALTITUDE_SIGMA_M;
  message.targetSystem = 0;
  message.targetComponent = 0;
  message.id = sensorId;
  message.source = GLOBAL_POSITION_SRC_VISION;
  message.flags = 0;
  return message;
}

/** VISION_POSITION_ESTIMATE (102): the angles are 0 with variances that say "unknown". */
export function encodeVisionPosition(point: LocalPoint): common.VisionPositionEstimate {
  const message = new common.VisionPositionEstimate();
  message.usec = BigInt(point.t_us);
  message.x = point.offset.north_m;
  message.y = point.offset.east_m;
  message.z = point.down_m;
  message.roll = 0;
  message.pitch = 0;
  message.yaw = 0;
  message.covariance = poseCovariance(point.cov_ne_m2, ARDUPILOT_VERTICAL_VARIANCE_M2);
  message.resetCounter = point.resetCounter;
  return message;
}

/**
 * ODOMETRY (331) with a position, and with a velocity where one is given; what is not given is NaN, which both autopilots
 * leave alone.
 *
 * ArduPilot takes frame 20 (local FRD) with child 12 (body FRD) only, and a quality of -1 is dropped; its quaternion is
 * the identity with a variance that says "unknown". PX4 takes frame 1 (local NED), and NaN for an unknown attitude.
 *
 * @param quality percent, 1..100; 0 stands for unknown
 * @param velocity for PX4 alone, in the frame of the position
 */
export function encodeOdometry(
  point: LocalPoint,
  dialect: "ardupilot" | "px4",
  quality: number,
  velocity: LocalVelocity | null = null,
): common.Odometry {
  const ardupilot = dialect === "ardupilot";
  const message = emptyOdometry(point.t_us, point.resetCounter, quality);
  message.frameId = ardupilot ? common.MavFrame.LOCAL_FRD : common.MavFrame.LOCAL_NED;
  message.childFrameId = ardupilot ? common.MavFrame.BODY_FRD : common.MavFrame.LOCAL_NED;
  message.x = point.offset.north_m;
  message.y = point.offset.east_m;
  message.z = point.down_m;
  if (ardupilot) message.q = [1, 0, 0, 0];
  const vertical_m2 = ardupilot ? ARDUPILOT_VERTICAL_VARIANCE_M2 : PX4_VERTICAL_VARIANCE_M2;
  message.poseCovariance = poseCovariance(point.cov_ne_m2, vertical_m2);
  if (velocity !== null) setVelocity(message, velocity);
  return message;
}

/** ODOMETRY (331) for PX4 with a velocity and nothing else: what stands beside positions of another message. */
export function encodeOdometryVelocity(
  t_us: number,
  velocity: LocalVelocity,
  resetCounter: number,
  quality: number,
): common.Odometry {
  const message = emptyOdometry(t_us, resetCounter, quality);
  message.frameId = common.MavFrame.LOCAL_NED;
  message.childFrameId = common.MavFrame.LOCAL_NED;
  setVelocity(message, velocity);
  return message;
}

function emptyOdometry(t_us: number, resetCounter: number, quality: number): common.Odometry {
  const message = new common.Odometry();
  message.timeUsec = BigInt(t_us);
  message.x = Number.NaN;
  message.y = Number.NaN;
  message.z = Number.NaN;
  message.q = new Array<number>(4).fill(Number.NaN);
  message.vx = Number.NaN;
  message.vy = Number.NaN;
  message.vz = Number.NaN;
  message.rollspeed = Number.NaN;
  message.pitchspeed = Number.NaN;
  message.yawspeed = Number.NaN;
  message.poseCovariance = new Array<number>(TRIANGLE_ELEMENTS).fill(Number.NaN);
  message.velocityCovariance = new Array<number>(TRIANGLE_ELEMENTS).fill(Number.NaN);
  message.resetCounter = resetCounter;
  message.estimatorType = common.MavEstimatorType.VISION;
  message.quality = quality;
  return message;
}

/** PX4 takes the three axes together or not at all. */
function setVelocity(message: common.Odometry, { north, east, down, variance_m2ps2 }: LocalVelocity): void {
  message.vx = north;
  message.vy = east;
  message.vz = down;
  const covariance = new Array<number>(TRIANGLE_ELEMENTS).fill(0);
  covariance[0] = variance_m2ps2;
  covariance[6] = variance_m2ps2;
  covariance[11] = PX4_VERTICAL_VARIANCE_M2PS2;
  message.velocityCovariance = covariance;
}

/** Upper triangle, row by row, of the covariance over x, y, z, roll, pitch, yaw. */
function poseCovariance(cov: Covariance2, vertical_m2: number): number[] {
  const covariance = new Array<number>(TRIANGLE_ELEMENTS).fill(0);
  covariance[0] = cov.nn;
  covariance[1] = cov.ne;
  covariance[6] = cov.ee;
  covariance[11] = vertical_m2;
  covariance[15] = ANGLE_VARIANCE_RAD2;
  covariance[18] = ANGLE_VARIANCE_RAD2;
  covariance[20] = ANGLE_VARIANCE_RAD2;
  return covariance;
}
