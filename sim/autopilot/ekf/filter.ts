/** Noise that a filter believes in. */
export interface FilterNoise {
  /** Deviation of the acceleration samples, m/s2 (EK3_ACC_P_NSE, EKF2_ACC_NOISE). */
  readonly accel_mps2: number;
  /** Random walk of the error of the acceleration, m/s2 per square root of a second. */
  readonly bias_mps2: number;
  /** Random walk of the wind (aircraft with an air speed sensor), m/s per square root of a second. */
  readonly wind_mps: number;
  /** How late the filter runs behind the present, seconds: the horizon at which measurements enter. */
  readonly delay_s: number;
  /** The gate is for the length of the difference and the variance of both axes (ArduPilot), or for each axis (PX4). */
  readonly test: "length" | "axis";
}

interface Sample {
  readonly an: number;
  readonly ae: number;
  readonly dt: number;
}

/** Position and velocity, metres and m/s, north and east. */
export interface Horizontal {
  readonly north_m: number;
  readonly east_m: number;
  readonly vn_mps: number;
  readonly ve_mps: number;
}

/** What a measurement was worth. */
export interface Fused {
  /** Squared distance from what was expected, in units of the gate: above 1 it was refused. */
  readonly ratio: number;
  readonly accepted: boolean;
}

const SIZE = 4;
const P = 0;
const V = 1;
const B = 2;
const W = 3;
/** Initial deviations: error of the acceleration, wind. */
const BIAS_0 = 0.15;
const WIND_0 = 5;

/**
 * A Kalman filter for the horizontal: position, velocity, error of the acceleration and wind on each of two axes, which
 * share one covariance. It runs on a horizon in the past, where delayed measurements belong; the output is what the
 * newer accelerations make of its state (the output predictor of the real ones).
 */
export class HorizonFilter {
  #noise: FilterNoise;
  readonly #n = new Float64Array(SIZE);
  readonly #e = new Float64Array(SIZE);
  readonly #cov = new Float64Array(SIZE * SIZE);
  #buffer: Sample[] = [];
  #buffered_s = 0;
  /** Cached output of this step. */
  #output: Horizontal = { north_m: 0, east_m: 0, vn_mps: 0, ve_mps: 0 };

  constructor(noise: FilterNoise) {
    this.#noise = noise;
    this.restart(0, 0, 100);
  }

  get delay_s(): number {
    return this.#noise.delay_s;
  }

  /** Changes how far the horizon lies back. */
  setDelay(delay_s: number): void {
    this.#noise = { ...this.#noise, delay_s };
  }

  /** The estimate of now. */
  get output(): Horizontal {
    return this.#output;
  }

