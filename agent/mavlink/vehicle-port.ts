import type { MavLinkData } from "node-mavlink";
import type { MavlinkFrame } from "./frame.js";
import type { Vehicle } from "./identity.js";

/** Takes a frame and the time at which it arrived, agent clock, microseconds. */
export type FrameListener = (frame: MavlinkFrame, t_us: number) => void;

/**
 * The way to the autopilot, as those who talk to it need it: a `MavlinkConnection`, or `MavlinkHub.autopilot`.
 */
export interface VehiclePort {
  readonly identity: { readonly sysid: number; readonly compid: number; readonly vehicle: Vehicle | null };
  /** Resolves to whether the message left; rejects with a RangeError for a field that the wire cannot carry. */
  send(message: MavLinkData): Promise<boolean>;
  /** Calls `listener` with every frame that arrives, until the function returned is called. */
  onFrame(listener: FrameListener): () => void;
}

/**
 * A part of the conversation with the autopilot that keeps itself going (TIMESYNC, message rates): it is given the frames
 * of the vehicle and the time, and says what to send. It has no timers of its own, so that recorded traffic tests it.
 */
export interface LinkService {
  /** A frame of the vehicle, and when it arrived (agent clock). What is returned is sent at once. */
  observe(frame: MavlinkFrame, t_us: number): readonly MavLinkData[];
  /** Called some 20 times a second; what is returned is sent. */
  tick(now_us: number): readonly MavLinkData[];
}
