import { type Behaviour, type Commander, type CommanderEvents, RESULT, type Situation } from "./commander.js";

interface Mode {
  readonly name: string;
  readonly behaviour: Behaviour;
  readonly position: boolean;
  readonly baseMode: number;
}

/** custom_mode: main mode in the third byte, sub mode in the fourth. */
function custom(main: number, sub = 0): number {
  return main * 2 ** 16 + sub * 2 ** 24;
}

const ALTITUDE = custom(2);
const OFFBOARD = custom(6);
const LOITER = custom(4, 3);
const MISSION = custom(4, 4);
const LAND = custom(4, 6);
const MODES: ReadonlyMap<number, Mode> = new Map([
  [ALTITUDE, { name: "ALTCTL", behaviour: "level", position: false, baseMode: 81 }],
  [custom(3), { name: "POSCTL", behaviour: "hold", position: true, baseMode: 81 }],
  [custom(4, 2), { name: "AUTO.TAKEOFF", behaviour: "takeoff", position: true, baseMode: 29 }],
  [LOITER, { name: "AUTO.LOITER", behaviour: "hold", position: true, baseMode: 29 }],
  [MISSION, { name: "AUTO.MISSION", behaviour: "route", position: true, baseMode: 29 }],
  [custom(4, 5), { name: "AUTO.RTL", behaviour: "home", position: true, baseMode: 29 }],
  [LAND, { name: "AUTO.LAND", behaviour: "land", position: false, baseMode: 29 }],
  [OFFBOARD, { name: "OFFBOARD", behaviour: "guided", position: true, baseMode: 17 }],
]);
const UNKNOWN: Mode = { name: "UNKNOWN", behaviour: "level", position: false, baseMode: 29 };
const ARMED = 128;
/** In altitude control nobody holds the sticks: after this it lands where the wind has taken it. */
const BLIND_LANDING_US = 10_000_000;

/**
 * PX4's modes. Without a valid position OFFBOARD falls back to altitude control and comes back by itself when the position
 * does (recorded); the other modes land blindly.
 */
export class Px4Commander implements Commander {
  readonly #events: CommanderEvents;
  #mode = LOITER;
  /** The mode that was asked for, while a failsafe keeps another. */
  #wanted: number | null = null;
  #fellBack_us = 0;
  #armed = false;

  constructor(events: CommanderEvents) {
    this.#events = events;
  }

  get #current(): Mode {
    return MODES.get(this.#mode) ?? UNKNOWN;
  }
  get customMode(): number {
    return this.#mode;
  }
  get baseMode(): number {
    return this.#armed ? this.#current.baseMode | ARMED : this.#current.baseMode;
  }
  get critical(): boolean {
    return this.#wanted !== null;
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
    return style === "auto" ? MISSION : OFFBOARD;
  }

  setMode(customMode: number, situation: Situation): number {
    const mode = MODES.get(customMode);
    if (mode === undefined) return RESULT.denied;
    if (this.#armed && mode.position && !situation.positionOk) return RESULT.temporarilyRejected;
    this.#wanted = null;
    if (customMode !== this.#mode) this.#change(customMode, "command");
    return RESULT.accepted;
  }

  arm(situation: Situation): number {
    if (this.#armed) return RESULT.accepted;
    if (this.#current.position && !situation.positionOk) {
      this.#events.text(2, "Arming denied: resolve system health failures first");
      return RESULT.temporarilyRejected;
    }
    this.#armed = true;
    this.#events.text(6, "Armed by external command");
    this.#events.armed(true);
    return RESULT.accepted;
  }

  assumeFlying(customMode: number): void {
    this.#armed = true;
    this.#change(customMode, "command");
    this.#events.armed(true);
  }

  disarm(): void {
    if (!this.#armed) return;
    this.#armed = false;
    this.#wanted = null;
    this.#events.armed(false);
  }

  step(situation: Situation): void {
    if (!this.#armed || !situation.inAir) return;
    if (this.#wanted === null) {
      if (this.#current.position && !situation.positionOk) this.#fallBack(situation.t_us);
      return;
    }
    if (situation.positionOk) {
      const wanted = this.#wanted;
      this.#wanted = null;
      if (this.#mode !== LAND) this.#change(wanted, "recovered");
    } else if (this.#mode !== LAND && situation.t_us - this.#fellBack_us > BLIND_LANDING_US) {
      this.#change(LAND, "failsafe");
    }
  }

  #fallBack(t_us: number): void {
    this.#events.text(2, "Failsafe activated");
    this.#events.failsafe("position");
    this.#fellBack_us = t_us;
    const to = this.#mode === OFFBOARD ? ALTITUDE : LAND;
    this.#wanted = this.#mode;
    this.#change(to, "failsafe");
  }

  #change(customMode: number, reason: "command" | "failsafe" | "recovered"): void {
    this.#mode = customMode;
    this.#events.mode(this.#current.name, reason);
  }
}
