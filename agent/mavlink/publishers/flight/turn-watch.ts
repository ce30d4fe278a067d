import { common } from "node-mavlink";
import { decodeAs } from "../../codec.js";
import type { MavlinkFrame } from "../../frame.js";

/**
 * A plane circles at some 30 degrees of bank and turns at 40; into a turn it may lean by 60 for a second, and roll at 90 degrees
 * a second. Positions of the turn itself are worth having: without them our twin of the autopilot drifts to 10 m RMS.
 */
const SHARP_BANK_DEG = 45;
const SHARP_ROLL_DPS = 30;
/** Fixes of the first moments after a turn are still weighed against those of the turn. */
const SETTLE_US = 500_000;
/** A vehicle that turns for longer than this gets positions all the same: by then it needs them more than good ones. */
const LONGEST_US = 10_000_000;
const DEG = 180 / Math.PI;

/**
 * Whether a fix is one of a sharp turn, as the vehicle's ATTITUDE tells. In a roll of 80 degrees a second some 30 ms between
 * picture and attitude are two and a half degrees; the place straight below, seen at 60 degrees, then is off by 17 % of the
 * height above ground.
 */
export class TurnWatch {
  #began_us = Number.NEGATIVE_INFINITY;
  #sharp_us = Number.NEGATIVE_INFINITY;

  receive(frame: MavlinkFrame, now_us: number): void {
    if (frame.msgid !== common.Attitude.MSG_ID) return;
    const { roll, rollspeed } = decodeAs(frame, common.Attitude);
    if (Math.abs(roll) * DEG <= SHARP_BANK_DEG && Math.abs(rollspeed) * DEG <= SHARP_ROLL_DPS) return;
    if (now_us - this.#sharp_us > SETTLE_US) this.#began_us = now_us;
    this.#sharp_us = now_us;
  }

  /** True while a fix of this capture time is not to be used; for at most ten seconds of one turn. */
  spoils(fix_t_us: number, now_us: number): boolean {
    return fix_t_us < this.#sharp_us + SETTLE_US && now_us - this.#began_us < LONGEST_US;
  }
}
