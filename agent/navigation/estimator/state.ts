import type { Covariance2 } from "../../fix.js";
import type { NavigationConfig } from "../config.js";
import type { MotionPiece } from "../motion.js";
import { B, D, P, PSI, S, STATE_SIZE, V } from "./entries.js";
import type { Measurement, TiltError } from "./measurements.js";

const N = STATE_SIZE;

/** The errors that neighbouring fixes share, as a fix tells of its own. */
export interface SharedError {
  /** Variance, per axis, of what lasts: mount, level attitude, height; square metres. */
  readonly bias_variance_m2: number;
  /** The autopilot's tilt of the moment; null where nothing is said of it. */
  readonly tilt: TiltError | null;
}

/**
 * State of the horizontal error-state filter and its covariance, in a local north-east plane:
 * [p_n, p_e (m), v_n, v_e (m/s), psi (rad, true minus reported heading), s (true over reported height, minus 1),
 * b_n, b_e (m, the error that fixes close in time have in common), d_n, d_e (rad, how much too far the reported attitude
 * leans north and east)].
 *
 * The shared error is a first-order Gauss-Markov process: without it a filter takes fifty fixes of one minute, all with
 * the same attitude error and on the same shifted map, for fifty independent ones, and its covariance becomes a lie.
 *
 * The wrong tilt is one too, but it comes and goes within seconds, and odometry sees it as motion: fixes and odometry agree
 * on where the vehicle would be if its attitude were right. So what the tilt loses the position gains.
 */
export class FilterState {
  readonly x: number[];
  readonly cov: number[];

  constructor(
    public t_us: number,
    x: number[] = zeros(N),
    cov: number[] = zeros(N * N),
  ) {
    this.x = x;
    this.cov = cov;
  }

  clone(): FilterState {
    return new FilterState(this.t_us, this.x.slice(), this.cov.slice());
  }

  /** Position, metres from the plane's reference. */
  get position(): { north_m: number; east_m: number } {
    return { north_m: this.x[P] ?? 0, east_m: this.x[P + 1] ?? 0 };
  }

  get velocity(): { north: number; east: number } {
    return { north: this.x[V] ?? 0, east: this.x[V + 1] ?? 0 };
  }

  get heading_offset_rad(): number {
    return this.x[PSI] ?? 0;
  }

  get scale(): number {
    return 1 + (this.x[S] ?? 0);
  }

  /** Covariance of two neighbouring entries as a 2 x 2. */
  block(entry: number): Covariance2 {
    const at = entry * N + entry;
    return { nn: this.cov[at] ?? 0, ne: this.cov[at + 1] ?? 0, ee: this.cov[at + N + 1] ?? 0 };
  }

  get positionCov(): Covariance2 {
    return this.block(P);
  }

  get velocityCov(): Covariance2 {
    return this.block(V);
  }

  get heading_variance(): number {
    return this.cov[PSI * N + PSI] ?? 0;
  }

  setVariance(entry: number, variance: number): void {
    this.cov[entry * N + entry] = variance;
  }

