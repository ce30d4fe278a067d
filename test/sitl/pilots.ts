import { distance_m, offsetToLonLat } from "../../tiles/geodesy/index.js";
import { type Cockpit, FlightEnded, pause, until, untilAgent } from "./cockpit.js";
import type { Guidance } from "./guidance.js";
import { sticksAt } from "./targets.js";

const COMMAND = { land: 21, takeOff: 22, changeSpeed: 178, setMode: 176, arm: 400 } as const;
/** base_mode of DO_SET_MODE: custom_mode counts. */
const CUSTOM_MODE = 1;

/** custom_mode of ArduPilot and main mode of PX4 (bits 16 to 23), by the names of `modeName`. */
const MODES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "ardupilot-copter": { ALT_HOLD: 2, GUIDED: 4, RTL: 6, LAND: 9 },
  "ardupilot-plane": { RTL: 11, TAKEOFF: 13, GUIDED: 15 },
  "px4-copter": { OFFBOARD: 6 },
};
const READY_S = 180;
const ARM_S = 120;
const FIND_S = 180;
const ARM_RETRY_MS = 2000;
/** How near a corner counts as reached, metres: a plane circles it. */
const REACHED_M = { copter: 6, plane: 130 } as const;
const THROTTLE = { low: 1000, middle: 1500, climb: 1750 } as const;
/** Pitch stick while the agent looks for itself, and how long one way. */
const PITCH = { level: 1500, forth: 1420, back: 1580, period_s: 8 } as const;
const MODE_LOST_S = 10;

/** The route is flown this long on GPS with the agent knowing where it is, seconds; then GPS is jammed. */
const BEFORE_JAM_S = 10;
/** Corners flown to on GPS at most while the agent has not found itself: two laps. */
const MOST_CORNERS_BEFORE = 8;
/** Corners after the jamming: a whole lap, and what was left of the leg. */
const CORNERS_AFTER = 5;
const STATE_MS = 1000;

/** Brings the vehicle from the ground to its height, in the mode of the route; without GPS, with the agent's position. */
export async function takeOff(cockpit: Cockpit, guide: Guidance): Promise<void> {
  const { scenario } = cockpit;
  if (scenario.gps === "never") await climbBlind(cockpit);
  else if (scenario.vehicle === "ardupilot-copter") await climbGuided(cockpit);
  else if (scenario.vehicle === "ardupilot-plane") await climbPlane(cockpit);
  else await climbOffboard(cockpit, guide);
}

async function agentFindsItself(cockpit: Cockpit): Promise<void> {
  cockpit.say(`at ${cockpit.box.truth?.agl_m.toFixed(0)} m; waiting for the agent to find itself`);
  await untilAgent(cockpit, "the agent finds itself", ({ navigation }) => navigation.position !== null, FIND_S);
}

/**
 * Flies the square, on the vehicle's own estimate: on GPS until the agent has found itself, which takes ground to be passed
 * over; then `jam` is called, and a whole lap follows. Without GPS one lap is flown.
 */
export async function flyRoute(cockpit: Cockpit, guide: Guidance, jam: () => Promise<void>): Promise<void> {
  const { scenario, box, home, say } = cockpit;
  const { leg_m, speed_mps } = scenario.route;
  const square = [
    [leg_m, 0],
    [leg_m, leg_m],
    [0, leg_m],
    [0, 0],
  ].map(([north = 0, east = 0]) => offsetToLonLat(home, north, east));
  const reached_m = scenario.vehicle === "ardupilot-plane" ? REACHED_M.plane : REACHED_M.copter;
  const watch = new ModeWatch(cockpit);
  let jamming = scenario.gps === "never" ? null : new JamMoment(cockpit);
  let left = jamming === null ? CORNERS_AFTER : MOST_CORNERS_BEFORE;
  for (let at = 0; left > 0; at = (at + 1) % square.length, left--) {
    const corner = square[at] ?? home;
    say(`${box.t_s.toFixed(0)} s: to corner ${at + 1}${jamming === null ? "" : ", on GPS"}`);
    await guide.to(corner);
    await until(
      cockpit,
      `corner ${at + 1} is reached`,
      async () => {
        watch.check();
        if (jamming !== null && (await jamming.hasCome())) {
          jamming = null;
          left = CORNERS_AFTER;
          await jam();
        }
        await guide.again(corner);
        const { estimate } = box;
        return estimate !== null && distance_m(estimate, corner) <= reached_m;
      },
      60 + (4 * leg_m) / speed_mps,
    );
  }
  if (jamming !== null) throw new FlightEnded(`the agent did not find itself in two laps: ${await reasonOf(cockpit)}`);
}

