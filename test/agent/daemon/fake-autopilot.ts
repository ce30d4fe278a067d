import { createSocket, type Socket } from "node:dgram";
import { ardupilotmega, common, type MavLinkData, minimal } from "node-mavlink";
import { encodeMessage } from "../../../agent/mavlink/codec.js";
import type { MavlinkFrame } from "../../../agent/mavlink/frame.js";
import { MavlinkFramer } from "../../../agent/mavlink/framer.js";
import { MESSAGES } from "../../../agent/mavlink/messages/registry.js";

const { MavAutopilot, MavState, MavType } = minimal;

/** What the autopilot says of itself all the time. */
export interface FakePose {
  readonly roll_deg: number;
  readonly pitch_deg: number;
  readonly yaw_deg: number;
  readonly agl_m: number;
}

/**
 * As much of an ArduPilot copter as the agent needs to see: HEARTBEAT, attitude, height, an EKF without a position and an
 * origin, over UDP. It keeps what it hears.
 */
export class FakeAutopilot {
  readonly heard: { readonly name: string; readonly frame: MavlinkFrame; readonly at_ms: number }[] = [];
  readonly #socket: Socket;
  readonly #framer = new MavlinkFramer();
  readonly #start_ms = performance.now();
  readonly #timers: NodeJS.Timeout[] = [];
  #seq = 0;

  /** `port`: where the agent listens (udpin). */
  constructor(port: number, pose: FakePose) {
    this.#socket = createSocket("udp4");
    this.#socket.on("error", () => undefined);
    this.#socket.on("message", (bytes) => {
      for (const frame of this.#framer.push(bytes)) {
        const name = MESSAGES.get(frame.msgid)?.name ?? String(frame.msgid);
        this.heard.push({ name, frame, at_ms: performance.now() });
      }
    });
    const every = (ms: number, make: () => MavLinkData): void => {
      this.#timers.push(
        setInterval(() => {
          const bytes = encodeMessage(make(), { sysid: 1, compid: 1, seq: this.#seq++ & 0xff }, false);
          this.#socket.send(bytes, port, "127.0.0.1", () => undefined);
        }, ms),
      );
    };
    every(500, heartbeat);
    every(33, () => attitude(this.#boot_ms, pose));
    every(100, () => globalPosition(this.#boot_ms, pose.agl_m));
    every(250, ekfStatus);
    every(500, origin);
  }

  count(name: string): number {
    return this.heard.filter((one) => one.name === name).length;
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#socket.close();
  }

  get #boot_ms(): number {
    return 10_000 + Math.round(performance.now() - this.#start_ms);
  }
}

function heartbeat(): MavLinkData {
  const message = new minimal.Heartbeat();
  message.type = MavType.QUADROTOR;
  message.autopilot = MavAutopilot.ARDUPILOTMEGA;
  message.baseMode = 0 as minimal.MavModeFlag;
  message.customMode = 4;
  message.systemStatus = MavState.ACTIVE;
  message.mavlinkVersion = 3;
  return message;
}

function attitude(boot_ms: number, pose: FakePose): MavLinkData {
  const rad = Math.PI / 180;
  const message = new common.Attitude();
  message.timeBootMs = boot_ms;
  message.roll = pose.roll_deg * rad;
  message.pitch = pose.pitch_deg * rad;
  message.yaw = pose.yaw_deg * rad;
  message.rollspeed = 0;
  message.pitchspeed = 0;
  message.yawspeed = 0;
  return message;
}

function globalPosition(boot_ms: number, agl_m: number): MavLinkData {
  const message = new common.GlobalPositionInt();
  message.timeBootMs = boot_ms;
  message.lat = 0;
  message.lon = 0;
  // Home is 500 m above the sea.
  message.alt = (500 + agl_m) * 1000;
  message.relativeAlt = agl_m * 1000;
  message.vx = 0;
  message.vy = 0;
  message.vz = 0;
  message.hdg = 0xffff;
  return message;
}

/** Attitude and vertical position, and nothing horizontal: constant position. */
function ekfStatus(): MavLinkData {
  const message = new ardupilotmega.EkfStatusReport();
  message.flags = (1 | 4 | 32 | 128) as ardupilotmega.EkfStatusFlags;
  message.velocityVariance = 0;
  message.posHorizVariance = 0;
  message.posVertVariance = 0;
  message.compassVariance = 0;
  message.terrainAltVariance = 0;
  message.airspeedVariance = 0;
  return message;
}

function origin(): MavLinkData {
  const message = new common.GpsGlobalOrigin();
  message.latitude = 465_000_000;
  message.longitude = 72_500_000;
  message.altitude = 500_000;
  message.timeUsec = 0n;
  return message;
}
