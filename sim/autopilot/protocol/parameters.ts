import { common, type MavLinkData } from "node-mavlink";
import { decodeAs } from "../../../agent/mavlink/codec.js";
import type { MavlinkFrame } from "../../../agent/mavlink/frame.js";
import { ParamSetInt32, ParamValueInt32 } from "../../../agent/mavlink/messages/bytewise-params.js";
import { ParamError } from "../../../agent/mavlink/messages/param-error.js";
import type { Parameter, ParameterStore } from "../parameters/store.js";

const { MavParamType } = common;
/** PARAM_ERROR: there is no such parameter. */
const DOES_NOT_EXIST = 1;

/** The parameter protocol: ArduPilot sends numbers as floats, PX4 the bytes of its integers. */
export class ParameterProtocol {
  readonly #store: ParameterStore;
  readonly #px4: boolean;
  readonly #changed: (name: string) => void;

  /** `changed` is called after a parameter was set. */
  constructor(store: ParameterStore, px4: boolean, changed: (name: string) => void) {
    this.#store = store;
    this.#px4 = px4;
    this.#changed = changed;
  }

  /** The answer to PARAM_REQUEST_READ; ArduPilot says nothing about what it does not have. */
  read(frame: MavlinkFrame): MavLinkData[] {
    const { paramId, paramIndex } = decodeAs(frame, common.ParamRequestRead);
    const found = paramIndex >= 0 ? this.#store.at(paramIndex) : this.#store.find(paramId);
    return found === null ? this.#missing(paramId, paramIndex) : [this.message(found)];
  }

  /** The answer to PARAM_SET: the value that now holds. */
  set(frame: MavlinkFrame): MavLinkData[] {
    const { paramId, paramValue } = decodeAs(frame, common.ParamSet);
    const known = this.#store.find(paramId);
    if (known === null) return this.#missing(paramId, -1);
    const value = this.#px4 && known.integer ? decodeAs(frame, ParamSetInt32).paramValue : paramValue;
    const changed = this.#store.set(paramId, value);
    this.#changed(paramId);
    return [this.message(changed ?? known)];
  }

  /** All of them, for PARAM_REQUEST_LIST. */
  list(): MavLinkData[] {
    const out: MavLinkData[] = [];
    for (let index = 0; index < this.#store.count; index++) {
      const parameter = this.#store.at(index);
      if (parameter !== null) out.push(this.message(parameter));
    }
    return out;
  }

  message(parameter: Parameter): MavLinkData {
    const common_ = {
      paramId: parameter.name,
      paramValue: parameter.value,
      paramCount: this.#store.count,
      paramIndex: this.#store.indexOf(parameter.name),
    };
    const paramType = parameter.integer ? MavParamType.INT32 : MavParamType.REAL32;
    if (this.#px4 && parameter.integer) return Object.assign(new ParamValueInt32(), { ...common_, paramType });
    return Object.assign(new common.ParamValue(), { ...common_, paramType });
  }

  #missing(name: string, index: number): MavLinkData[] {
    if (!this.#px4) return [];
    return [Object.assign(new ParamError(), { paramId: name, paramIndex: index, error: DOES_NOT_EXIST })];
  }
}