  /**
   * Moves on through one piece of time. A piece that odometry saw moves the position by its displacement, turned by the
   * heading offset and stretched by the height error; in any other the velocity carries it on.
   *
   * @param shared the error that fixes share, as the last one told it
   */
  propagate(piece: MotionPiece, config: NavigationConfig["estimator"], shared: SharedError): void {
    const { dt_s, step } = piece;
    const f = identity();
    const q = config.acceleration_psd;
    const { x } = this;
    const decay = Math.exp(-dt_s / config.bias_time_s);
    f[B * N + B] = decay;
    f[(B + 1) * N + B + 1] = decay;
    const { bias_variance_m2, tilt } = shared;
    const settling = Math.exp(-dt_s / config.tilt_time_s);
    f[D * N + D] = settling;
    f[(D + 1) * N + D + 1] = settling;
    if (step === null) {
      f[P * N + V] = dt_s;
      f[(P + 1) * N + V + 1] = dt_s;
      x[P] = (x[P] ?? 0) + (x[V] ?? 0) * dt_s;
      x[P + 1] = (x[P + 1] ?? 0) + (x[V + 1] ?? 0) * dt_s;
    } else {
      const psi = x[PSI] ?? 0;
      const scale = 1 + (x[S] ?? 0);
      const dn = step.north_m * Math.cos(psi) - step.east_m * Math.sin(psi);
      const de = step.north_m * Math.sin(psi) + step.east_m * Math.cos(psi);
      f[P * N + PSI] = -de * scale;
      f[(P + 1) * N + PSI] = dn * scale;
      f[P * N + S] = dn;
      f[(P + 1) * N + S] = de;
      x[P] = (x[P] ?? 0) + dn * scale;
      x[P + 1] = (x[P + 1] ?? 0) + de * scale;
      if (tilt !== null) {
        const { nn, ne, ee } = tilt.lever_m;
        const lost = 1 - settling;
        f[P * N + D] = nn * lost;
        f[P * N + D + 1] = ne * lost;
        f[(P + 1) * N + D] = ne * lost;
        f[(P + 1) * N + D + 1] = ee * lost;
        x[P] = (x[P] ?? 0) + lost * (nn * (x[D] ?? 0) + ne * (x[D + 1] ?? 0));
        x[P + 1] = (x[P + 1] ?? 0) + lost * (ne * (x[D] ?? 0) + ee * (x[D + 1] ?? 0));
      }
    }
    x[D] = (x[D] ?? 0) * settling;
    x[D + 1] = (x[D + 1] ?? 0) * settling;
    x[B] = (x[B] ?? 0) * decay;
    x[B + 1] = (x[B + 1] ?? 0) * decay;
    this.transform(f);
    const add = (row: number, column: number, value: number): void => {
      this.cov[row * N + column] = (this.cov[row * N + column] ?? 0) + value;
    };
    for (const axis of [0, 1]) {
      add(V + axis, V + axis, q * dt_s);
      add(B + axis, B + axis, bias_variance_m2 * (1 - decay * decay));
      if (step === null) {
        // White acceleration (Bar-Shalom, Estimation with Applications to Tracking and Navigation, 6.2.2).
        add(P + axis, P + axis, (q * dt_s ** 3) / 3);
        add(P + axis, V + axis, (q * dt_s ** 2) / 2);
        add(V + axis, P + axis, (q * dt_s ** 2) / 2);
      }
    }
    if (step !== null) {
      add(P, P, step.cov_ne_m2.nn);
      add(P, P + 1, step.cov_ne_m2.ne);
      add(P + 1, P, step.cov_ne_m2.ne);
      add(P + 1, P + 1, step.cov_ne_m2.ee);
    }
    if (tilt !== null) this.wander(tilt, tilt.variance_rad2 * (1 - settling * settling), step !== null);
    // What the compass did while nobody looked is unknown: a jump of it is what breaks a chain of odometry.
    const walk_rad = ((step === null ? config.heading_walk_blind_deg : config.heading_walk_deg) * Math.PI) / 180;
    add(PSI, PSI, walk_rad * walk_rad * dt_s);
    add(S, S, config.scale_walk ** 2 * dt_s);
    this.t_us += Math.round(dt_s * 1e6);
  }

  /** The tilt's error changes by a variance; where odometry saw the time pass, the position changes against it. */
  private wander({ lever_m: { nn, ne, ee } }: TiltError, variance_rad2: number, seen: boolean): void {
    const add = (row: number, column: number, value: number): void => {
      this.cov[row * N + column] = (this.cov[row * N + column] ?? 0) + value;
      if (row !== column) this.cov[column * N + row] = (this.cov[column * N + row] ?? 0) + value;
    };
    add(D, D, variance_rad2);
    add(D + 1, D + 1, variance_rad2);
    if (!seen) return;
    add(P, D, -nn * variance_rad2);
    add(P, D + 1, -ne * variance_rad2);
    add(P + 1, D, -ne * variance_rad2);
    add(P + 1, D + 1, -ee * variance_rad2);
    add(P, P, (nn * nn + ne * ne) * variance_rad2);
    add(P, P + 1, ne * (nn + ee) * variance_rad2);
    add(P + 1, P + 1, (ne * ne + ee * ee) * variance_rad2);
  }

  /** Takes a measurement in (Kalman update, Joseph form, so that the covariance stays one). */
  update(measurement: Measurement): void {
    const { rows, values, noise } = measurement;
    const m = rows.length;
    const { innovation, s } = this.innovation(measurement);
    const inverse = invert(s, m);
    // K = P H' S^-1
    const pht = zeros(N * m);
    for (let i = 0; i < N; i++) {
      rows.forEach((row, k) => {
        let sum = 0;
        for (const [entry, coefficient] of row) sum += (this.cov[i * N + entry] ?? 0) * coefficient;
        pht[i * m + k] = sum;
      });
    }
    const gain = zeros(N * m);
    for (let i = 0; i < N; i++) {
      for (let k = 0; k < m; k++) {
        let sum = 0;
        for (let l = 0; l < m; l++) sum += (pht[i * m + l] ?? 0) * (inverse[l * m + k] ?? 0);
        gain[i * m + k] = sum;
        this.x[i] = (this.x[i] ?? 0) + sum * (innovation[k] ?? 0);
      }
    }
    const a = identity();
    for (let i = 0; i < N; i++) {
      rows.forEach((row, k) => {
        for (const [entry, coefficient] of row) {
          a[i * N + entry] = (a[i * N + entry] ?? 0) - (gain[i * m + k] ?? 0) * coefficient;
        }
      });
    }
    this.transform(a);
    for (let i = 0; i < N; i++) {
      for (let j = 0; j < N; j++) {
        let sum = 0;
        for (let k = 0; k < m; k++) {
          for (let l = 0; l < m; l++) sum += (gain[i * m + k] ?? 0) * (noise[k * m + l] ?? 0) * (gain[j * m + l] ?? 0);
        }
        this.cov[i * N + j] = (this.cov[i * N + j] ?? 0) + sum;
      }
    }
    if (values.length !== m) throw new Error(`${values.length} values for ${m} rows`);
  }

