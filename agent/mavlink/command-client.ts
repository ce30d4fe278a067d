import { common, type MavLinkData } from "node-mavlink";
import { decodeAs } from "./codec.js";
import type { MavlinkFrame } from "./frame.js";
import { AUTOPILOT_COMPONENT } from "./identity.js";
import { REAL_SCHEDULER, type Scheduler } from "./scheduler.js";
import type { VehiclePort } from "./vehicle-port.js";

/** MAV_RESULT by its number. */
export const COMMAND_RESULTS = [
  "accepted",
  "temporarily_rejected",
  "denied",
  "unsupported",
  "failed",
  "in_progress",
  "cancelled",
  "command_long_only",
  "command_int_only",
  "unsupported_frame",
] as const;

/** How a command ended: what the vehicle said, or why it said nothing. */
export type CommandOutcome =
  | (typeof COMMAND_RESULTS)[number]
  | "unknown_result"
  | "no_answer"
  | "no_vehicle"
  | "closed";

export interface CommandAnswer {
  readonly outcome: CommandOutcome;
  /** The command was accepted. */
  readonly ok: boolean;
  /** `result_param2` of the answer, or null. */
  readonly detail: number | null;
  /** Times it was sent. */
  readonly attempts: number;
}

export interface CommandTimes {
  /** How long an answer is waited for before the command is sent again. Default 700 ms. */
  readonly timeout_ms?: number;
  /** Times it is sent in all. Default 4. */
  readonly attempts?: number;
  /** How long the vehicle may go on after it has said IN_PROGRESS. Default 10 s after each time. */
  readonly progress_ms?: number;
}

/** COMMAND_LONG: seven numbers, 0 where not given (NaN means "as it is" to many commands). */
export interface LongCommand extends CommandTimes {
  readonly command: number;
  readonly params?: readonly number[];
}

/** COMMAND_INT: a place (degrees x 1e7, or metres x 1e4) with a frame, and four numbers. */
export interface IntCommand extends CommandTimes {
  readonly command: number;
  /** MAV_FRAME: 0 global, 5 global int, ... */
  readonly frame: number;
  readonly params?: readonly number[];
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

interface Waiting {
  readonly command: number;
  readonly sysid: number;
  readonly answered: (ack: common.CommandAck) => void;
  readonly closed: () => void;
}

/**
 * Sends commands to the autopilot and waits for their answers. A COMMAND_ACK names only the command, so commands with the
 * same number wait for each other; different ones are under way together.
 */
export class CommandClient {
  readonly #port: VehiclePort;
  readonly #scheduler: Scheduler;
  readonly #waiting = new Map<number, Waiting>();
  /** The last command of each number, which the next one waits for. */
  readonly #queue = new Map<number, Promise<unknown>>();
  readonly #stop: () => void;
  #closed = false;

  constructor(port: VehiclePort, scheduler: Scheduler = REAL_SCHEDULER) {
    this.#port = port;
    this.#scheduler = scheduler;
    this.#stop = port.onFrame((frame) => this.#observe(frame));
  }

