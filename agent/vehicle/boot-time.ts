import { common } from "node-mavlink";
import { decodeAs } from "../mavlink/codec.js";
import type { MavlinkFrame } from "../mavlink/frame.js";
import { ArrivalClock, bootTimeAt, type ClockMap } from "./boot-clock.js";

/** An attitude that is older than the newest message by more than this comes from a new life of the autopilot, */
const REBOOT_US = 1_000_000;
/** if so many come one after the other: a single one was only held up on its way. */
const REBOOT_ATTITUDES = 3;

/** The autopilot's clock: its newest time, its way to the agent's clock, and whether it began anew. */
export class BootTime implements ClockMap {
  readonly #synchronised: ClockMap | null;
  readonly #arrivals = new ArrivalClock();
  #newest_us: number | null = null;
  #backwards = 0;

  /** `synchronised`: the clock's map by TIMESYNC; while it knows nothing, the arrival of the messages counts. */
  constructor(synchronised: ClockMap | null) {
    this.#synchronised = synchronised;
  }

  /** Time since boot of the newest message, microseconds. */
  get newest_us(): number | null {
    return this.#newest_us;
  }

  /** What the map comes from; null while there is none. */
  get source(): "timesync" | "arrival" | null {
    if (this.#newest_us === null) return null;
    return (this.#synchronised?.toAgent_us(this.#newest_us) ?? null) === null ? "arrival" : "timesync";
  }

  /**
   * Takes a frame that arrived at a time; true if the autopilot has begun anew: its time went back. Only messages that
   * carry the autopilot's own time count, not sensors' stamps; and only attitudes prove a new beginning, because the
   * others can be stamped with an estimate that has stopped.
   */
  observe(frame: MavlinkFrame, arrival_us: number): boolean {
    const boot_us = stampOf(frame);
    // Some senders fill in 0 for "not known".
    if (boot_us === null || boot_us === 0) return false;
    if (this.#newest_us !== null && boot_us < this.#newest_us - REBOOT_US) {
      if (!isAttitude(frame)) return false;
      this.#backwards++;
      if (this.#backwards < REBOOT_ATTITUDES) return false;
      this.reset();
      this.#take(boot_us, arrival_us);
      return true;
    }
    if (isAttitude(frame)) this.#backwards = 0;
    this.#take(boot_us, arrival_us);
    return false;
  }

  reset(): void {
    this.#newest_us = null;
    this.#backwards = 0;
    this.#arrivals.reset();
  }

  toAgent_us(boot_us: number): number | null {
    return this.#synchronised?.toAgent_us(boot_us) ?? this.#arrivals.toAgent_us(boot_us);
  }

  /** The boot time at a time of the agent; null before anything was heard. */
  at(t_us: number): number | null {
    return this.#newest_us === null ? null : bootTimeAt(this, t_us, this.#newest_us);
  }

  #take(boot_us: number, arrival_us: number): void {
    this.#newest_us = Math.max(boot_us, this.#newest_us ?? 0);
    this.#arrivals.observe(boot_us, arrival_us);
  }
}

function isAttitude({ msgid }: MavlinkFrame): boolean {
  return msgid === common.Attitude.MSG_ID || msgid === common.AttitudeQuaternion.MSG_ID;
}

/** Time since boot in a message that carries the autopilot's own time, microseconds; null for all others. */
function stampOf(frame: MavlinkFrame): number | null {
  switch (frame.msgid) {
    case common.Attitude.MSG_ID:
      return decodeAs(frame, common.Attitude).timeBootMs * 1000;
    case common.AttitudeQuaternion.MSG_ID:
      return decodeAs(frame, common.AttitudeQuaternion).timeBootMs * 1000;
    case common.LocalPositionNed.MSG_ID:
      return decodeAs(frame, common.LocalPositionNed).timeBootMs * 1000;
    case common.GlobalPositionInt.MSG_ID:
      return decodeAs(frame, common.GlobalPositionInt).timeBootMs * 1000;
    default:
      return null;
  }
}