  /** How far a measurement is from what the state expects: difference, its covariance, and the squared Mahalanobis distance. */
  innovation(measurement: Measurement): { innovation: number[]; s: number[]; chi2: number } {
    const { rows, values, noise } = measurement;
    const m = rows.length;
    const innovation = rows.map((row, k) => {
      let expected = 0;
      for (const [entry, coefficient] of row) expected += (this.x[entry] ?? 0) * coefficient;
      return (values[k] ?? 0) - expected;
    });
    const s = zeros(m * m);
    rows.forEach((a, k) => {
      rows.forEach((b, l) => {
        let sum = noise[k * m + l] ?? 0;
        for (const [i, ci] of a) for (const [j, cj] of b) sum += ci * cj * (this.cov[i * N + j] ?? 0);
        s[k * m + l] = sum;
      });
    });
    const inverse = invert(s, m);
    let chi2 = 0;
    for (let k = 0; k < m; k++) {
      for (let l = 0; l < m; l++) chi2 += (innovation[k] ?? 0) * (inverse[k * m + l] ?? 0) * (innovation[l] ?? 0);
    }
    return { innovation, s, chi2 };
  }

  /** cov = f cov f'. */
  private transform(f: number[]): void {
    const half = zeros(N * N);
    for (let i = 0; i < N; i++) {
      for (let k = 0; k < N; k++) {
        const fik = f[i * N + k] ?? 0;
        if (fik === 0) continue;
        for (let j = 0; j < N; j++) half[i * N + j] = (half[i * N + j] ?? 0) + fik * (this.cov[k * N + j] ?? 0);
      }
    }
    for (let i = 0; i < N; i++) {
      for (let j = i; j < N; j++) {
        let sum = 0;
        for (let k = 0; k < N; k++) sum += (half[i * N + k] ?? 0) * (f[j * N + k] ?? 0);
        this.cov[i * N + j] = sum;
        this.cov[j * N + i] = sum;
      }
    }
  }
}

/** A state that knows its position and nothing of its motion. */
export function initialState(
  t_us: number,
  position: { north_m: number; east_m: number },
  position_variance_m2: number,
  { bias_variance_m2, tilt }: SharedError,
  max_speed_mps: number,
  heading: { readonly offset_rad: number; readonly sigma_rad: number },
  scale_sigma: number,
): FilterState {
  const state = new FilterState(t_us);
  state.x[P] = position.north_m;
  state.x[P + 1] = position.east_m;
  state.x[PSI] = heading.offset_rad;
  for (const axis of [0, 1]) {
    state.setVariance(P + axis, position_variance_m2);
    state.setVariance(V + axis, (max_speed_mps / 2) ** 2);
    state.setVariance(B + axis, bias_variance_m2);
    state.setVariance(D + axis, tilt?.variance_rad2 ?? 0);
  }
  state.setVariance(PSI, heading.sigma_rad ** 2);
  state.setVariance(S, scale_sigma ** 2);
  return state;
}

function identity(): number[] {
  const out = zeros(N * N);
  for (let i = 0; i < N; i++) out[i * N + i] = 1;
  return out;
}

/** Inverse of a 1 x 1 or 2 x 2 symmetric matrix. */
function invert(s: number[], m: number): number[] {
  if (m === 1) return [1 / (s[0] ?? 0)];
  const [a = 0, b = 0, c = 0, d = 0] = s;
  const determinant = a * d - b * c;
  return [d / determinant, -b / determinant, -c / determinant, a / determinant];
}

/** Plain arrays: typed ones of this size live outside of the heap, and making them costs more than the arithmetic. */
function zeros(length: number): number[] {
  return new Array<number>(length).fill(0);
}
