/** The autopilots that the twin can be. */
export type TwinKind = "ardupilot-copter" | "ardupilot-plane" | "px4-copter";
export const TWIN_KINDS: readonly TwinKind[] = ["ardupilot-copter", "ardupilot-plane", "px4-copter"];

/** What a kind is on the wire and in the air. */
export interface KindTraits {
  readonly firmware: "ardupilot" | "px4";
  readonly frame: "copter" | "plane";
  /** MAV_TYPE and MAV_AUTOPILOT of its HEARTBEAT. */
  readonly mavType: number;
  readonly mavAutopilot: number;
  readonly sysid: number;
}

/** System ids as in the recorded flights: PX4's is not 1, so that a constant target shows. */
export const TRAITS: Readonly<Record<TwinKind, KindTraits>> = {
  "ardupilot-copter": { firmware: "ardupilot", frame: "copter", mavType: 2, mavAutopilot: 3, sysid: 1 },
  "ardupilot-plane": { firmware: "ardupilot", frame: "plane", mavType: 1, mavAutopilot: 3, sysid: 1 },
  "px4-copter": { firmware: "px4", frame: "copter", mavType: 2, mavAutopilot: 12, sysid: 8 },
};

/** Length of one step of the twin, seconds and microseconds. */
export const STEP_S = 0.01;
export const STEP_US = 10_000;
export const GRAVITY_MPS2 = 9.80665;
export const DEG = Math.PI / 180;

export function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

/** An angle brought into [-pi, pi]. */
export function wrapPi(angle_rad: number): number {
  return angle_rad - 2 * Math.PI * Math.round(angle_rad / (2 * Math.PI));
}
