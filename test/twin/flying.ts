import type { TwinKind } from "../../sim/autopilot/kinds.js";
import { missionPoints } from "../../sim/autopilot/missions.js";
import type { MissionOptions, TwinOptions } from "../../sim/autopilot/options.js";
import { Twin } from "../../sim/autopilot/twin.js";
import { Companion } from "./companion.js";
import { StandIn, type StandInOptions } from "./stand-in.js";

/** A square of 1 km at 7 m/s, 40 m high. */
export const COPTER_SQUARE: MissionOptions = {
  points: missionPoints("square", 1000),
  height_m: 40,
  speed_mps: 7,
  mode: "auto",
  laps: 1,
};

/** A square of 4 km at 22 m/s, 100 m high. */
export const PLANE_SQUARE: MissionOptions = {
  points: missionPoints("square", 4000),
  height_m: 100,
  speed_mps: 22,
  mode: "guided",
  laps: 1,
};

/** Legs of 500 m at 9.5 m/s in OFFBOARD. */
export const PX4_SQUARE: MissionOptions = {
  points: missionPoints("square", 2000),
  height_m: 40,
  speed_mps: 9.5,
  mode: "guided",
  laps: 1,
};

export interface Flight {
  readonly twin: Twin;
  readonly companion: Companion;
  readonly feed: StandIn | null;
  /** Flies on until `until_s`, or until the route is flown. */
  fly(until_s: number): Flight;
}

/** A twin with a companion that stands in for the agent, in simulated time. */
export function flightOf(
  kind: TwinKind,
  options: Partial<TwinOptions>,
  feed: StandInOptions | null,
  eachStep: (flight: Flight) => void = () => undefined,
): Flight {
  const twin = new Twin({ kind, lostRequests: 0, ...options });
  const companion = new Companion(twin);
  const standIn = feed === null ? null : new StandIn(companion, { seed: 50 + (options.seed ?? 1), ...feed });
  const flight: Flight = {
    twin,
    companion,
    feed: standIn,
    fly: (until_s) => {
      while (twin.t_us < until_s * 1e6 && twin.vehicle.phase !== "done") {
        companion.step();
        standIn?.step();
        eachStep(flight);
      }
      return flight;
    },
  };
  return flight;
}

/** Calls `what` once, at a time of the flight. */
export function at(t_s: number, what: (flight: Flight) => void): (flight: Flight) => void {
  let done = false;
  return (flight) => {
    if (done || flight.twin.t_us < t_s * 1e6) return;
    done = true;
    what(flight);
  };
}

/** Chooses a source set at a time of the flight. */
export function switchAt(t_s: number, set: number): (flight: Flight) => void {
  return at(t_s, ({ companion }) => companion.command(42007, set));
}
