import { Wander } from "../../flight/route.js";
import type { Rng } from "../../world/random.js";
import { clamp, DEG, GRAVITY_MPS2, wrapPi } from "../kinds.js";
import { type Body, type Demand, restingTruth, type Truth, type WindNow } from "./body.js";

const MAX_BANK = 40 * DEG;
const MAX_ROLL_RATE = 60 * DEG;
const ROLL_LAG_S = 0.4;
const SPEED_LAG_S = 2.5;
const CLIMB_LAG_S = 1.5;
/** Angle of attack in level flight, and what a bank adds to it. */
const ALPHA = 2 * DEG;

/** A fixed wing: it holds its air speed and turns by banking, always coordinated. */
export class PlaneBody implements Body {
  readonly truth: Truth = restingTruth();
  readonly #wobble: readonly [Wander, Wander];
  #bank = 0;

  constructor(rng: Rng) {
    this.#wobble = [new Wander(rng, 0.8 * DEG, 0.8), new Wander(rng, 0.5 * DEG, 0.8)];
  }

  step(dt_s: number, demand: Demand, wind: WindNow): void {
    const t = this.truth;
    const wobble = [this.#wobble[0].step(dt_s), this.#wobble[1].step(dt_s)] as const;
    if (t.onGround) {
      if (!demand.motors || demand.climb_mps <= 0) {
        Object.assign(t, { ...restingTruth(), north_m: t.north_m, east_m: t.east_m, up_m: t.up_m, yaw_rad: t.yaw_rad });
        return;
      }
      // A launch by hand or catapult: the run on the ground is not modelled.
      t.airspeed_mps = Math.max(t.airspeed_mps, 0.7 * demand.airspeed_mps);
      t.vn_mps = t.airspeed_mps * Math.cos(t.yaw_rad) + wind.north_mps;
      t.ve_mps = t.airspeed_mps * Math.sin(t.yaw_rad) + wind.east_mps;
      t.onGround = false;
    }
    const before = { roll: t.roll_rad, pitch: t.pitch_rad, yaw: t.yaw_rad, vn: t.vn_mps, ve: t.ve_mps };
    const wanted = clamp(demand.level ? 0 : demand.bank_rad, -MAX_BANK, MAX_BANK);
    const rate = clamp((wanted - this.#bank) / ROLL_LAG_S, -MAX_ROLL_RATE, MAX_ROLL_RATE);
    this.#bank += rate * dt_s;
    t.airspeed_mps += ((demand.airspeed_mps - t.airspeed_mps) * dt_s) / SPEED_LAG_S;
    const turn = (GRAVITY_MPS2 * Math.tan(this.#bank)) / t.airspeed_mps;
    t.yaw_rad = wrapPi(t.yaw_rad + turn * dt_s);
    t.vu_mps += ((demand.climb_mps - t.vu_mps) * dt_s) / CLIMB_LAG_S;
    t.vn_mps = t.airspeed_mps * Math.cos(t.yaw_rad) + wind.north_mps;
    t.ve_mps = t.airspeed_mps * Math.sin(t.yaw_rad) + wind.east_mps;
    t.an_mps2 = (t.vn_mps - before.vn) / dt_s;
    t.ae_mps2 = (t.ve_mps - before.ve) / dt_s;
    t.north_m += t.vn_mps * dt_s;
    t.east_m += t.ve_mps * dt_s;
    t.up_m += t.vu_mps * dt_s;
    t.roll_rad = this.#bank + wobble[0];
    t.pitch_rad = Math.atan2(t.vu_mps, t.airspeed_mps) + ALPHA / Math.cos(this.#bank) ** 2 + wobble[1];
    t.rollRate_radps = (t.roll_rad - before.roll) / dt_s;
    t.pitchRate_radps = (t.pitch_rad - before.pitch) / dt_s;
    t.yawRate_radps = wrapPi(t.yaw_rad - before.yaw) / dt_s;
  }
}
