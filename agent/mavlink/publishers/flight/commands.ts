import { common } from "node-mavlink";
import { decodeAs } from "../../codec.js";
import type { MavlinkFrame } from "../../frame.js";
import { AUTOPILOT_COMPONENT } from "../../identity.js";

const { MavResult } = common;

/** What became of a command, as its COMMAND_ACK says; `no_answer` when none came in time. */
export type CommandOutcome =
  | "accepted"
  | "temporarily_rejected"
  | "denied"
  | "unsupported"
  | "failed"
  | "cancelled"
  | "wrong_form"
  | "no_answer";

const OUTCOMES: Readonly<Record<number, CommandOutcome>> = {
  [MavResult.ACCEPTED]: "accepted",
  [MavResult.TEMPORARILY_REJECTED]: "temporarily_rejected",
  [MavResult.DENIED]: "denied",
  [MavResult.UNSUPPORTED]: "unsupported",
  [MavResult.FAILED]: "failed",
  [MavResult.CANCELLED]: "cancelled",
  // COMMAND_LONG where COMMAND_INT is wanted, the other way round, or another frame.
  [MavResult.COMMAND_LONG_ONLY]: "wrong_form",
  [MavResult.COMMAND_INT_ONLY]: "wrong_form",
  [MavResult.COMMAND_UNSUPPORTED_MAV_FRAME]: "wrong_form",
};

/** Without any answer for this long a command counts as lost. */
const ANSWER_US = 1_000_000;
/** After IN_PROGRESS the final answer may take this long. */
const PROGRESS_US = 5_000_000;

/** Waits for the COMMAND_ACKs of one command. */
export class CommandWatch {
  readonly #command: number;
  readonly #ownComponent: number | null;
  #deadline_us: number | null = null;

  /** `ownComponent`: acknowledgements addressed to another component are not ours; null takes all. */
  constructor(command: number, ownComponent: number | null) {
    this.#command = command;
    this.#ownComponent = ownComponent;
  }

  /** The command has been sent and its final answer has not come. */
  get waiting(): boolean {
    return this.#deadline_us !== null;
  }

  sent(now_us: number): void {
    this.#deadline_us = now_us + ANSWER_US;
  }

  /** The outcome if this frame is the final answer; IN_PROGRESS only gives more time. An answer nobody waits for is null. */
  take(frame: MavlinkFrame, now_us: number): CommandOutcome | null {
    if (this.#deadline_us === null || frame.msgid !== common.CommandAck.MSG_ID) return null;
    const ack = decodeAs(frame, common.CommandAck);
    if (ack.command !== this.#command) return null;
    // Autopilots that leave the target out say 0.
    if (this.#ownComponent !== null && ack.targetComponent !== 0 && ack.targetComponent !== this.#ownComponent)
      return null;
    if (ack.result === MavResult.IN_PROGRESS) {
      this.#deadline_us = now_us + PROGRESS_US;
      return null;
    }
    this.#deadline_us = null;
    return OUTCOMES[ack.result] ?? "failed";
  }

  /** `no_answer` once when the time is over. */
  expire(now_us: number): CommandOutcome | null {
    if (this.#deadline_us === null || now_us < this.#deadline_us) return null;
    this.#deadline_us = null;
    return "no_answer";
  }
}

/** COMMAND_LONG to the autopilot of a vehicle, first attempt; parameters that are not given are 0. */
export function commandLong(targetSystem: number, command: number, param1: number): common.CommandLong {
  const message = new common.CommandLong();
  message.targetSystem = targetSystem;
  message.targetComponent = AUTOPILOT_COMPONENT;
  message.command = command;
  message.confirmation = 0;
  message._param1 = param1;
  message._param2 = 0;
  message._param3 = 0;
  message._param4 = 0;
  message._param5 = 0;
  message._param6 = 0;
  message._param7 = 0;
  return message;
}
