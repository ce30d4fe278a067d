import type { FeedName } from "../mavlink/publishers/flight/choose.js";

/** What a parameter may be. */
export type Accepts =
  /** Exactly the rule's value. */
  | { readonly kind: "equal" }
  /** From min to max; `or` is one more value that is right (a switch-off). */
  | { readonly kind: "range"; readonly min: number; readonly max: number; readonly or?: number }
  /** Any of these. */
  | { readonly kind: "oneOf"; readonly values: readonly number[] }
  /** All bits of `set`, none of `clear`. A value with the bit `all` stands for every bit: the rule's value takes its place. */
  | { readonly kind: "bits"; readonly set: number; readonly clear: number; readonly all?: number }
  | { readonly kind: "not"; readonly value: number };

/** What other firmware has in place of a parameter: another name and another meaning. */
export interface OtherForm {
  readonly name: string;
  readonly value: number;
  readonly accepts: Accepts;
  /** Which firmware: "ArduPilot up to 4.6". */
  readonly firmware: string;
}

/** What one parameter of the autopilot must be so that it uses what the agent gives it. */
export interface ParamRule {
  /** Its name; older names that firmware in the field still has come after it. */
  readonly names: readonly [string, ...string[]];
  readonly kind: "integer" | "float";
  /** The value to set. */
  readonly value: number;
  readonly accepts: Accepts;
  /** problem: it will not work, or not safely; warning: worse than it could be. */
  readonly severity: "problem" | "warning";
  /** The autopilot reads it at boot only. */
  readonly reboot: boolean;
  /** Why, in a sentence for the operator. */
  readonly why: string;
  /** What it means that the autopilot has no such parameter; without this the rule then does not apply. */
  readonly missing?: string;
  /** The rule holds only while another parameter has this value. */
  readonly when?: { readonly name: string; readonly value: number };
  /** Asked for where the autopilot has no parameter of these names. */
  readonly otherwise?: OtherForm;
  /** The right value is the one that the agent is configured with; `value` is its default. */
  readonly follows?: keyof AgentValues;
  /** Not written into parameter files: the right value depends on the aircraft. */
  readonly notInFile?: true;
}

/** What of the agent's own configuration the autopilot must be told. */
export interface AgentValues {
  /** Age of the positions of vision, milliseconds; null: the agent reads it from the autopilot. */
  readonly vision_latency_ms: number | null;
  /** Age of the positions of GPS_INPUT, milliseconds. */
  readonly gps_latency_ms: number;
  /** Id in GLOBAL_POSITION_SENSOR. */
  readonly sensor_id: number;
}

/** A setup for an agent that is configured like this. */
export function forAgent(setup: ParamSetup, agent: AgentValues): ParamSetup {
  const rules = setup.rules.map((rule): ParamRule => {
    const value = rule.follows === undefined ? null : agent[rule.follows];
    return value === null ? rule : { ...rule, value, accepts: { kind: "equal" } };
  });
  return { ...setup, rules };
}

/** One way of feeding one kind of vehicle, and the parameters that it needs. */
export interface ParamSetup {
  /** Also the name of its parameter file. */
  readonly id: string;
  readonly autopilot: "px4" | "ardupilot";
  readonly airframe: "copter" | "plane" | "any";
  readonly publishers: readonly FeedName[];
  readonly title: string;
  /** What else has to be known, a line each. */
  readonly notes: readonly string[];
  readonly rules: readonly ParamRule[];
}

/** Whether a value is right. Floats come back from the autopilot as float32. */
export function accepted(rule: ParamRule, value: number): boolean {
  const { accepts } = rule;
  switch (accepts.kind) {
    case "equal":
      return same(value, rule.value);
    case "range":
      return (accepts.or !== undefined && same(value, accepts.or)) || (value >= accepts.min && value <= accepts.max);
    case "oneOf":
      return accepts.values.some((one) => same(value, one));
    case "bits":
      return Number.isInteger(value) && (value & accepts.set) === accepts.set && (value & accepts.clear) === 0;
    case "not":
      return !same(value, accepts.value);
  }
}

/** What to set in place of a wrong value. */
export function corrected(rule: ParamRule, value: number): number {
  if (rule.accepts.kind !== "bits" || !Number.isInteger(value)) return rule.value;
  const { set, clear, all = 0 } = rule.accepts;
  return (value & all) !== 0 ? rule.value : (value | set) & ~clear;
}

/** "must be from 2 to 20", for people. */
export function wanted(rule: ParamRule): string {
  const { accepts } = rule;
  switch (accepts.kind) {
    case "equal":
      return `must be ${rule.value}`;
    case "range": {
      const or = accepts.or === undefined ? "" : ` or ${accepts.or}`;
      if (accepts.max === Number.POSITIVE_INFINITY) return `must be at least ${accepts.min}${or}`;
      return `must be from ${accepts.min} to ${accepts.max}${or}`;
    }
    case "oneOf":
      return `must be ${accepts.values.join(" or ")}`;
    case "bits": {
      const parts = [
        ...(accepts.set === 0 ? [] : [`must have ${bitList(accepts.set)}`]),
        ...(accepts.clear === 0 ? [] : [`must not have ${bitList(accepts.clear)}`]),
      ];
      return parts.join(" and ");
    }
    case "not":
      return `must not be ${accepts.value}`;
  }
}

function bitList(mask: number): string {
  const bits = Array.from({ length: 31 }, (_, bit) => bit).filter((bit) => (mask & (1 << bit)) !== 0);
  return `bit ${bits.join(" and bit ")}`;
}

function same(a: number, b: number): boolean {
  return a === b || Math.fround(a) === Math.fround(b);
}