  /** Sends a COMMAND_LONG. It never rejects for what the vehicle does or does not say. */
  long(command: LongCommand): Promise<CommandAnswer> {
    return this.#inTurn(command, (sysid, attempt) => {
      const message = new common.CommandLong();
      message.targetSystem = sysid;
      message.targetComponent = AUTOPILOT_COMPONENT;
      message.command = command.command as common.MavCmd;
      message.confirmation = attempt & 0xff;
      const param = (at: number) => command.params?.[at] ?? 0;
      message._param1 = param(0);
      message._param2 = param(1);
      message._param3 = param(2);
      message._param4 = param(3);
      message._param5 = param(4);
      message._param6 = param(5);
      message._param7 = param(6);
      return message;
    });
  }

  /** Sends a COMMAND_INT. It never rejects for what the vehicle does or does not say. */
  int(command: IntCommand): Promise<CommandAnswer> {
    return this.#inTurn(command, (sysid) => {
      const message = new common.CommandInt();
      message.targetSystem = sysid;
      message.targetComponent = AUTOPILOT_COMPONENT;
      message.frame = command.frame as common.MavFrame;
      message.command = command.command as common.MavCmd;
      message.current = 0;
      message.autocontinue = 0;
      const param = (at: number) => command.params?.[at] ?? 0;
      message._param1 = param(0);
      message._param2 = param(1);
      message._param3 = param(2);
      message._param4 = param(3);
      message._param5 = command.x;
      message._param6 = command.y;
      message._param7 = command.z;
      return message;
    });
  }

  /** Ends; commands under way resolve as `closed`. */
  close(): void {
    this.#closed = true;
    this.#stop();
    for (const waiting of [...this.#waiting.values()]) waiting.closed();
  }

  async #inTurn(
    command: CommandTimes & { readonly command: number },
    build: (sysid: number, attempt: number) => MavLinkData,
  ): Promise<CommandAnswer> {
    const before = this.#queue.get(command.command);
    const mine = (before ?? Promise.resolve()).then(() => this.#run(command, build));
    // The next in the queue must not fail with this one.
    const turn = mine.catch(() => undefined);
    this.#queue.set(command.command, turn);
    try {
      return await mine;
    } finally {
      if (this.#queue.get(command.command) === turn) this.#queue.delete(command.command);
    }
  }

  async #run(
    command: CommandTimes & { readonly command: number },
    build: (sysid: number, attempt: number) => MavLinkData,
  ): Promise<CommandAnswer> {
    const { timeout_ms = 700, attempts = 4, progress_ms = 10_000 } = command;
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (this.#closed) return answer("closed", attempt);
      const { vehicle } = this.#port.identity;
      if (vehicle === null) return answer("no_vehicle", attempt);
      const message = build(vehicle.sysid, attempt);
      const ack = this.#ackOf(command.command, vehicle.sysid, timeout_ms, progress_ms);
      // A link that is down takes a turn of the clock like an answer that is lost.
      await this.#port.send(message).catch((thrown: unknown) => {
        ack.cancel();
        throw thrown;
      });
      const outcome = await ack.result;
      if (outcome === "closed") return answer("closed", attempt + 1);
      if (outcome !== null) {
        return answer(COMMAND_RESULTS[outcome.result] ?? "unknown_result", attempt + 1, outcome.resultParam2);
      }
    }
    return answer("no_answer", attempts);
  }

  /** The last answer to a command, null when the time is over. */
  #ackOf(command: number, sysid: number, timeout_ms: number, progress_ms: number) {
    let cancel = () => {};
    const result = new Promise<common.CommandAck | "closed" | null>((resolve) => {
      const end = (value: common.CommandAck | "closed" | null) => {
        stopTimer();
        this.#waiting.delete(command);
        resolve(value);
      };
      let stopTimer = this.#scheduler.after(timeout_ms, () => end(null));
      cancel = () => end(null);
      this.#waiting.set(command, {
        command,
        sysid,
        closed: () => end("closed"),
        answered: (ack) => {
          if (ack.result !== common.MavResult.IN_PROGRESS) {
            end(ack);
            return;
          }
          stopTimer();
          stopTimer = this.#scheduler.after(progress_ms, () => end(null));
        },
      });
    });
    return { result, cancel: () => cancel() };
  }

  #observe(frame: MavlinkFrame): void {
    if (frame.msgid !== common.CommandAck.MSG_ID || frame.compid !== AUTOPILOT_COMPONENT) return;
    const ack = decodeAs(frame, common.CommandAck);
    const waiting = this.#waiting.get(ack.command);
    if (waiting === undefined || frame.sysid !== waiting.sysid || !isForUs(ack, this.#port.identity)) return;
    waiting.answered(ack);
  }
}

/** Old autopilots leave the target of an answer 0. */
export function isForUs(
  ack: { readonly targetSystem: number; readonly targetComponent: number },
  us: { readonly sysid: number; readonly compid: number },
): boolean {
  const system = ack.targetSystem === 0 || ack.targetSystem === us.sysid;
  return system && (ack.targetComponent === 0 || ack.targetComponent === us.compid);
}

function answer(outcome: CommandOutcome, attempts: number, detail: number | null = null): CommandAnswer {
  return { outcome, ok: outcome === "accepted", detail, attempts };
}
