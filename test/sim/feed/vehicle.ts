import { createSocket, type Socket } from "node:dgram";
import { common, type MavLinkData, minimal } from "node-mavlink";
import { encodeMessage } from "../../../agent/mavlink/codec.js";
import { frameFromBytes, type MavlinkFrame } from "../../../agent/mavlink/frame.js";
import type { TruePose } from "../../../sim/feed/true-pose.js";

const RAD = Math.PI / 180;

/** Every numeric field 0, so that a message can be sent of which only some matter. */
function zeroed<T extends MavLinkData>(message: T): T {
  const { FIELDS } = message.constructor as unknown as {
    FIELDS: readonly { name: string; type: string; length: number }[];
  };
  const fields = message as unknown as Record<string, unknown>;
  for (const { name, type, length } of FIELDS) {
    const zero = type.startsWith("uint64") ? 0n : 0;
    fields[name] = type.endsWith("[]") ? Array.from({ length }, () => zero) : zero;
  }
  return message;
}

/** SIM_STATE as ArduPilot sends it: the floats lat and lon hold degrees x 1e7. */
export function simState(pose: TruePose): common.SimState {
  const message = zeroed(new common.SimState());
  message.roll = pose.attitude.roll_deg * RAD;
  message.pitch = pose.attitude.pitch_deg * RAD;
  message.yaw = pose.attitude.yaw_deg * RAD;
  message.alt = pose.alt_m;
  message.latInt = Math.round(pose.lat_deg * 1e7);
  message.lonInt = Math.round(pose.lon_deg * 1e7);
  message.lat = message.latInt;
  message.lon = message.lonInt;
  return message;
}

/** GLOBAL_POSITION_INT of a pose above a home. */
export function globalPosition(pose: TruePose, home_amsl_m: number): common.GlobalPositionInt {
  const message = zeroed(new common.GlobalPositionInt());
  message.lat = Math.round(pose.lat_deg * 1e7);
  message.lon = Math.round(pose.lon_deg * 1e7);
  message.alt = Math.round(pose.alt_m * 1000);
  message.relativeAlt = Math.round((pose.alt_m - home_amsl_m) * 1000);
  return message;
}

/** ATTITUDE of a pose. */
export function attitude(pose: TruePose): common.Attitude {
  const message = zeroed(new common.Attitude());
  message.roll = pose.attitude.roll_deg * RAD;
  message.pitch = pose.attitude.pitch_deg * RAD;
  message.yaw = pose.attitude.yaw_deg * RAD;
  return message;
}

/** HIL_STATE_QUATERNION with the given attitude quaternion (w, x, y, z). */
export function hilState(pose: TruePose, quaternion: readonly number[]): common.HilStateQuaternion {
  const message = zeroed(new common.HilStateQuaternion());
  message.attitudeQuaternion = [...quaternion];
  message.lat = Math.round(pose.lat_deg * 1e7);
  message.lon = Math.round(pose.lon_deg * 1e7);
  message.alt = Math.round(pose.alt_m * 1000);
  return message;
}

/** A message as its receiver gets it. */
export function asFrame(message: MavLinkData): MavlinkFrame {
  return frameFromBytes(encodeMessage(message, { sysid: 1, compid: 1, seq: 0 }));
}

/** A vehicle on a UDP port that tells its true pose 50 times a second, computed when it is sent. */
export class FakeVehicle {
  readonly #socket: Socket = createSocket("udp4");
  readonly #timers: NodeJS.Timeout[] = [];
  #seq = 0;

  constructor(port: number, home_amsl_m: number, pose: () => TruePose) {
    const send = (message: MavLinkData): void => {
      this.#seq = (this.#seq + 1) & 255;
      this.#socket.send(encodeMessage(message, { sysid: 1, compid: 1, seq: this.#seq }), port, "127.0.0.1");
    };
    const beat = (): void => {
      const heartbeat = zeroed(new minimal.Heartbeat());
      heartbeat.autopilot = minimal.MavAutopilot.ARDUPILOTMEGA;
      heartbeat.type = minimal.MavType.QUADROTOR;
      send(heartbeat);
      send(globalPosition(pose(), home_amsl_m));
    };
    this.#timers.push(setInterval(beat, 200));
    this.#timers.push(setInterval(() => send(simState(pose())), 20));
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#socket.close();
  }
}

/** A UDP port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
