import type { AgentProcess, AgentState } from "./agent-process.js";
import type { BlackBox } from "./black-box.js";
import type { Child } from "./child.js";
import type { GroundStation } from "./ground-station.js";
import type { Scenario } from "./scenarios.js";
import type { Home } from "./simulators.js";

/** Why a flight did not go on. */
export class FlightEnded extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FlightEnded";
  }
}

const POLL_MS = 100;
/** A simulation that runs slower than this part of real time is given up. */
const SLOWEST = 0.1;

/** Everything that a flight is flown with. */
export interface Cockpit {
  readonly scenario: Scenario;
  readonly station: GroundStation;
  readonly box: BlackBox;
  readonly agent: AgentProcess;
  readonly home: Home;
  /** Programs that must be running. */
  readonly children: readonly Child[];
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/**
 * Waits until something holds, in seconds of the vehicle: a simulation may run slower than the wall clock.
 *
 * @throws FlightEnded when it does not hold in time, when the flight is interrupted, or a program has ended
 */
export async function until(
  cockpit: Pick<Cockpit, "box" | "children" | "signal">,
  what: string,
  holds: () => boolean | Promise<boolean>,
  limit_s: number,
): Promise<void> {
  const { box, children, signal } = cockpit;
  const from_s = box.t_s;
  const from_ms = performance.now();
  for (;;) {
    if (signal.aborted) throw new FlightEnded("interrupted");
    for (const child of children) child.assertRunning();
    if (await holds()) return;
    const wall_s = (performance.now() - from_ms) / 1000;
    if (box.t_s - from_s > limit_s || wall_s > limit_s / SLOWEST) {
      throw new FlightEnded(`${what}: not within ${limit_s} s (mode ${box.mode})`);
    }
    await pause(POLL_MS);
  }
}

/** Waits until the agent says something of itself; asked once a second. */
export async function untilAgent(
  cockpit: Cockpit,
  what: string,
  holds: (state: AgentState) => boolean,
  limit_s: number,
): Promise<void> {
  let next_ms = 0;
  await until(
    cockpit,
    what,
    async () => {
      if (performance.now() < next_ms) return false;
      next_ms = performance.now() + 1000;
      const state = await cockpit.agent.state();
      return state !== null && holds(state);
    },
    limit_s,
  );
}
