import { type Behaviour, type Commander, type CommanderEvents, RESULT, type Situation } from "./commander.js";

interface Mode {
  readonly name: string;
  readonly behaviour: Behaviour;
  /** It cannot be flown without a position. */
  readonly position: boolean;
}

const COPTER_MODES: Readonly<Record<number, Mode>> = {
  0: { name: "STABILIZE", behaviour: "level", position: false },
  2: { name: "ALT_HOLD", behaviour: "level", position: false },
  3: { name: "AUTO", behaviour: "route", position: true },
  4: { name: "GUIDED", behaviour: "guided", position: true },
  5: { name: "LOITER", behaviour: "hold", position: true },
  6: { name: "RTL", behaviour: "home", position: true },
  9: { name: "LAND", behaviour: "land", position: false },
};
const PLANE_MODES: Readonly<Record<number, Mode>> = {
  0: { name: "MANUAL", behaviour: "level", position: false },
  1: { name: "CIRCLE", behaviour: "hold", position: false },
  5: { name: "FBWA", behaviour: "level", position: false },
  10: { name: "AUTO", behaviour: "route", position: false },
  11: { name: "RTL", behaviour: "home", position: false },
  12: { name: "LOITER", behaviour: "hold", position: false },
  13: { name: "TAKEOFF", behaviour: "takeoff", position: false },
  15: { name: "GUIDED", behaviour: "guided", position: false },
};
const LAND = 9;
const UNKNOWN: Mode = { name: "UNKNOWN", behaviour: "level", position: false };

/** The EKF failsafe acts when the position has been bad for this long (measured: 0.8 s). */
const FAILSAFE_US = 800_000;
const BASE_MODE_DISARMED = { copter: 89, plane: 17 } as const;
const ARMED = 128;

export interface ArduPilotCommanderOptions {
  readonly plane: boolean;
  readonly parameter: (name: string) => number;
  readonly events: CommanderEvents;
  /** Why it cannot be armed now; null when it can. */
  readonly armingProblem: (needsPosition: boolean, situation: Situation) => string | null;
}

/** ArduPilot's modes; a copter lands when the EKF has lost its position. */
export class ArduPilotCommander implements Commander {
  readonly #options: ArduPilotCommanderOptions;
  readonly #modes: Readonly<Record<number, Mode>>;
  #mode = 0;
  #armed = false;
  #badSince_us: number | null = null;
  #failsafe = false;

  constructor(options: ArduPilotCommanderOptions) {
    this.#options = options;
    this.#modes = options.plane ? PLANE_MODES : COPTER_MODES;
  }

  get #current(): Mode {
    return this.#modes[this.#mode] ?? UNKNOWN;
  }
  get customMode(): number {
    return this.#mode;
  }
  get baseMode(): number {
    const disarmed = BASE_MODE_DISARMED[this.#options.plane ? "plane" : "copter"];
    return this.#armed ? disarmed | ARMED : disarmed;
  }
  get critical(): boolean {
    return this.#failsafe;
  }
  get modeName(): string {
    return this.#current.name;
  }
  get behaviour(): Behaviour {
    return this.#current.behaviour;
  }
  get armed(): boolean {
    return this.#armed;
  }

  missionMode(style: "auto" | "guided"): number {
    if (this.#options.plane) return style === "auto" ? 10 : 15;
    return style === "auto" ? 3 : 4;
  }

  setMode(customMode: number, situation: Situation): number {
    const mode = this.#modes[customMode];
    if (mode === undefined) return RESULT.failed;
    if (this.#armed && mode.position && !situation.positionOk) {
      this.#options.events.text(4, `Mode change to ${mode.name} failed: requires position`);
      return RESULT.failed;
    }
    if (customMode !== this.#mode) {
      this.#mode = customMode;
      this.#failsafe = false;
      this.#options.events.mode(mode.name, "command");
    }
    return RESULT.accepted;
  }

  arm(situation: Situation): number {
    if (this.#armed) return RESULT.accepted;
    const problem = this.#options.armingProblem(this.#current.position, situation);
    if (problem !== null) {
      this.#options.events.text(2, `PreArm: ${problem}`);
      return RESULT.failed;
    }
    this.#armed = true;
    this.#options.events.text(6, this.#options.plane ? "Throttle armed" : "Arming motors");
    this.#options.events.armed(true);
    return RESULT.accepted;
  }

  assumeFlying(customMode: number): void {
    this.#mode = customMode;
    this.#armed = true;
    this.#options.events.mode(this.modeName, "command");
    this.#options.events.armed(true);
  }

  disarm(): void {
    if (!this.#armed) return;
    this.#armed = false;
    this.#options.events.armed(false);
  }

  step(situation: Situation): void {
    const { events, parameter, plane } = this.#options;
    const watched = !plane && this.#armed && situation.inAir && this.#current.position;
    if (!watched || situation.positionOk || parameter("FS_EKF_ACTION") === 0) {
      this.#badSince_us = null;
      return;
    }
    this.#badSince_us ??= situation.t_us;
    if (situation.t_us - this.#badSince_us < FAILSAFE_US) return;
    this.#mode = LAND;
    this.#failsafe = true;
    events.text(2, "EKF variance");
    events.text(2, "EKF Failsafe: changed to LAND Mode");
    events.failsafe("EKF");
    events.mode("LAND", "failsafe");
  }
}
