import type { LatLon } from "../../../agent/mavlink/local-frame.js";
import type { Demand } from "../body/body.js";
import type { Inertial } from "../body/sensors.js";
import { wrapPi } from "../kinds.js";
import type { Vehicle } from "../vehicle.js";
import { type CopterGoal, copterDemand } from "./copter-guidance.js";
import { type PlaneGoal, planeDemand } from "./plane-guidance.js";
import { type Place, RouteFollower } from "./route-follower.js";

const COPTER_EARLY_M = 3;
const PLANE_EARLY_M = 45;
const LOITER_RADIUS_M = 80;
const DEFAULT_SPEED = { copter: 7, plane: 22 } as const;
const OFF: Demand = {
  an_mps2: 0,
  ae_mps2: 0,
  bank_rad: 0,
  climb_mps: 0,
  yaw_rad: 0,
  airspeed_mps: 0,
  motors: false,
  level: true,
};

/** What a ground station asked for in guided flight. */
export type GuidedTarget = { readonly up_m: number } & (
  | { readonly at: LatLon }
  | { readonly local: Place }
  | { readonly velocity: { readonly vn_mps: number; readonly ve_mps: number } }
);

/** A velocity is flown as a point this far ahead, m. */
const VELOCITY_AHEAD_M = 200;

interface Leg {
  readonly from: Place | null;
  readonly to: Place;
  readonly up_m: number;
  readonly speed_mps?: number;
}

/** Turns mode, route and estimate into what is asked of the airframe. It knows the estimate only, never the truth. */
export class Steering {
  readonly #vehicle: Vehicle;
  readonly #route: RouteFollower | null;
  #routeStarted = false;
  #climbingTo_m: number | null = null;
  #guided: GuidedTarget | null = null;
  #points: { readonly origin: LatLon; readonly places: readonly Place[] } | null = null;
  #hold: { readonly behaviour: string; readonly place: Place; readonly up_m: number } | null = null;

  constructor(vehicle: Vehicle) {
    this.#vehicle = vehicle;
    const { mission } = vehicle.options;
    const early_m = vehicle.traits.frame === "plane" ? PLANE_EARLY_M : COPTER_EARLY_M;
    this.#route = mission === null ? null : new RouteFollower(mission.points.length, mission.laps, early_m);
  }

  get routeDone(): boolean {
    return this.#route?.done ?? true;
  }

  /** Climbs straight up to a height above home before anything else. */
  takeOff(up_m: number): void {
    this.#climbingTo_m = up_m;
  }

  startRoute(index: number): void {
    this.#routeStarted = true;
    this.#climbingTo_m = null;
    this.#route?.startAt(index);
  }

  /** A target of a ground station: the mission is over. */
  guideTo(target: GuidedTarget): void {
    this.#guided = target;
    this.#climbingTo_m = null;
  }

  /** What to ask of the airframe, in true directions. */
  demand(attitude: Inertial): Demand {
    const { commander, traits, ekf } = this.#vehicle;
    if (!commander.armed) return OFF;
    const up_m = this.#vehicle.baroHeight_m;
    const wanted =
      traits.frame === "plane"
        ? planeDemand(this.#planeGoal(up_m), ekf.horizontal, up_m, attitude.yaw_rad)
        : copterDemand(this.#copterGoal(up_m), ekf.horizontal, up_m, attitude.yaw_rad);
    // The controller leans towards where it believes the direction to be: the error of the heading turns it away.
    const cos = Math.cos(attitude.yawError_rad);
    const sin = Math.sin(attitude.yawError_rad);
    return {
      an_mps2: cos * wanted.an_mps2 + sin * wanted.ae_mps2,
      ae_mps2: -sin * wanted.an_mps2 + cos * wanted.ae_mps2,
      bank_rad: wanted.bank_rad,
      climb_mps: wanted.climb_mps,
      yaw_rad: wrapPi(wanted.yaw_rad - attitude.yawError_rad),
      airspeed_mps: wanted.airspeed_mps,
      motors: wanted.motors,
      level: wanted.level,
    };
  }

  #speed(): number {
    return this.#vehicle.options.mission?.speed_mps ?? DEFAULT_SPEED[this.#vehicle.traits.frame];
  }

  #local(place: LatLon): Place | null {
    const { origin } = this.#vehicle.ekf;
    return origin === null ? null : this.#vehicle.frame.toLocal(origin, place);
  }

