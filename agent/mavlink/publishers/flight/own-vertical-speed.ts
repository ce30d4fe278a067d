import { common } from "node-mavlink";
import { decodeAs } from "../../codec.js";
import type { MavlinkFrame } from "../../frame.js";

/**
 * How fast the autopilot believes itself to sink, metres per second. PX4 takes a velocity with three axes or none: what a
 * map match does not measure it is told back as its own, with a variance that leaves it alone.
 */
export class OwnVerticalSpeed {
  #down_mps = 0;

  /** Takes a frame of the vehicle. */
  receive(frame: MavlinkFrame): void {
    if (frame.msgid !== common.LocalPositionNed.MSG_ID) return;
    const { vz } = decodeAs(frame, common.LocalPositionNed);
    if (Number.isFinite(vz)) this.#down_mps = vz;
  }

  /** 0 while nothing was heard. */
  get down_mps(): number {
    return this.#down_mps;
  }
}
