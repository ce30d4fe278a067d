import { Wander } from "../../flight/route.js";
import type { Rng } from "../../world/random.js";
import { DEG, GRAVITY_MPS2, TRAITS, wrapPi } from "../kinds.js";
import type { TwinOptions } from "../options.js";
import type { Truth } from "./body.js";

/** What the inertial sensors and the compass make of the truth. */
export interface Inertial {
  /** Acceleration over ground as the EKF integrates it, in directions it believes to be north and east, m/s2. */
  readonly an_mps2: number;
  readonly ae_mps2: number;
  readonly roll_rad: number;
  readonly pitch_rad: number;
  readonly yaw_rad: number;
  /** How far the heading is off, radians. */
  readonly yawError_rad: number;
}

/** White noise of the acceleration samples, m/s2. */
const ACCEL_NOISE = 0.08;
/** How fast a tilt that no velocity aids follows accelerations, and an aided one comes back, seconds. */
const TILT_FOLLOWS_S = 3;
/** The compass also wanders by this much around its constant offset. */
const COMPASS_WANDER = { copter: 0.7 * DEG, plane: 0.4 * DEG } as const;
/** Largest offset that is drawn: a plane has learned its heading from its course before it loses GPS. */
const DRAWN_OFFSET_LIMIT_DEG = { copter: 4, plane: 0.5 } as const;

/** Attitude, acceleration, height and distance with the errors that a small aircraft's sensors have. */
export class Sensors {
  readonly #rng: Rng;
  readonly #options: TwinOptions;
  readonly #offset_rad: number;
  readonly #compass: Wander;
  readonly #tilt: readonly [Wander, Wander];
  readonly #accel: readonly [Wander, Wander];
  readonly #baro: Wander;
  /** Lean too far north and east, radians, by accelerations that were taken for gravity. */
  readonly #unaided: [number, number] = [0, 0];
  #baroError_m = 0;

  constructor(rng: Rng, options: TwinOptions) {
    this.#rng = rng;
    this.#options = options;
    const limit_deg = DRAWN_OFFSET_LIMIT_DEG[TRAITS[options.kind].frame];
    const drawn = rng.range(-limit_deg, limit_deg);
    this.#offset_rad = (options.compassOffset_deg ?? drawn) * DEG;
    this.#compass = new Wander(rng, COMPASS_WANDER[TRAITS[options.kind].frame], 30);
    this.#tilt = [new Wander(rng, options.tiltBias_deg * DEG, 90), new Wander(rng, options.tiltBias_deg * DEG, 90)];
    this.#accel = [new Wander(rng, options.accelBias_mps2, 150), new Wander(rng, options.accelBias_mps2, 150)];
    this.#baro = new Wander(rng, options.baroBias_m, 60);
  }

  /** @param aided the EKF has a velocity that is not of its accelerometers: without one its tilt follows accelerations */
  inertial(truth: Truth, dt_s: number, aided = true): Inertial {
    const yawError = this.#offset_rad + this.#compass.step(dt_s);
    this.#follow(truth, dt_s, aided);
    const [north, east] = this.#unaided;
    // A lean too far north is a nose too low where it points north, a right side too low where it points west.
    const [cosYaw, sinYaw] = [Math.cos(truth.yaw_rad), Math.sin(truth.yaw_rad)];
    const rollError = this.#tilt[0].step(dt_s) - north * sinYaw + east * cosYaw;
    const pitchError = this.#tilt[1].step(dt_s) - north * cosYaw - east * sinYaw;
    this.#baroError_m = this.#baro.step(dt_s);
    const yaw = wrapPi(truth.yaw_rad + yawError);
    // Measured in the body, turned back with the believed heading: the vector turns by the error of the heading. A wrong
    // roll or pitch turns a part of gravity into acceleration.
    const cos = Math.cos(yawError);
    const sin = Math.sin(yawError);
    const forward = -GRAVITY_MPS2 * pitchError + this.#accel[0].step(dt_s) + ACCEL_NOISE * this.#rng.normal();
    const right = GRAVITY_MPS2 * rollError + this.#accel[1].step(dt_s) + ACCEL_NOISE * this.#rng.normal();
    const noise = this.#options.attitudeNoise_deg * DEG;
    return {
      an_mps2: cos * truth.an_mps2 - sin * truth.ae_mps2 + forward * Math.cos(yaw) - right * Math.sin(yaw),
      ae_mps2: sin * truth.an_mps2 + cos * truth.ae_mps2 + forward * Math.sin(yaw) + right * Math.cos(yaw),
      roll_rad: truth.roll_rad + rollError + noise * this.#rng.normal(),
      pitch_rad: truth.pitch_rad + pitchError + noise * this.#rng.normal(),
      yaw_rad: wrapPi(yaw + noise * this.#rng.normal()),
      yawError_rad: yawError,
    };
  }

  #follow(truth: Truth, dt_s: number, aided: boolean): void {
    const share = aided ? 0 : this.#options.unaidedTilt / GRAVITY_MPS2;
    const part = dt_s / TILT_FOLLOWS_S;
    this.#unaided[0] += (share * truth.an_mps2 - this.#unaided[0]) * part;
    this.#unaided[1] += (share * truth.ae_mps2 - this.#unaided[1]) * part;
  }

  /** Height above home by the barometer, metres. */
  baroHeight_m(truth: Truth): number {
    return truth.up_m + this.#baroError_m;
  }

  /** Distance along the body's downward axis, metres; null beyond the range or upside down. */
  range_m(truth: Truth, agl_m: number): number | null {
    const lean = Math.cos(truth.roll_rad) * Math.cos(truth.pitch_rad);
    if (lean < 0.3 || this.#options.rangefinderMax_m === 0) return null;
    const distance = Math.max(0, agl_m) / lean + 0.02 * agl_m ** 0.5 * this.#rng.normal();
    return distance > this.#options.rangefinderMax_m ? null : Math.max(0, distance);
  }
}
