/** What the mode makes the vehicle do. */
export type Behaviour = "route" | "guided" | "hold" | "home" | "land" | "takeoff" | "level";

/** Results of commands (MAV_RESULT). */
export const RESULT = {
  accepted: 0,
  temporarilyRejected: 1,
  denied: 2,
  unsupported: 3,
  failed: 4,
  unsupportedFrame: 9,
} as const;

/** What a commander asks of the rest of the vehicle. */
export interface Situation {
  readonly t_us: number;
  readonly positionOk: boolean;
  readonly inAir: boolean;
}

/** What a commander tells. */
export interface CommanderEvents {
  mode(mode: string, reason: "command" | "failsafe" | "recovered"): void;
  armed(armed: boolean): void;
  failsafe(what: string): void;
  text(severity: number, text: string): void;
}

/** Modes, arming and failsafes of an autopilot. */
export interface Commander {
  /** HEARTBEAT.custom_mode and base_mode. */
  readonly customMode: number;
  readonly baseMode: number;
  /** In a failsafe: HEARTBEAT.system_status is CRITICAL. */
  readonly critical: boolean;
  readonly modeName: string;
  readonly behaviour: Behaviour;
  readonly armed: boolean;
  /** Chooses the mode in which a mission is flown. */
  missionMode(style: "auto" | "guided"): number;
  setMode(customMode: number, situation: Situation): number;
  arm(situation: Situation): number;
  /** Armed and in this mode without any check: a twin that begins in the air. */
  assumeFlying(customMode: number): void;
  disarm(): void;
  step(situation: Situation): void;
}
