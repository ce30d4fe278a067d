import { common, type MavLinkData } from "node-mavlink";
import { decodeAs } from "../../codec.js";
import type { MavlinkFrame } from "../../frame.js";
import { AUTOPILOT_COMPONENT, type Vehicle } from "../../identity.js";
import { ParamValueInt32 } from "../../messages/bytewise-params.js";
import { PARAM_ERROR_DOES_NOT_EXIST, ParamError } from "../../messages/param-error.js";
import { isPx4 } from "./vehicle-kind.js";

/**
 * pending: asked, not answered yet; known: its value is there; absent: the autopilot says that it has none; unanswered:
 * asked often enough, which is how firmware without PARAM_ERROR says that it has none.
 */
export type ParameterState = "pending" | "known" | "absent" | "unanswered";

interface Entry {
  state: ParameterState;
  value: number | null;
  asked: number;
  next_us: number;
}

const RETRY_US = 500_000;
const MAX_ASKED = 6;
/** Parameters that stay without answer are asked for again at this interval: the link may have been bad. */
const RETRY_SLOW_US = 10_000_000;
/** A request every 20 ms at most: parameters must not crowd a slow link. */
const SPACING_US = 20_000;

/** Reads the few parameters of the autopilot on which the way of feeding it depends, by name. */
export class ParameterReader {
  readonly #entries = new Map<string, Entry>();
  #px4 = false;
  #vehicle: Vehicle | null = null;
  #nextRequest_us = Number.NEGATIVE_INFINITY;

  /** Has these parameters read. */
  want(names: readonly string[]): void {
    for (const name of names) {
      if (!this.#entries.has(name)) {
        this.#entries.set(name, { state: "pending", value: null, asked: 0, next_us: Number.NEGATIVE_INFINITY });
      }
    }
  }

  state(name: string): ParameterState {
    return this.#entries.get(name)?.state ?? "pending";
  }

  /** The value last heard, or null. */
  value(name: string): number | null {
    return this.#entries.get(name)?.value ?? null;
  }

  /** The request to send now, if any. Another vehicle than before has other parameters: all are read anew. */
  tick(now_us: number, vehicle: Vehicle | null): readonly MavLinkData[] {
    if (vehicle === null) return [];
    const before = this.#vehicle;
    if (before !== null && (before.sysid !== vehicle.sysid || before.autopilot !== vehicle.autopilot)) {
      const names = [...this.#entries.keys()];
      this.#entries.clear();
      this.want(names);
    }
    this.#vehicle = vehicle;
    this.#px4 = isPx4(vehicle);
    if (now_us < this.#nextRequest_us) return [];
    for (const [name, entry] of this.#entries) {
      if (entry.state === "known" || entry.state === "absent" || now_us < entry.next_us) continue;
      if (entry.asked >= MAX_ASKED) entry.state = "unanswered";
      entry.next_us = now_us + (entry.state === "unanswered" ? RETRY_SLOW_US : RETRY_US);
      entry.asked++;
      this.#nextRequest_us = now_us + SPACING_US;
      return [request(vehicle.sysid, name)];
    }
    return [];
  }

  /** Takes PARAM_VALUE and PARAM_ERROR; a value that somebody else set is heard as well. */
  receive(frame: MavlinkFrame): void {
    if (this.#vehicle === null || frame.sysid !== this.#vehicle.sysid) return;
    if (frame.msgid === common.ParamValue.MSG_ID) {
      const { paramId, paramValue, paramType } = decodeAs(frame, common.ParamValue);
      const entry = this.#entries.get(paramId);
      if (entry === undefined) return;
      // PX4 puts the bytes of an integer where the float is, ArduPilot the number.
      const bytewise = this.#px4 && paramType !== common.MavParamType.REAL32;
      entry.value = bytewise ? decodeAs(frame, ParamValueInt32).paramValue : paramValue;
      entry.state = "known";
    } else if (frame.msgid === ParamError.MSG_ID) {
      const { paramId, error } = decodeAs(frame, ParamError);
      const entry = this.#entries.get(paramId);
      if (entry !== undefined && entry.state !== "known" && error === PARAM_ERROR_DOES_NOT_EXIST)
        entry.state = "absent";
    }
  }
}

function request(targetSystem: number, name: string): common.ParamRequestRead {
  const message = new common.ParamRequestRead();
  message.targetSystem = targetSystem;
  message.targetComponent = AUTOPILOT_COMPONENT;
  message.paramId = name;
  message.paramIndex = -1;
  return message;
}
