import { errorMessage } from "../../tiles/errors.js";
import type { ParamAnswer } from "../mavlink/param-client.js";
import { type Check, checksOf } from "./checks.js";
import { accepted, corrected, type ParamRule, type ParamSetup, wanted } from "./rules.js";
import { OLD_AGP_CONTROL, PX4_GLOBAL_POSITION_SENSOR } from "./rules-px4.js";

/** Reads and writes parameters by name: `ParamClient`. */
export interface ParamAccess {
  read(name: string): Promise<ParamAnswer>;
  set(name: string, value: number): Promise<ParamAnswer>;
}

/** A parameter to write. */
export interface ParamFix {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly reboot: boolean;
}

/** What a vehicle's parameters are against what a setup needs. */
export interface ParamReport {
  readonly checks: readonly Check[];
  readonly fixes: readonly ParamFix[];
}

const check = checksOf("parameters");

/** Reads parameters once each, also under their older names, and remembers what it read. */
export class ParamReadings {
  readonly #access: ParamAccess;
  readonly #answers = new Map<string, ParamAnswer>();

  constructor(access: ParamAccess) {
    this.#access = access;
  }

  async answer(name: string): Promise<ParamAnswer> {
    const known = this.#answers.get(name);
    if (known !== undefined) return known;
    const answer = await this.#access.read(name);
    this.#answers.set(name, answer);
    return answer;
  }

  /** The value, or null where the autopilot has none or does not say. */
  async value(name: string): Promise<number | null> {
    return (await this.answer(name)).param?.value ?? null;
  }

  /** Whether the autopilot answers for one of these names, be it that there is none. */
  async anyAnswered(names: readonly string[]): Promise<boolean> {
    for (const name of names) {
      const { outcome } = await this.answer(name);
      if (outcome === "ok" || outcome === "missing") return true;
    }
    return false;
  }

  /** The first of these names that the autopilot has; where it has none, the answer for the first name. */
  async firstOf(names: readonly [string, ...string[]]): Promise<ParamAnswer> {
    for (const name of names) {
      const answer = await this.answer(name);
      if (answer.param !== null) return answer;
    }
    return this.answer(names[0]);
  }
}

/** Holds the parameters of a vehicle against a setup. */
export async function checkParameters(setup: ParamSetup, readings: ParamReadings): Promise<ParamReport> {
  const checks: Check[] = [];
  const fixes: ParamFix[] = [];
  for (const wantedRule of setup.rules) {
    const { when } = wantedRule;
    if (when !== undefined && (await readings.value(when.name)) !== when.value) continue;
    const { rule, answer } = await inForceOn(readings, wantedRule);
    const { param, name, reason } = answer;
    if (param === null) {
      if (rule.missing !== undefined)
        checks.push(check(rule.names[0], rule.severity, `${bare(reason, name)}: ${rule.missing}`));
      else if (rule.when === undefined)
        checks.push(check(rule.names[0], "warning", `could not be read: ${bare(reason, name)}`));
      continue;
    }
    if (accepted(rule, param.value)) {
      checks.push(check(name, "ok", numberText(param.value)));
      continue;
    }
    const to = corrected(rule, param.value);
    fixes.push({ name, from: param.value, to, reboot: rule.reboot });
    checks.push(check(name, rule.severity, wrongText(rule, param.value, to)));
  }
  if (setup.id === PX4_GLOBAL_POSITION_SENSOR.id) checks.push(...(await oldFirmware(readings)));
  return { checks, fixes };
}

/** The rule as it is for this firmware, and what the autopilot answers for it. */
async function inForceOn(
  readings: ParamReadings,
  rule: ParamRule,
): Promise<{ readonly rule: ParamRule; readonly answer: ParamAnswer }> {
  const answer = await readings.firstOf(rule.names);
  const { otherwise } = rule;
  if (answer.param !== null || otherwise === undefined) return { rule, answer };
  const other = await readings.answer(otherwise.name);
  if (other.param === null) return { rule, answer };
  return {
    rule: { ...rule, names: [otherwise.name], value: otherwise.value, accepts: otherwise.accepts },
    answer: other,
  };
}

function wrongText(rule: ParamRule, value: number, to: number): string {
  const reboot = rule.reboot ? ", then reboot the autopilot" : "";
  return `is ${numberText(value)}, ${wanted(rule)}: set ${numberText(to)}${reboot}; ${rule.why}`;
}

/** Before 2026-02 there was one such source, without a number, and another message for it. */
async function oldFirmware(readings: ParamReadings): Promise<Check[]> {
  if ((await readings.value("EKF2_AGP0_CTRL")) !== null) return [];
  if ((await readings.value(OLD_AGP_CONTROL)) === null) return [];
  const detail = `there is ${OLD_AGP_CONTROL} without a number: PX4 from before 2026-02, which ignores GLOBAL_POSITION_SENSOR; update it, or use publisher "odometry"`;
  return [check("firmware", "problem", detail)];
}

/** A parameter's value as people write it: floats come as float32, so 0.2 would read 0.20000000298. */
export function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

/** What became of a parameter that was to be written. */
export interface FixResult extends ParamFix {
  readonly ok: boolean;
  /** Why it was not written; empty when it was. */
  readonly reason: string;
}

async function written(fix: ParamFix, access: ParamAccess): Promise<FixResult> {
  try {
    const { outcome, reason } = await access.set(fix.name, fix.to);
    return { ...fix, ok: outcome === "ok", reason };
  } catch (thrown) {
    // The autopilot has the parameter in a type that cannot hold the value: another parameter of the same name.
    if (!(thrown instanceof RangeError)) throw thrown;
    return { ...fix, ok: false, reason: errorMessage(thrown) };
  }
}

/**
 * Writes parameters, each read back. What comes to light by that (ArduPilot hides VISO_DELAY_MS while VISO_TYPE is 0) is
 * written too. `told` gets every result at once.
 */
export async function writeParameters(
  setup: ParamSetup,
  first: readonly ParamFix[],
  access: ParamAccess,
  told: (result: FixResult) => void,
): Promise<{ readonly results: readonly FixResult[]; readonly after: ParamReport }> {
  const results: FixResult[] = [];
  const tried = new Set<string>();
  let fixes = first;
  for (;;) {
    for (const fix of fixes) {
      tried.add(fix.name);
      const result = await written(fix, access);
      results.push(result);
      told(result);
    }
    const after = await checkParameters(setup, new ParamReadings(access));
    fixes = after.fixes.filter(({ name }) => !tried.has(name));
    if (fixes.length === 0) return { results, after };
  }
}

/** A reason without the name of the parameter before it, which the line has already. */
function bare(reason: string, name: string): string {
  return reason.startsWith(`${name}: `) ? reason.slice(name.length + 2) : reason;
}