  /** The way points in the local frame of the origin that holds now. */
  #routePoints(): readonly Place[] | null {
    const { origin } = this.#vehicle.ekf;
    if (origin === null) return null;
    if (this.#points?.origin !== origin) {
      const places = (this.#vehicle.options.mission?.points ?? []).map(({ north_m, east_m }) =>
        this.#vehicle.frame.toLocal(origin, this.#vehicle.globeAt(north_m, east_m)),
      );
      this.#points = { origin, places };
    }
    return this.#points.places;
  }

  /** The place it was at when this began. */
  #holding(behaviour: string, up_m: number): { place: Place; up_m: number } {
    if (this.#hold?.behaviour !== behaviour) {
      const { north_m, east_m } = this.#vehicle.ekf.horizontal;
      this.#hold = { behaviour, place: { north_m, east_m }, up_m };
    }
    return this.#hold;
  }

  /** The leg that mode and ground station want flown now; null: stay. */
  #leg(): Leg | null {
    const { commander, options, ekf } = this.#vehicle;
    const { behaviour } = commander;
    if (this.#climbingTo_m !== null) return null;
    if (behaviour === "home") {
      const to = this.#local(options.home);
      return to === null ? null : { from: null, to, up_m: options.mission?.height_m ?? 40 };
    }
    if (behaviour === "guided" && this.#guided !== null) return this.#guidedLeg(this.#guided);
    const flown = commander.customMode === commander.missionMode(options.mission?.mode ?? "auto");
    if (!flown || !this.#routeStarted || this.#route === null || options.mission === null) return null;
    const points = this.#routePoints();
    if (points === null) return null;
    return { ...this.#route.leg(points, ekf.horizontal), up_m: options.mission.height_m };
  }

  #guidedLeg(target: GuidedTarget): Leg | null {
    const { up_m } = target;
    if ("velocity" in target) {
      const { vn_mps, ve_mps } = target.velocity;
      const speed_mps = Math.hypot(vn_mps, ve_mps);
      if (speed_mps < 0.05) return null;
      const { north_m, east_m } = this.#vehicle.ekf.horizontal;
      const ahead = VELOCITY_AHEAD_M / speed_mps;
      return {
        from: null,
        to: { north_m: north_m + vn_mps * ahead, east_m: east_m + ve_mps * ahead },
        up_m,
        speed_mps,
      };
    }
    const to = "local" in target ? target.local : this.#local(target.at);
    return to === null ? null : { from: null, to, up_m };
  }

  #copterGoal(up_m: number): CopterGoal {
    const { commander, ekf } = this.#vehicle;
    const { behaviour } = commander;
    const landing = behaviour === "land";
    const blind = behaviour === "level" || !ekf.positionOk;
    const leg = landing || blind ? null : this.#leg();
    const speed_mps = this.#speed();
    if (leg !== null) {
      this.#hold = null;
      return { from: leg.from, to: leg.to, up_m: leg.up_m, speed_mps: leg.speed_mps ?? speed_mps, landing, blind };
    }
    const climbing = this.#climbingTo_m !== null && !landing;
    const hold = this.#holding(climbing ? "climb" : behaviour, up_m);
    const height_m = climbing ? (this.#climbingTo_m ?? up_m) : hold.up_m;
    return { from: null, to: hold.place, up_m: height_m, speed_mps, landing, blind };
  }

  #planeGoal(up_m: number): PlaneGoal {
    const { commander } = this.#vehicle;
    const airspeed_mps = this.#speed();
    if (commander.behaviour === "level") return { kind: "level", up_m, airspeed_mps };
    if (this.#climbingTo_m !== null) return { kind: "level", up_m: this.#climbingTo_m, airspeed_mps };
    const leg = this.#leg();
    if (leg === null) {
      const { place, up_m: height_m } = this.#holding(commander.behaviour, up_m);
      return { kind: "circle", centre: place, radius_m: LOITER_RADIUS_M, up_m: height_m, airspeed_mps };
    }
    this.#hold = null;
    if (leg.from === null || this.routeDone) {
      return { kind: "circle", centre: leg.to, radius_m: LOITER_RADIUS_M, up_m: leg.up_m, airspeed_mps };
    }
    return { kind: "leg", from: leg.from, to: leg.to, up_m: leg.up_m, airspeed_mps };
  }
}
