import type { MavLinkData } from "node-mavlink";
import { encodeMessage } from "../../../agent/mavlink/codec.js";
import { frameFromBytes, type MavlinkFrame } from "../../../agent/mavlink/frame.js";
import type { Vehicle } from "../../../agent/mavlink/identity.js";
import type { FrameListener, VehiclePort } from "../../../agent/mavlink/vehicle-port.js";

export const PX4_QUAD: Vehicle = { sysid: 8, compid: 1, autopilot: 12, type: 2 };
export const ARDUPILOT_COPTER: Vehicle = { sysid: 1, compid: 1, autopilot: 3, type: 2 };

/** A message as the other end gets it. */
export function frameOf(message: MavLinkData, sysid: number, compid: number, seq = 0): MavlinkFrame {
  return frameFromBytes(encodeMessage(message, { sysid, compid, seq }));
}

/** A link to a vehicle that lives in the test. */
export class FakePort implements VehiclePort {
  readonly identity: { sysid: number; compid: number; vehicle: Vehicle | null };
  /** What the agent sent, as it arrives at the vehicle. */
  readonly sent: MavlinkFrame[] = [];
  /** What the vehicle does with what arrives. */
  onSent: (frame: MavlinkFrame) => void = () => undefined;
  /** False: the link is down. */
  up = true;
  readonly #listeners = new Set<FrameListener>();

  constructor(vehicle: Vehicle | null, compid = 197) {
    this.identity = { sysid: vehicle?.sysid ?? 1, compid, vehicle };
  }

  send(message: MavLinkData): Promise<boolean> {
    const frame = frameOf(message, this.identity.sysid, this.identity.compid, this.sent.length & 0xff);
    if (!this.up) return Promise.resolve(false);
    this.sent.push(frame);
    this.onSent(frame);
    return Promise.resolve(true);
  }

  onFrame(listener: FrameListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** The vehicle, or somebody else, says something. */
  say(message: MavLinkData, t_us = 0, sysid = this.identity.vehicle?.sysid ?? 1, compid = 1): void {
    this.hear(frameOf(message, sysid, compid), t_us);
  }

  /** Any frame arrives. */
  hear(frame: MavlinkFrame, t_us: number): void {
    for (const listener of [...this.#listeners]) listener(frame, t_us);
  }
}
