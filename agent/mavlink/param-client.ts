import { common, type MavLinkData } from "node-mavlink";
import { decodeAs } from "./codec.js";
import type { MavlinkFrame } from "./frame.js";
import { AUTOPILOT_COMPONENT } from "./identity.js";
import { ParamSetInt32, ParamValueInt32 } from "./messages/bytewise-params.js";
import { PARAM_ERRORS, ParamError } from "./messages/param-error.js";
import {
  decodeParam,
  encodeParam,
  encodingOf,
  isIntegerType,
  type ParamEncoding,
  sameParamValue,
  shortestFloat,
} from "./param-encoding.js";
import { REAL_SCHEDULER, type Scheduler } from "./scheduler.js";
import type { VehiclePort } from "./vehicle-port.js";

/** A parameter of the autopilot. */
export interface Param {
  readonly name: string;
  /** Of a float the shortest decimal that stands for it: what was set as 0.1 reads as 0.1. */
  readonly value: number;
  /** MAV_PARAM_TYPE: 9 float, 6 int32, ... */
  readonly type: number;
}

/**
 * ok: read, or set and read back; missing: the autopilot says that there is none; refused: it kept another value, or said
 * why not (`reason`); no_answer: nothing came, which is also how ArduPilot and older PX4 say that there is none.
 */
export type ParamOutcome = "ok" | "missing" | "refused" | "no_answer" | "no_vehicle" | "closed";

export interface ParamAnswer {
  readonly outcome: ParamOutcome;
  readonly name: string;
  /** The parameter as the autopilot has it; null where it is not known. */
  readonly param: Param | null;
  /** In words, for people; empty when `ok`. */
  readonly reason: string;
}

export interface ParamListAnswer {
  readonly outcome: "ok" | "incomplete" | "no_answer" | "no_vehicle" | "closed";
  readonly params: ReadonlyMap<string, Param>;
  /** How many the autopilot says it has; null when it said nothing. */
  readonly count: number | null;
}

export interface ParamTimes {
  /** How long an answer is waited for before it is asked again. Default 500 ms. */
  readonly timeout_ms?: number;
  /** Times it is asked in all. Default 4. */
  readonly attempts?: number;
}

/** What came: a value (its place in the list, if it is in one), an error, or the end of waiting. */
type Answer =
  | { readonly kind: "value"; readonly param: Param; readonly index: number; readonly count: number }
  | { readonly kind: "error"; readonly name: string; readonly error: number }
  | { readonly kind: "timeout" | "closed" };

const NAME_BYTES = 16;
/** Index of a PARAM_VALUE that is in no list. */
const NO_INDEX = 0xffff;
/** Missing parameters of a list asked for before the next answer is waited for. */
const GAPS_AT_ONCE = 10;

/**
 * Reads and writes parameters of the autopilot, whichever way it puts integers on the wire (ArduPilot: as a number, PX4:
 * byte by byte). Values are numbers everywhere.
 */
export class ParamClient {
  readonly #port: VehiclePort;
  readonly #scheduler: Scheduler;
  readonly #times: Required<ParamTimes>;
  readonly #encoding: ParamEncoding | null;
  readonly #listeners = new Set<(answer: Answer) => void>();
  readonly #stop: () => void;
  #closed = false;

  /** `encoding`: by default what the kind of autopilot says. */
  constructor(
    port: VehiclePort,
    options: ParamTimes & { readonly encoding?: ParamEncoding; readonly scheduler?: Scheduler } = {},
  ) {
    this.#port = port;
    this.#scheduler = options.scheduler ?? REAL_SCHEDULER;
    this.#times = { timeout_ms: options.timeout_ms ?? 500, attempts: options.attempts ?? 4 };
    this.#encoding = options.encoding ?? null;
    this.#stop = port.onFrame((frame) => this.#observe(frame));
  }

