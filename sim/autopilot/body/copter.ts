import { Wander } from "../../flight/route.js";
import type { Rng } from "../../world/random.js";
import { clamp, DEG, GRAVITY_MPS2, wrapPi } from "../kinds.js";
import { type Body, type Demand, restingTruth, type Truth, type WindNow } from "./body.js";

/** Greatest lean, and how fast thrust follows what is asked. */
const MAX_TILT = 35 * DEG;
const TILT_LAG_S = 0.25;
const CLIMB_LAG_S = 0.6;
const MAX_YAW_RATE = 60 * DEG;
/** Drag of the air, 1/s: it pulls the speed through the air down by this part a second. */
const DRAG = 0.12;
/** The controller learns the force of the wind within this time (the integrator of a real one). */
const DISTURBANCE_S = 1.5;

/** A multicopter: it leans to accelerate, and leans into the wind to stay. */
export class CopterBody implements Body {
  readonly truth: Truth = restingTruth();
  readonly #wobble: readonly [Wander, Wander];
  #thrustN = 0;
  #thrustE = 0;
  #dragN = 0;
  #dragE = 0;

  constructor(rng: Rng) {
    this.#wobble = [new Wander(rng, 0.7 * DEG, 0.5), new Wander(rng, 0.7 * DEG, 0.5)];
  }

  step(dt_s: number, demand: Demand, wind: WindNow): void {
    const t = this.truth;
    const wobble = [this.#wobble[0].step(dt_s), this.#wobble[1].step(dt_s)] as const;
    if (t.onGround && !(demand.motors && demand.climb_mps > 0)) {
      Object.assign(t, { ...restingTruth(), north_m: t.north_m, east_m: t.east_m, up_m: t.up_m, yaw_rad: t.yaw_rad });
      return;
    }
    t.onGround = false;
    const dragN = DRAG * (wind.north_mps - t.vn_mps);
    const dragE = DRAG * (wind.east_mps - t.ve_mps);
    const learn = dt_s / DISTURBANCE_S;
    this.#dragN += (dragN - this.#dragN) * learn;
    this.#dragE += (dragE - this.#dragE) * learn;
    let wantN = demand.level ? 0 : demand.an_mps2 - this.#dragN;
    let wantE = demand.level ? 0 : demand.ae_mps2 - this.#dragE;
    const limit = GRAVITY_MPS2 * Math.tan(MAX_TILT);
    const want = Math.hypot(wantN, wantE);
    if (want > limit) {
      wantN *= limit / want;
      wantE *= limit / want;
    }
    this.#thrustN += ((wantN - this.#thrustN) * dt_s) / TILT_LAG_S;
    this.#thrustE += ((wantE - this.#thrustE) * dt_s) / TILT_LAG_S;
    t.an_mps2 = this.#thrustN + dragN;
    t.ae_mps2 = this.#thrustE + dragE;
    t.vn_mps += t.an_mps2 * dt_s;
    t.ve_mps += t.ae_mps2 * dt_s;
    t.vu_mps += ((demand.climb_mps - t.vu_mps) * dt_s) / CLIMB_LAG_S;
    t.north_m += t.vn_mps * dt_s;
    t.east_m += t.ve_mps * dt_s;
    t.up_m += t.vu_mps * dt_s;
    this.#turn(dt_s, demand, wobble);
    t.airspeed_mps = Math.hypot(t.vn_mps - wind.north_mps, t.ve_mps - wind.east_mps);
  }

  #turn(dt_s: number, demand: Demand, wobble: readonly [number, number]): void {
    const t = this.truth;
    const before = { roll: t.roll_rad, pitch: t.pitch_rad, yaw: t.yaw_rad };
    const step = clamp(wrapPi(demand.yaw_rad - t.yaw_rad), -MAX_YAW_RATE * dt_s, MAX_YAW_RATE * dt_s);
    t.yaw_rad = wrapPi(t.yaw_rad + step);
    const forward = this.#thrustN * Math.cos(t.yaw_rad) + this.#thrustE * Math.sin(t.yaw_rad);
    const right = -this.#thrustN * Math.sin(t.yaw_rad) + this.#thrustE * Math.cos(t.yaw_rad);
    // The thrust points along the body's vertical: nose down to go forward, right side down to go right.
    t.pitch_rad = -Math.atan2(forward, GRAVITY_MPS2) + wobble[1];
    t.roll_rad = Math.atan2(right * Math.cos(t.pitch_rad), GRAVITY_MPS2) + wobble[0];
    t.rollRate_radps = (t.roll_rad - before.roll) / dt_s;
    t.pitchRate_radps = (t.pitch_rad - before.pitch) / dt_s;
    t.yawRate_radps = wrapPi(t.yaw_rad - before.yaw) / dt_s;
  }
}