/** The flight is over when the mode is another for long. */
class ModeWatch {
  readonly #cockpit: Cockpit;
  #lost_s: number | null = null;

  constructor(cockpit: Cockpit) {
    this.#cockpit = cockpit;
  }

  /** @throws FlightEnded when the mode of the route was lost, or the vehicle is on the ground */
  check(): void {
    const { box, scenario } = this.#cockpit;
    if (box.mode === scenario.mode && box.armed) this.#lost_s = null;
    else this.#lost_s ??= box.t_s;
    if (this.#lost_s === null || box.t_s - this.#lost_s <= MODE_LOST_S) return;
    throw new FlightEnded(`the mode was lost: ${box.mode}${box.armed ? "" : ", disarmed"}`);
  }
}

/** When GPS is to be jammed: once the agent has known its position for a while. */
class JamMoment {
  readonly #cockpit: Cockpit;
  #next_ms = 0;
  #found_s: number | null = null;

  constructor(cockpit: Cockpit) {
    this.#cockpit = cockpit;
  }

  async hasCome(): Promise<boolean> {
    const { agent, box, say } = this.#cockpit;
    if (performance.now() >= this.#next_ms) {
      this.#next_ms = performance.now() + STATE_MS;
      const found = (await agent.state())?.navigation.position != null;
      if (found && this.#found_s === null) say(`${box.t_s.toFixed(0)} s: the agent has found itself`);
      this.#found_s = found ? (this.#found_s ?? box.t_s) : null;
    }
    return this.#found_s !== null && box.t_s - this.#found_s >= BEFORE_JAM_S;
  }
}

async function reasonOf({ agent }: Cockpit): Promise<string> {
  return (await agent.state())?.navigation.reason ?? "it does not answer";
}

/** Leaves a vehicle that goes on running in a state in which it can be left. */
export async function goHome(cockpit: Cockpit): Promise<void> {
  const { scenario, station, box } = cockpit;
  if (scenario.vehicle === "px4-copter") await station.command(COMMAND.land);
  else await setMode(cockpit, scenario.vehicle === "ardupilot-plane" ? "RTL" : "LAND").catch(() => undefined);
  if (scenario.vehicle === "ardupilot-plane") return;
  await until(cockpit, "it has landed", () => !box.armed, 120).catch(() => undefined);
}

async function setMode(cockpit: Cockpit, mode: string): Promise<void> {
  const { box, station, scenario } = cockpit;
  const custom = MODES[scenario.vehicle]?.[mode];
  if (custom === undefined) throw new Error(`mode ${mode} of ${scenario.vehicle} is not in the list`);
  box.askedFor(mode);
  const { outcome } = await station.command(COMMAND.setMode, [CUSTOM_MODE, custom]);
  await until(cockpit, `mode ${mode} (${outcome})`, () => box.mode === mode, 10);
}

/**
 * Tries until the arming checks pass; what they say last is in the message.
 *
 * @param mode to be in when armed: ArduPilot takes the mode of its switch when it first hears the sticks
 */
async function arm(cockpit: Cockpit, mode?: string): Promise<void> {
  const { box, station } = cockpit;
  let next_ms = 0;
  await until(
    cockpit,
    "it can be armed",
    async () => {
      if (mode !== undefined && box.mode !== mode) await setMode(cockpit, mode);
      if (!box.armed && performance.now() >= next_ms) {
        await station.command(COMMAND.arm, [1]);
        next_ms = performance.now() + ARM_RETRY_MS;
      }
      return box.armed;
    },
    ARM_S,
  ).catch((thrown: unknown) => {
    const said = box.log.events("text").filter(({ text }) => /arm|fail/i.test(text));
    if (!(thrown instanceof FlightEnded)) throw thrown;
    throw new FlightEnded(`${thrown.message}; it says: ${said.at(-1)?.text ?? "nothing"}`);
  });
}

async function changeSpeed(cockpit: Cockpit): Promise<void> {
  // 1: ground speed. A vehicle that does not take it flies at the speed of its parameters.
  await cockpit.station.command(COMMAND.changeSpeed, [1, cockpit.scenario.route.speed_mps, -1]);
}

function atHeight(cockpit: Cockpit): Promise<void> {
  const { agl_m } = cockpit.scenario.route;
  return until(cockpit, `${agl_m} m are reached`, () => (cockpit.box.truth?.agl_m ?? 0) > 0.93 * agl_m, 120);
}

function ready(cockpit: Cockpit): Promise<void> {
  return until(cockpit, "the EKF has a position", () => cockpit.box.positionOk && cockpit.box.truth !== null, READY_S);
}

async function climbGuided(cockpit: Cockpit): Promise<void> {
  await ready(cockpit);
  await setMode(cockpit, "GUIDED");
  await arm(cockpit);
  await cockpit.station.command(COMMAND.takeOff, [0, 0, 0, 0, 0, 0, cockpit.scenario.route.agl_m]);
  await atHeight(cockpit);
  await changeSpeed(cockpit);
}

async function climbPlane(cockpit: Cockpit): Promise<void> {
  const { station, scenario } = cockpit;
  await ready(cockpit);
  await station.parameters.set("TKOFF_ALT", scenario.route.agl_m);
  await setMode(cockpit, "TAKEOFF");
  await arm(cockpit);
  // ArduPlane takes off by itself in this mode; for others the command says so.
  await station.command(COMMAND.takeOff, [0, 0, 0, 0, 0, 0, scenario.route.agl_m]);
  await atHeight(cockpit);
  await setMode(cockpit, "GUIDED");
}

/** Without any position: as a pilot would, by the sticks, to and fro at height until the agent has seen enough ground. */
async function climbBlind(cockpit: Cockpit): Promise<void> {
  const { station, box, scenario } = cockpit;
  let pwm: number = THROTTLE.low;
  let looking = false;
  const sticks = setInterval(() => {
    const forth = Math.floor(box.t_s / PITCH.period_s) % 2 === 0;
    const pitch = looking ? (forth ? PITCH.forth : PITCH.back) : PITCH.level;
    station.send(sticksAt(station.vehicle?.sysid ?? 1, { throttle: pwm, pitch }));
  }, 100);
  try {
    await until(cockpit, "the simulation tells its truth", () => box.truth !== null, READY_S);
    await setMode(cockpit, "ALT_HOLD");
    await arm(cockpit, "ALT_HOLD");
    pwm = THROTTLE.climb;
    const { agl_m } = scenario.route;
    await until(cockpit, `${agl_m} m are reached`, () => (box.truth?.agl_m ?? 0) > 0.95 * agl_m, 120);
    pwm = THROTTLE.middle;
    looking = true;
    await agentFindsItself(cockpit);
    await until(cockpit, "the EKF takes a position from the agent", () => box.positionOk, 60);
    await setMode(cockpit, scenario.mode);
    await changeSpeed(cockpit);
  } finally {
    clearInterval(sticks);
  }
}

async function climbOffboard(cockpit: Cockpit, guide: Guidance): Promise<void> {
  await ready(cockpit);
  await guide.to(cockpit.home);
  // OFFBOARD is taken only when targets have been coming for a second.
  await pause(2000);
  await setMode(cockpit, "OFFBOARD");
  await arm(cockpit);
  await atHeight(cockpit);
}
