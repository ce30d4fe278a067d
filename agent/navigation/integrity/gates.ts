import type { NavigationConfig } from "../config.js";
import type { GateState } from "../solution.js";

/** What the gates look at, at one time. */
export interface GateInputs {
  readonly t_us: number;
  /** A position is being tracked. */
  readonly active: boolean;
  /** Why the last position was given up; null when none was, or since a new one was found. */
  readonly lost: string | null;
  /** Length of the longest run of fixes that agree. */
  readonly agreeing: number;
  /** Belief around the position. */
  readonly belief: number;
  /** Capture time of the newest accepted fix. */
  readonly fix_t_us: number | null;
  /** How much of the time since then odometry did not see, seconds. */
  readonly blind_s: number;
  readonly frozen: boolean;
  /** Fixes refused by the innovation gate, one after the other. */
  readonly refused: number;
  readonly protection_level_m: number | null;
}

/** All gates on which a position depends, in the order in which they are passed; it may be published when all hold. */
export function gatesOf(inputs: GateInputs, config: NavigationConfig["integrity"]): GateState[] {
  const { t_us, active, belief } = inputs;
  const fix_age_s = inputs.fix_t_us === null ? Number.POSITIVE_INFINITY : (t_us - inputs.fix_t_us) / 1e6;
  const level = inputs.protection_level_m;
  const since = inputs.lost === null ? "" : `, lost by ${inputs.lost}`;
  return [
    gate("picture", !inputs.frozen, inputs.frozen ? "the same picture again: the camera hangs" : "the picture changes"),
    gate("agreement", active, `${inputs.agreeing} of ${config.required} fixes agree${active ? "" : since}`),
    gate(
      "belief",
      belief >= (active ? config.keep_mass : config.start_mass),
      `${percent(belief)} of the belief is there, ${percent(active ? config.keep_mass : config.start_mass)} needed`,
    ),
    gate(
      "innovation",
      inputs.refused < config.refused_silence,
      `${inputs.refused} fixes refused one after the other, ${config.refused_silence} silence it`,
    ),
    gate(
      "fix-age",
      fix_age_s <= config.coast_s && inputs.blind_s <= config.coast_blind_s,
      Number.isFinite(fix_age_s)
        ? `last fix ${fix_age_s.toFixed(1)} s ago (${config.coast_s} s allowed), ` +
            `${inputs.blind_s.toFixed(1)} s of them without odometry (${config.coast_blind_s} s allowed)`
        : "no fix yet",
    ),
    gate(
      "protection-level",
      level !== null && level <= config.alert_limit_m,
      level === null ? "no position" : `${level.toFixed(1)} m of ${config.alert_limit_m} m`,
    ),
  ];
}

function gate(name: string, holds: boolean, detail: string): GateState {
  return { name, holds, detail };
}

function percent(part: number): string {
  return `${(part * 100).toFixed(part > 0.99 ? 2 : 0)} %`;
}
