import { common } from "node-mavlink";
import { decodeAs } from "./codec.js";
import type { MavlinkFrame } from "./frame.js";
import { AUTOPILOT_COMPONENT } from "./identity.js";

/** How far the time since boot may go back without a restart: datagrams can come in the wrong order. */
const BACK_MS = 2000;

/** Notices that the autopilot has restarted: its time since boot goes back. */
export class RebootDetector {
  #boot_ms = -1;

  /** Takes a frame of the vehicle; true if it shows that the autopilot has restarted since the last one. */
  observe(frame: MavlinkFrame): boolean {
    if (frame.msgid !== common.Attitude.MSG_ID && frame.msgid !== common.SystemTime.MSG_ID) return false;
    if (frame.compid !== AUTOPILOT_COMPONENT) return false;
    const { timeBootMs } =
      frame.msgid === common.Attitude.MSG_ID ? decodeAs(frame, common.Attitude) : decodeAs(frame, common.SystemTime);
    const rebooted = this.#boot_ms >= 0 && timeBootMs < this.#boot_ms - BACK_MS;
    this.#boot_ms = rebooted ? timeBootMs : Math.max(this.#boot_ms, timeBootMs);
    return rebooted;
  }
}