  /** Reads one parameter. Throws a RangeError for a name that no parameter can have. */
  async read(name: string): Promise<ParamAnswer> {
    checkName(name);
    return this.#ask(name, (sysid) => {
      const message = new common.ParamRequestRead();
      Object.assign(message, { targetSystem: sysid, targetComponent: AUTOPILOT_COMPONENT, paramId: name });
      message.paramIndex = -1;
      return message;
    });
  }

  /** Reads several, one after the other. */
  async readAll(names: readonly string[]): Promise<ParamAnswer[]> {
    const answers: ParamAnswer[] = [];
    for (const name of names) answers.push(await this.read(name));
    return answers;
  }

  /**
   * Sets a parameter, and reads it back: `ok` means that the autopilot has the value (as a float32, or an integer of its
   * type). Its type is read first. Throws a RangeError for a name or value that cannot be sent.
   */
  async set(name: string, value: number): Promise<ParamAnswer> {
    if (!Number.isFinite(value)) throw new RangeError(`${name}: ${value} is not a number that a parameter can have`);
    const before = await this.read(name);
    if (before.param === null) return before;
    const { type } = before.param;
    if (isIntegerType(type) && !Number.isInteger(value)) {
      throw new RangeError(`${name}: ${value} is not an integer, and the parameter is one`);
    }
    const bytes = encodeParam(value, type, this.#encodingNow());
    const answered = await this.#ask(name, (sysid) => {
      const message = new ParamSetInt32();
      Object.assign(message, { targetSystem: sysid, targetComponent: AUTOPILOT_COMPONENT, paramId: name });
      message.paramValue = bytes.readInt32LE(0);
      message.paramType = type;
      return message;
    });
    if (answered.outcome !== "ok") return answered;
    // The answer to PARAM_SET is sent before the autopilot has applied it to itself; what it keeps is what counts.
    const after = await this.read(name);
    if (after.param === null || sameParamValue(after.param.value, value, type, this.#encodingNow())) return after;
    return {
      outcome: "refused",
      name,
      param: after.param,
      reason: `${name} stays ${after.param.value}: the autopilot does not take ${value}`,
    };
  }

  /** Reads all parameters: the list, then what of it was lost. `progress` is told how many there are so far. */
  async list(progress: (have: number, count: number) => void = () => undefined): Promise<ParamListAnswer> {
    const params = new Map<string, Param>();
    const have = new Set<number>();
    let count: number | null = null;
    const take = (answer: Answer): void => {
      if (answer.kind !== "value" || answer.index === NO_INDEX || answer.index >= answer.count) return;
      params.set(answer.param.name, answer.param);
      have.add(answer.index);
      count = answer.count;
      progress(have.size, answer.count);
    };
    const done = (outcome: ParamListAnswer["outcome"]): ParamListAnswer => ({ outcome, params, count });
    const complete = () => count !== null && have.size >= count;

    for (let attempt = 0; attempt < this.#times.attempts && !complete(); ) {
      const { vehicle } = this.#port.identity;
      if (vehicle === null) return done("no_vehicle");
      const requests = count === null ? [listRequest(vehicle.sysid)] : gapRequests(vehicle.sysid, have, count);
      const before = have.size;
      const collected = this.#collect(take, complete);
      for (const request of requests) await this.#port.send(request);
      if ((await collected) === "closed") return done("closed");
      // As long as something comes it goes on; an attempt is one that brought nothing.
      if (have.size === before) attempt++;
    }
    if (complete()) return done("ok");
    return done(count === null ? "no_answer" : "incomplete");
  }

  /** Ends; what is under way resolves as `closed`. */
  close(): void {
    this.#closed = true;
    this.#stop();
    for (const listener of [...this.#listeners]) listener({ kind: "closed" });
  }

  #encodingNow(): ParamEncoding {
    return this.#encoding ?? encodingOf(this.#port.identity.vehicle);
  }

  async #ask(name: string, build: (sysid: number) => MavLinkData): Promise<ParamAnswer> {
    const nothing = (outcome: ParamOutcome, reason: string): ParamAnswer => ({ outcome, name, param: null, reason });
    for (let attempt = 0; attempt < this.#times.attempts; attempt++) {
      if (this.#closed) return nothing("closed", `${name}: the link was closed`);
      const { vehicle } = this.#port.identity;
      if (vehicle === null) return nothing("no_vehicle", `${name}: no autopilot is heard`);
      const waited = this.#next(
        (answer) =>
          (answer.kind === "value" && answer.param.name === name) || (answer.kind === "error" && answer.name === name),
      );
      await this.#port.send(build(vehicle.sysid));
      const answer = await waited;
      if (answer.kind === "value") return { outcome: "ok", name, param: answer.param, reason: "" };
      if (answer.kind === "closed") return nothing("closed", `${name}: the link was closed`);
      if (answer.kind === "error") {
        const reason = `${name}: ${PARAM_ERRORS[answer.error] ?? `error ${answer.error}`}`;
        return nothing(answer.error === 1 ? "missing" : "refused", reason);
      }
    }
    return nothing("no_answer", `${name}: no answer; the autopilot may not have it`);
  }

  /** The next answer that `matches`, or the end of waiting. */
  #next(matches: (answer: Answer) => boolean): Promise<Answer> {
    return new Promise((resolve) => {
      const end = (answer: Answer) => {
        stopTimer();
        this.#listeners.delete(listener);
        resolve(answer);
      };
      const listener = (answer: Answer) => {
        if (answer.kind === "closed" || matches(answer)) end(answer);
      };
      const stopTimer = this.#scheduler.after(this.#times.timeout_ms, () => end({ kind: "timeout" }));
      this.#listeners.add(listener);
    });
  }

  /** Takes all that comes until there is a pause or all is there. */
  #collect(take: (answer: Answer) => void, complete: () => boolean): Promise<"paused" | "closed"> {
    if (this.#closed) return Promise.resolve("closed");
    return new Promise((resolve) => {
      const end = (how: "paused" | "closed") => {
        stopTimer();
        this.#listeners.delete(listener);
        resolve(how);
      };
      const wait = () => this.#scheduler.after(this.#times.timeout_ms, () => end("paused"));
      const listener = (answer: Answer) => {
        if (answer.kind === "closed") return end("closed");
        take(answer);
        if (complete()) return end("paused");
        stopTimer();
        stopTimer = wait();
      };
      let stopTimer = wait();
      this.#listeners.add(listener);
    });
  }

  #observe(frame: MavlinkFrame): void {
    const { vehicle } = this.#port.identity;
    if (frame.compid !== AUTOPILOT_COMPONENT || frame.sysid !== vehicle?.sysid) return;
    const answer = this.#answerIn(frame);
    if (answer !== null) for (const listener of [...this.#listeners]) listener(answer);
  }

  #answerIn(frame: MavlinkFrame): Answer | null {
    if (frame.msgid === ParamValueInt32.MSG_ID) {
      const { paramId, paramValue, paramType, paramCount, paramIndex } = decodeAs(frame, ParamValueInt32);
      const decoded = decodeParam(paramValue, paramType, this.#encodingNow());
      const value = isIntegerType(paramType) ? decoded : shortestFloat(decoded);
      return { kind: "value", param: { name: paramId, value, type: paramType }, index: paramIndex, count: paramCount };
    }
    if (frame.msgid === ParamError.MSG_ID) {
      const { paramId, error } = decodeAs(frame, ParamError);
      return { kind: "error", name: paramId, error };
    }
    return null;
  }
}

function checkName(name: string): void {
  if (!/^[\x21-\x7e]+$/.test(name) || name.length > NAME_BYTES) {
    throw new RangeError(`${JSON.stringify(name)} is not the name of a parameter (1 to 16 ASCII characters)`);
  }
}

function listRequest(sysid: number): common.ParamRequestList {
  return Object.assign(new common.ParamRequestList(), { targetSystem: sysid, targetComponent: AUTOPILOT_COMPONENT });
}

/** Requests for the first parameters of the list that are missing. */
function gapRequests(sysid: number, have: ReadonlySet<number>, count: number): common.ParamRequestRead[] {
  const requests: common.ParamRequestRead[] = [];
  for (let index = 0; index < count && requests.length < GAPS_AT_ONCE; index++) {
    if (have.has(index)) continue;
    const message = new common.ParamRequestRead();
    Object.assign(message, { targetSystem: sysid, targetComponent: AUTOPILOT_COMPONENT, paramId: "" });
    message.paramIndex = index;
    requests.push(message);
  }
  return requests;
}
