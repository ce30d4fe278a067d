import { Wander } from "../../flight/route.js";
import type { Rng } from "../../world/random.js";
import type { TwinOptions } from "../options.js";

/** The true state of the vehicle: metres from home, north-east-up; angles in radians, aerospace convention. */
export interface Truth {
  north_m: number;
  east_m: number;
  /** Above home. */
  up_m: number;
  vn_mps: number;
  ve_mps: number;
  vu_mps: number;
  /** Acceleration over ground, without gravity. */
  an_mps2: number;
  ae_mps2: number;
  roll_rad: number;
  pitch_rad: number;
  yaw_rad: number;
  rollRate_radps: number;
  pitchRate_radps: number;
  yawRate_radps: number;
  airspeed_mps: number;
  onGround: boolean;
}

/** What the flight controller asks of the airframe, already in true directions. */
export interface Demand {
  /** Wanted acceleration north and east (copter), m/s2. */
  readonly an_mps2: number;
  readonly ae_mps2: number;
  /** Wanted bank (plane), radians. */
  readonly bank_rad: number;
  readonly climb_mps: number;
  readonly yaw_rad: number;
  readonly airspeed_mps: number;
  readonly motors: boolean;
  /** No position control: level, so the wind takes a copter along. */
  readonly level: boolean;
}

/** An airframe that flies. */
export interface Body {
  readonly truth: Truth;
  step(dt_s: number, demand: Demand, wind: WindNow): void;
}

/** Where the air moves to, m/s. */
export interface WindNow {
  readonly north_mps: number;
  readonly east_mps: number;
}

export function restingTruth(): Truth {
  return {
    north_m: 0,
    east_m: 0,
    up_m: 0,
    vn_mps: 0,
    ve_mps: 0,
    vu_mps: 0,
    an_mps2: 0,
    ae_mps2: 0,
    roll_rad: 0,
    pitch_rad: 0,
    yaw_rad: 0,
    rollRate_radps: 0,
    pitchRate_radps: 0,
    yawRate_radps: 0,
    airspeed_mps: 0,
    onGround: true,
  };
}

/** Mean wind and gusts that come and go over a few seconds. */
export class Wind {
  readonly #mean: TwinOptions["wind"];
  readonly #gusts: readonly [Wander, Wander];

  constructor(rng: Rng, mean: TwinOptions["wind"]) {
    this.#mean = mean;
    this.#gusts = [new Wander(rng, mean.gust_mps, 4), new Wander(rng, mean.gust_mps, 4)];
  }

  step(dt_s: number): WindNow {
    return {
      north_mps: this.#mean.north_mps + this.#gusts[0].step(dt_s),
      east_mps: this.#mean.east_mps + this.#gusts[1].step(dt_s),
    };
  }
}
