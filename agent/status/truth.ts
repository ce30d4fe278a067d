import { common } from "node-mavlink";
import { decodeAs } from "../mavlink/codec.js";
import type { MavlinkFrame } from "../mavlink/frame.js";
import type { Place } from "./api.js";

/** A truth that is older says nothing of now, microseconds. */
const FRESH_US = 2_000_000;

/**
 * Where a simulated vehicle really is, from the messages that only simulators send. It is shown and never used: nothing
 * of the way to a position imports this.
 */
export class SimulatedTruth {
  #place: Place | null = null;
  #heard_us = 0;

  /** Takes any frame of the vehicle. @param t_us when it arrived */
  receive(frame: MavlinkFrame, t_us: number): void {
    if (frame.msgid === common.SimState.MSG_ID) {
      // lat_int and lon_int: ArduPilot's float lat and lon hold degrees x 1e7, in steps of a metre.
      const { latInt, lonInt } = decodeAs(frame, common.SimState);
      this.#take(latInt, lonInt, t_us);
    } else if (frame.msgid === common.HilStateQuaternion.MSG_ID) {
      const { lat, lon } = decodeAs(frame, common.HilStateQuaternion);
      this.#take(lat, lon, t_us);
    }
  }

  /** The truth, or null when no simulator told it in the last two seconds. */
  at(t_us: number): Place | null {
    return t_us - this.#heard_us > FRESH_US ? null : this.#place;
  }

  #take(lat_e7: number, lon_e7: number, t_us: number): void {
    if (lat_e7 === 0 && lon_e7 === 0) return;
    this.#place = { lat_deg: lat_e7 / 1e7, lon_deg: lon_e7 / 1e7 };
    this.#heard_us = t_us;
  }
}
