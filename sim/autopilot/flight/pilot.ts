import type { MissionOptions } from "../options.js";
import type { Vehicle } from "../vehicle.js";
import { RESULT } from "./commander.js";

/** Not a part of the period of any feed: each try finds it at another point. */
const TRY_EVERY_US = 1_370_000;

/** How far a flight has come; "ended": the vehicle is on the ground again. */
export type Phase = "waiting" | "takeoff" | "route" | "done" | "ended";

/** The ground station built into the twin: it waits until the vehicle can be armed, starts it and lets it fly. */
export class Pilot {
  readonly #vehicle: Vehicle;
  readonly #mission: MissionOptions;
  readonly #ready_us: number;
  #phase: Phase = "waiting";
  #tried_us = 0;

  constructor(vehicle: Vehicle, mission: MissionOptions, ready_us: number) {
    this.#vehicle = vehicle;
    this.#mission = mission;
    this.#ready_us = ready_us;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Flying from the first way point to the second, GPS-aided within the first second. */
  beginInAir(): void {
    const { truth, commander, steering, traits } = this.#vehicle;
    const [a, b] = this.#mission.points;
    if (a === undefined || b === undefined) return;
    const course = Math.atan2(b.east_m - a.east_m, b.north_m - a.north_m);
    const wind = this.#vehicle.options.wind;
    const plane = traits.frame === "plane";
    Object.assign(truth, {
      north_m: a.north_m,
      east_m: a.east_m,
      up_m: this.#mission.height_m,
      yaw_rad: course,
      airspeed_mps: this.#mission.speed_mps,
      vn_mps: this.#mission.speed_mps * Math.cos(course) + (plane ? wind.north_mps : 0),
      ve_mps: this.#mission.speed_mps * Math.sin(course) + (plane ? wind.east_mps : 0),
      onGround: false,
    });
    steering.startRoute(1);
    commander.assumeFlying(commander.missionMode(this.#mission.mode));
    this.#enter("route");
  }

  step(): void {
    const { commander, steering, situation, t_us, baroHeight_m } = this.#vehicle;
    const mode = commander.missionMode(this.#mission.mode);
    if (this.#phase !== "waiting" && !commander.armed) this.#enter("ended");
    switch (this.#phase) {
      case "waiting":
        if (t_us < this.#ready_us || t_us - this.#tried_us < TRY_EVERY_US) return;
        this.#tried_us = t_us;
        if (commander.setMode(mode, situation) !== RESULT.accepted) return;
        if (commander.arm(situation) !== RESULT.accepted) return;
        steering.takeOff(this.#mission.height_m);
        this.#enter("takeoff");
        return;
      case "takeoff":
        if (baroHeight_m < this.#mission.height_m * 0.95 - 0.5) return;
        steering.startRoute(0);
        this.#enter("route");
        return;
      case "route":
        if (steering.routeDone) this.#enter("done");
        return;
      default:
        return;
    }
  }

  #enter(phase: Phase): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.#vehicle.log.add({ kind: "event", t_s: this.#vehicle.t_us / 1e6, event: "phase", phase });
  }
}