  get wind(): { readonly north_mps: number; readonly east_mps: number } {
    return { north_mps: this.#n[W] ?? 0, east_mps: this.#e[W] ?? 0 };
  }

  /** 1-sigma position error of one axis, metres. */
  get positionSigma_m(): number {
    return Math.sqrt(this.#at(P, P));
  }

  /** Everything unknown but the position; at rest. */
  restart(north_m: number, east_m: number, sigma_m: number, vn_mps = 0, ve_mps = 0, velocitySigma_mps = 0.5): void {
    this.#n.set([north_m, vn_mps, 0, this.#n[W] ?? 0]);
    this.#e.set([east_m, ve_mps, 0, this.#e[W] ?? 0]);
    this.#cov.fill(0);
    this.#cov[P * SIZE + P] = sigma_m ** 2;
    this.#cov[V * SIZE + V] = velocitySigma_mps ** 2;
    this.#cov[B * SIZE + B] = BIAS_0 ** 2;
    this.#cov[W * SIZE + W] = WIND_0 ** 2;
    this.#refreshOutput();
  }

  /** Takes the acceleration of one step and moves the horizon on. */
  predict(an_mps2: number, ae_mps2: number, dt_s: number): void {
    this.#buffer.push({ an: an_mps2, ae: ae_mps2, dt: dt_s });
    this.#buffered_s += dt_s;
    let used = 0;
    for (const sample of this.#buffer) {
      if (this.#buffered_s <= this.#noise.delay_s + 1e-9) break;
      this.#advance(sample);
      this.#buffered_s -= sample.dt;
      used++;
    }
    this.#buffer.splice(0, used);
    this.#refreshOutput();
  }

  /** Position measured at the horizon. `gate`: refused beyond this many sigma; Infinity takes everything. */
  fusePosition(north_m: number, east_m: number, sigma_m: number, gate: number): Fused {
    return this.#fuse(north_m - (this.#n[P] ?? 0), east_m - (this.#e[P] ?? 0), [1, 0, 0, 0], sigma_m, gate);
  }

  /** The same, compared with the estimate of now instead of the one at the horizon. */
  fusePositionWithOutput(north_m: number, east_m: number, sigma_m: number, gate: number): Fused {
    const now = this.#output;
    return this.#fuse(north_m - now.north_m, east_m - now.east_m, [1, 0, 0, 0], sigma_m, gate);
  }

  fuseVelocity(vn_mps: number, ve_mps: number, sigma_mps: number, gate: number): Fused {
    return this.#fuse(vn_mps - (this.#n[V] ?? 0), ve_mps - (this.#e[V] ?? 0), [0, 1, 0, 0], sigma_mps, gate);
  }

  /** Velocity through the air, from air speed and heading. */
  fuseAirVelocity(vn_mps: number, ve_mps: number, sigma_mps: number): Fused {
    const dn = vn_mps - ((this.#n[V] ?? 0) - (this.#n[W] ?? 0));
    const de = ve_mps - ((this.#e[V] ?? 0) - (this.#e[W] ?? 0));
    return this.#fuse(dn, de, [0, 1, 0, -1], sigma_mps, 5);
  }

  /** Puts the position of now, or that at the horizon, at a place, at once; returns how far it jumped. */
  resetPosition(north_m: number, east_m: number, sigma_m: number, at: "now" | "horizon"): number {
    const n = at === "now" ? this.#output.north_m : (this.#n[P] ?? 0);
    const e = at === "now" ? this.#output.east_m : (this.#e[P] ?? 0);
    this.shift(north_m - n, east_m - e);
    for (let i = 0; i < SIZE; i++) {
      this.#cov[P * SIZE + i] = 0;
      this.#cov[i * SIZE + P] = 0;
    }
    this.#cov[P * SIZE + P] = sigma_m ** 2;
    return Math.hypot(north_m - n, east_m - e);
  }

  /** Moves the position, without a change of its uncertainty. */
  shift(north_m: number, east_m: number): void {
    this.#n[P] = (this.#n[P] ?? 0) + north_m;
    this.#e[P] = (this.#e[P] ?? 0) + east_m;
    this.#refreshOutput();
  }

  #at(row: number, column: number): number {
    return this.#cov[row * SIZE + column] ?? 0;
  }

  #advance(sample: Sample): void {
    const { dt } = sample;
    for (const [x, a] of [
      [this.#n, sample.an],
      [this.#e, sample.ae],
    ] as const) {
      const accel = a - (x[B] ?? 0);
      x[P] = (x[P] ?? 0) + (x[V] ?? 0) * dt + 0.5 * accel * dt * dt;
      x[V] = (x[V] ?? 0) + accel * dt;
    }
    const c = this.#cov;
    // F = 1 + dt at (P,V) - dt at (V,B): rows, then columns.
    for (let k = 0; k < SIZE; k++) {
      c[P * SIZE + k] = this.#at(P, k) + dt * this.#at(V, k);
      c[V * SIZE + k] = this.#at(V, k) - dt * this.#at(B, k);
    }
    for (let k = 0; k < SIZE; k++) {
      c[k * SIZE + P] = this.#at(k, P) + dt * this.#at(k, V);
      c[k * SIZE + V] = this.#at(k, V) - dt * this.#at(k, B);
    }
    const { accel_mps2, bias_mps2, wind_mps } = this.#noise;
    c[V * SIZE + V] = this.#at(V, V) + (accel_mps2 * dt) ** 2;
    c[B * SIZE + B] = Math.min(this.#at(B, B) + bias_mps2 ** 2 * dt, 1);
    c[W * SIZE + W] = Math.min(this.#at(W, W) + wind_mps ** 2 * dt, 400);
  }

  #fuse(dn: number, de: number, h: readonly number[], sigma: number, gate: number): Fused {
    const gain = new Float64Array(SIZE);
    let variance = sigma ** 2;
    for (let i = 0; i < SIZE; i++) {
      for (let j = 0; j < SIZE; j++) gain[i] = (gain[i] ?? 0) + this.#at(i, j) * (h[j] ?? 0);
      variance += (h[i] ?? 0) * (gain[i] ?? 0);
    }
    const squared = this.#noise.test === "length" ? (dn * dn + de * de) / 2 : Math.max(dn * dn, de * de);
    const ratio = squared / (gate * gate * variance);
    if (ratio > 1) return { ratio, accepted: false };
    const before = gain.slice();
    for (let i = 0; i < SIZE; i++) {
      const k = (gain[i] ?? 0) / variance;
      this.#n[i] = (this.#n[i] ?? 0) + k * dn;
      this.#e[i] = (this.#e[i] ?? 0) + k * de;
      for (let j = 0; j < SIZE; j++) this.#cov[i * SIZE + j] = this.#at(i, j) - k * (before[j] ?? 0);
    }
    this.#refreshOutput();
    return { ratio, accepted: true };
  }

  #refreshOutput(): void {
    let [n = 0, vn = 0, bn = 0] = this.#n;
    let [e = 0, ve = 0, be = 0] = this.#e;
    for (const { an, ae, dt } of this.#buffer) {
      n += vn * dt;
      e += ve * dt;
      vn += (an - bn) * dt;
      ve += (ae - be) * dt;
    }
    this.#output = { north_m: n, east_m: e, vn_mps: vn, ve_mps: ve };
  }
}
