import { RESULT } from "../flight/commander.js";
import type { Vehicle } from "../vehicle.js";
import { MAKERS } from "./telemetry.js";

/** A COMMAND_LONG or COMMAND_INT, as far as the twin looks at it. */
export interface Command {
  readonly id: number;
  readonly form: "long" | "int";
  /** MAV_FRAME of a COMMAND_INT. */
  readonly frame: number;
  readonly p1: number;
  readonly p2: number;
  readonly p3: number;
  /** Degrees of a COMMAND_INT with a place; as sent otherwise. */
  readonly lat_deg: number;
  readonly lon_deg: number;
  readonly p7: number;
}

export const COMMAND = {
  land: 21,
  takeOff: 22,
  returnToLaunch: 20,
  setMode: 176,
  reposition: 192,
  reboot: 246,
  arm: 400,
  messageInterval: 511,
  requestMessage: 512,
  sourceSet: 42007,
  externalPosition: 43003,
} as const;

const FRAME_GLOBAL = 0;
const FRAME_GLOBAL_INT = 5;

/** What a link must do for a command: its streams are its own. */
export interface StreamControl {
  /** SET_MESSAGE_INTERVAL: a MAV_RESULT, or null when the request got lost. */
  setInterval(msgid: number, interval_us: number): number | null;
  /** Sends a message once. */
  sendOnce(msgid: number): boolean;
  /** After a reboot: what was bound to the link is free again. */
  rebooted(): void;
}

/** Carries out a command; the MAV_RESULT of its acknowledgement, or null for none. */
export function execute(vehicle: Vehicle, command: Command, streams: StreamControl): number | null {
  const { commander, situation, traits, steering } = vehicle;
  const px4 = traits.firmware === "px4";
  switch (command.id) {
    case COMMAND.messageInterval:
      return streams.setInterval(command.p1, command.p2);
    case COMMAND.requestMessage: {
      // PX4 does not give its origin on request (recorded): it comes when it is set.
      const refused = !MAKERS[traits.firmware].has(command.p1) || (px4 && command.p1 === 49);
      if (refused) return RESULT.denied;
      return streams.sendOnce(command.p1) ? RESULT.accepted : RESULT.failed;
    }
    case COMMAND.setMode:
      return commander.setMode(px4 ? command.p2 * 2 ** 16 + command.p3 * 2 ** 24 : command.p2, situation);
    case COMMAND.arm:
      if (command.p1 !== 0) return commander.arm(situation);
      if (vehicle.inAir) return RESULT.denied;
      commander.disarm();
      return RESULT.accepted;
    case COMMAND.takeOff:
      return takeOff(vehicle, command);
    case COMMAND.land:
      return commander.setMode(px4 ? 4 * 2 ** 16 + 6 * 2 ** 24 : 9, situation);
    case COMMAND.returnToLaunch:
      return commander.setMode(px4 ? 4 * 2 ** 16 + 5 * 2 ** 24 : traits.frame === "plane" ? 11 : 6, situation);
    case COMMAND.reposition: {
      if (command.form === "long") return RESULT.unsupported;
      const changed = commander.setMode(px4 ? 4 * 2 ** 16 + 3 * 2 ** 24 : commander.missionMode("guided"), situation);
      if (changed !== RESULT.accepted) return changed;
      steering.guideTo({ at: command, up_m: vehicle.baroHeight_m });
      return RESULT.accepted;
    }
    case COMMAND.reboot:
      if (commander.armed) return RESULT.denied;
      streams.rebooted();
      vehicle.firmware.ekf.rebooted();
      return RESULT.accepted;
    case COMMAND.sourceSet:
      return selectSourceSet(vehicle, command.p1);
    case COMMAND.externalPosition:
      return externalPosition(vehicle, command);
    default:
      return RESULT.unsupported;
  }
}

function takeOff(vehicle: Vehicle, command: Command): number {
  const { commander, steering, traits } = vehicle;
  if (!commander.armed || !(command.p7 > 0)) return RESULT.failed;
  if (traits.firmware === "ardupilot" && commander.behaviour !== "guided" && commander.behaviour !== "takeoff") {
    return RESULT.failed;
  }
  steering.takeOff(command.p7);
  return RESULT.accepted;
}

function selectSourceSet(vehicle: Vehicle, set: number): number {
  if (vehicle.firmware.kind !== "ardupilot") return RESULT.unsupported;
  if (!vehicle.firmware.ekf.selectSourceSet(set)) return RESULT.denied;
  vehicle.log.add({ kind: "event", t_s: vehicle.t_us / 1e6, event: "source_set", set });
  return RESULT.accepted;
}

function externalPosition(vehicle: Vehicle, command: Command): number {
  if (command.form === "long") return RESULT.unsupported;
  const { firmware } = vehicle;
  if (firmware.kind === "px4") {
    if (command.frame !== FRAME_GLOBAL_INT) return RESULT.unsupportedFrame;
    return firmware.ekf.externalPosition(command, command.p3, command.p2 * 1e6)
      ? RESULT.accepted
      : RESULT.temporarilyRejected;
  }
  if (command.frame !== FRAME_GLOBAL && command.frame !== FRAME_GLOBAL_INT) return RESULT.denied;
  // The command corrects the horizontal position only: an altitude in it is refused, and 0 is one.
  if (!Number.isNaN(command.p7)) return RESULT.denied;
  const taken = firmware.ekf.externalPosition(command, command.p3, command.p1 * 1e6, command.p2 * 1e6);
  return taken ? RESULT.accepted : RESULT.failed;
}
