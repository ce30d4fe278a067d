import { common } from "node-mavlink";
import { decodeAs } from "../../../agent/mavlink/codec.js";
import type { MavlinkFrame } from "../../../agent/mavlink/frame.js";
import { GlobalPositionSensor } from "../../../agent/mavlink/messages/global-position-sensor.js";
import type { VisionSample } from "../ekf/px4-samples.js";
import type { Vehicle } from "../vehicle.js";

/** MAV_FRAME_LOCAL_NED, LOCAL_FRD, BODY_FRD. */
const LOCAL_NED = 1;
const LOCAL_FRD = 20;
const BODY_FRD = 12;
/** GPS_INPUT.ignore_flags: horizontal velocity. */
const IGNORE_VELOCITY = 8;

/** What the messages of one link about positions need from the link. */
export interface PositionContext {
  /** When the message arrived, microseconds since boot. */
  readonly t_us: number;
  /** The sender's time on the autopilot's clock (PX4 after TIMESYNC has converged), else null. */
  readonly synced: (remote_us: number) => number | null;
  /** Whether a GLOBAL_POSITION_SENSOR with this id is for the slot. */
  readonly forSlot: (id: number) => boolean;
}

type Receiver = (vehicle: Vehicle, frame: MavlinkFrame, context: PositionContext) => void;

/** A local position, whichever message it came in. */
interface LocalFix {
  readonly usec: bigint;
  readonly x: number;
  readonly y: number;
  readonly covariance: readonly number[];
  readonly resetCounter: number;
  readonly velocity: VisionSample["velocity"];
}

function localFix(vehicle: Vehicle, fix: LocalFix, context: PositionContext): void {
  const { firmware } = vehicle;
  const at = (k: number) => fix.covariance[k] ?? Number.NaN;
  const remote_us = Number(fix.usec);
  const placed = Number.isFinite(fix.x) && Number.isFinite(fix.y);
  if (firmware.kind === "ardupilot") {
    if (!placed) return;
    firmware.ekf.external({
      remote_us,
      arrival_us: context.t_us,
      north_m: fix.x,
      east_m: fix.y,
      variances_m2: [at(0), at(6), at(11)],
      resetCounter: fix.resetCounter,
    });
    return;
  }
  if (!placed && fix.velocity === null) return;
  firmware.ekf.vision({
    synced_us: context.synced(remote_us),
    arrival_us: context.t_us,
    north_m: fix.x,
    east_m: fix.y,
    sigma_m: Math.sqrt(Math.max(at(0), at(6))),
    velocity: fix.velocity,
  });
}

function visionPosition(vehicle: Vehicle, frame: MavlinkFrame, context: PositionContext): void {
  const message = decodeAs(frame, common.VisionPositionEstimate);
  localFix(vehicle, { ...message, velocity: null }, context);
}

/** Latitude and longitude in it are taken for metres, as by the real one: it does not work with degrees. */
function globalVisionPosition(vehicle: Vehicle, frame: MavlinkFrame, context: PositionContext): void {
  if (vehicle.firmware.kind !== "ardupilot") return;
  const message = decodeAs(frame, common.GlobalVisionPositionEstimate);
  localFix(vehicle, { ...message, velocity: null }, context);
}

function odometry(vehicle: Vehicle, frame: MavlinkFrame, context: PositionContext): void {
  const message = decodeAs(frame, common.Odometry);
  const { frameId, childFrameId, quality } = message;
  const ardupilot = vehicle.firmware.kind === "ardupilot";
  if (ardupilot && (frameId !== LOCAL_FRD || childFrameId !== BODY_FRD || quality < 0)) return;
  if (!ardupilot && frameId !== LOCAL_FRD && frameId !== LOCAL_NED) return;
  localFix(
    vehicle,
    {
      usec: message.timeUsec,
      x: message.x,
      y: message.y,
      covariance: message.poseCovariance,
      resetCounter: message.resetCounter,
      velocity: velocityOf(message),
    },
    context,
  );
}

/** A level velocity in local axes, of the body or of them; null where it is not given. */
function velocityOf({ childFrameId, vx, vy, q, velocityCovariance }: common.Odometry): LocalFix["velocity"] {
  const [w = 1, x = 0, y = 0, z = 0] = childFrameId === BODY_FRD ? q : [1, 0, 0, 0];
  const yaw = Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z));
  if (!Number.isFinite(vx) || !Number.isFinite(vy) || !Number.isFinite(yaw)) return null;
  const variance = Math.max(velocityCovariance[0] ?? Number.NaN, velocityCovariance[6] ?? Number.NaN);
  return {
    vn_mps: vx * Math.cos(yaw) - vy * Math.sin(yaw),
    ve_mps: vx * Math.sin(yaw) + vy * Math.cos(yaw),
    sigma_mps: variance >= 0 ? Math.sqrt(variance) : null,
  };
}

/** PX4 stamps it on arrival: time, processing time and flags have no effect, and any latitude is one. */
function globalPositionSensor(vehicle: Vehicle, frame: MavlinkFrame, context: PositionContext): void {
  if (vehicle.firmware.kind !== "px4") return;
  const { id, lat, lon, eph } = decodeAs(frame, GlobalPositionSensor);
  if (!context.forSlot(id)) return;
  vehicle.firmware.ekf.global({ arrival_us: context.t_us, lat_deg: lat / 1e7, lon_deg: lon / 1e7, eph_m: eph });
}

/** PX4 has no handler for it. */
function gpsInput(vehicle: Vehicle, frame: MavlinkFrame, context: PositionContext): void {
  if (vehicle.firmware.kind !== "ardupilot") return;
  const m = decodeAs(frame, common.GpsInput);
  vehicle.gpsInputs.receive(
    {
      gpsId: m.gpsId,
      fixType: m.fixType,
      satellites: m.satellitesVisible,
      lat_deg: m.lat / 1e7,
      lon_deg: m.lon / 1e7,
      alt_m: m.alt,
      sigma_m: m.horizAccuracy,
      velocity: (m.ignoreFlags & IGNORE_VELOCITY) !== 0 ? null : { vn_mps: m.vn, ve_mps: m.ve },
    },
    context.t_us,
  );
}

function setOrigin(vehicle: Vehicle, frame: MavlinkFrame): void {
  const { latitude, longitude, altitude } = decodeAs(frame, common.SetGpsGlobalOrigin);
  vehicle.ekf.setOrigin({ lat_deg: latitude / 1e7, lon_deg: longitude / 1e7, alt_m: altitude / 1000 });
}

/** Receivers of positions by message id. */
export const POSITION_RECEIVERS: ReadonlyMap<number, Receiver> = new Map<number, Receiver>([
  [48, setOrigin],
  [101, globalVisionPosition],
  [102, visionPosition],
  [232, gpsInput],
  [296, globalPositionSensor],
  [331, odometry],
]);
