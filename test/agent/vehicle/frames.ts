import { ardupilotmega, common, type MavLinkData, minimal } from "node-mavlink";
import { encodeMessage } from "../../../agent/mavlink/codec.js";
import { frameFromBytes, type MavlinkFrame } from "../../../agent/mavlink/frame.js";
import { MavlinkFramer } from "../../../agent/mavlink/framer.js";
import type { MessageClass } from "../../../agent/mavlink/messages/registry.js";
import { type Recording, readRecording } from "../mavlink/fixtures.js";

/** A message as the frame that the autopilot 1/1 would send. */
export function frameOf(message: MavLinkData, sysid = 1, compid = 1): MavlinkFrame {
  return frameFromBytes(encodeMessage(message, { sysid, compid, seq: 0 }));
}

/** A message with these fields set, the others as zero: the package leaves the names of enum values in some. */
export function message<T extends MavLinkData>(type: MessageClass<T>, fields: Partial<T>): T {
  const one = new type();
  const zeros = type.FIELDS.flatMap(({ name, type: kind, length }) => {
    if (kind === "char[]") return [];
    const zero = kind.includes("int64") ? 0n : 0;
    return [[name, kind.endsWith("[]") ? new Array(length).fill(zero) : zero] as const];
  });
  return Object.assign(one, Object.fromEntries(zeros), fields);
}

export function heartbeat(fields: Partial<minimal.Heartbeat> = {}): minimal.Heartbeat {
  return message(minimal.Heartbeat, {
    type: minimal.MavType.QUADROTOR,
    autopilot: minimal.MavAutopilot.ARDUPILOTMEGA,
    baseMode: 0 as minimal.MavModeFlag,
    customMode: 0,
    systemStatus: minimal.MavState.ACTIVE,
    mavlinkVersion: 3,
    ...fields,
  });
}

export const PX4_HEARTBEAT: Partial<minimal.Heartbeat> = { autopilot: minimal.MavAutopilot.PX4 };

/** ATTITUDE, angles and rates in degrees. */
export function attitude(
  boot_ms: number,
  angles: { roll?: number; pitch?: number; yaw?: number },
  rates: { roll?: number; pitch?: number; yaw?: number } = {},
): common.Attitude {
  const rad = (value = 0) => (value * Math.PI) / 180;
  return message(common.Attitude, {
    timeBootMs: boot_ms,
    roll: rad(angles.roll),
    pitch: rad(angles.pitch),
    yaw: rad(angles.yaw),
    rollspeed: rad(rates.roll),
    pitchspeed: rad(rates.pitch),
    yawspeed: rad(rates.yaw),
  });
}

export function globalPosition(fields: Partial<common.GlobalPositionInt>): common.GlobalPositionInt {
  const place = { lat: 490000000, lon: 160000000, alt: 340000, relativeAlt: 40000 };
  return message(common.GlobalPositionInt, { ...place, vx: 0, vy: 0, vz: 0, hdg: 0, ...fields });
}

export function ekfReport(flags: number): ardupilotmega.EkfStatusReport {
  return message(ardupilotmega.EkfStatusReport, { flags: flags as ardupilotmega.EkfStatusFlags });
}

export function estimatorStatus(flags: number): common.EstimatorStatus {
  return message(common.EstimatorStatus, { flags: flags as common.EstimatorStatusFlags });
}

export function distanceSensor(fields: Partial<common.DistanceSensor>): common.DistanceSensor {
  return message(common.DistanceSensor, {
    minDistance: 20,
    maxDistance: 6000,
    type: 0 as common.MavDistanceSensor,
    orientation: 25 as common.MavSensorOrientation,
    quaternion: [0, 0, 0, 0],
    ...fields,
  });
}

/** The frames that an autopilot sent in a recording, with the times at which they were complete. */
export function* recordedFrames(name: Recording): Generator<{ frame: MavlinkFrame; t_us: number }> {
  const framer = new MavlinkFramer();
  for (const { t_us, direction, bytes } of readRecording(name)) {
    if (direction === "from") for (const frame of framer.push(bytes)) yield { frame, t_us };
  }
}
