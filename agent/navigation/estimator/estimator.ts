import type { Covariance2 } from "../../fix.js";
import type { NavigationConfig } from "../config.js";
import { MotionHistory, type MotionStep, turned, type Vector } from "../motion.js";
import {
  headingMeasurement,
  type Measurement,
  positionMeasurement,
  scaleMeasurement,
  type TiltError,
  velocityMeasurement,
} from "./measurements.js";
import { type FilterState, initialState, type SharedError } from "./state.js";

/** One registered position as the filter takes it, in the local plane. */
export interface PositionFix extends Vector {
  /** Capture time. */
  readonly t_us: number;
  /** Noise of this fix alone (registration). */
  readonly white_cov_m2: Covariance2;
  /** Per-axis variance of the error that it shares with fixes close in time: attitude, height, map. */
  readonly shared_variance_m2: number;
  /** How wrong the autopilot's tilt may be at this moment, beyond what is in the shared error; absent: not at all. */
  readonly tilt?: TiltError | null;
  /** Heading offset as registration measured it, and its 1-sigma, degrees; null where it did not. */
  readonly heading: { readonly offset_deg: number; readonly sigma_deg: number } | null;
  /** True over reported height as registration measured it; null where only one height was tried. */
  readonly scale: { readonly ratio: number; readonly sigma: number } | null;
}

/** What entered at one time, and the state after it. */
interface Entry {
  readonly t_us: number;
  /** Measurements that enter here, made from the state just before them. */
  readonly measure: (state: FilterState) => Measurement[];
  readonly shared: SharedError;
  after: FilterState;
}

/** Steps are kept longer than states: how long odometry carried the position alone must be known. */
const MOTION_KEPT_US = 60e6;
const DEG = Math.PI / 180;

/**
 * The horizontal error-state filter with a history: whatever enters, enters at its own time, and everything after it is
 * run again. A fix that comes 300 ms late is therefore worth as much as one that comes at once.
 */
export class Estimator {
  private readonly motion = new MotionHistory();
  private entries: Entry[] = [];

  constructor(private readonly config: NavigationConfig["estimator"]) {}

  /** Has it been started? */
  get running(): boolean {
    return this.entries.length > 0;
  }

  /** Time of the oldest state it can still go back to; null before the start. */
  get oldest_us(): number | null {
    return this.entries[0]?.t_us ?? null;
  }

  /**
   * Begins with a first fix.
   *
   * @param heading what is believed of the heading error before: its offset and 1-sigma, degrees
   */
  start(
    fix: PositionFix,
    max_speed_mps: number,
    heading: { readonly offset_deg: number; readonly sigma_deg: number },
  ): void {
    const state = initialState(
      fix.t_us,
      fix,
      Math.max(fix.white_cov_m2.nn, fix.white_cov_m2.ee) + fix.shared_variance_m2 + 1e4,
      sharedOf(fix),
      max_speed_mps,
      { offset_rad: heading.offset_deg * DEG, sigma_rad: heading.sigma_deg * DEG },
      this.config.scale_sigma,
    );
    const entry = this.fixEntry(fix, state);
    for (const measurement of entry.measure(state)) state.update(measurement);
    this.entries = [entry];
    this.motion.confirm(fix.t_us);
    for (const step of this.motion.since(fix.t_us)) this.insertVelocityOf(step);
  }

  stop(): void {
    this.entries = [];
  }

  /** Takes a step of odometry; steps are kept before the start too, so that the first fixes can be joined by them. */
  addMotion(step: MotionStep): void {
    const { nn, ne, ee } = step.cov_ne_m2;
    const factor = this.config.motion_variance_factor;
    const taken = { ...step, cov_ne_m2: { nn: nn * factor, ne: ne * factor, ee: ee * factor } };
    if (!this.motion.add(taken)) return;
    this.motion.forgetBefore(step.to_t_us - MOTION_KEPT_US);
    if (this.running && this.motion.unbroken) this.insertVelocityOf(taken);
  }

  private insertVelocityOf(step: MotionStep): void {
    const dt_s = (step.to_t_us - step.from_t_us) / 1e6;
    const { nn, ne, ee } = step.cov_ne_m2;
    // The mean velocity of the step stands for that at its end: the vehicle may have accelerated meanwhile.
    const change = (this.config.acceleration_psd * dt_s) / 3;
    const cov = { nn: nn / dt_s ** 2 + change, ne: ne / dt_s ** 2, ee: ee / dt_s ** 2 + change };
    this.insert(step.to_t_us, step.from_t_us, (state) => {
      const moved = turned(step, state.heading_offset_rad);
      const velocity = {
        north: (moved.north_m * state.scale) / dt_s,
        east: (moved.east_m * state.scale) / dt_s,
      };
      return [velocityMeasurement(velocity, cov)];
    });
  }

  /** Takes the autopilot's velocity over ground. */
  addVelocity(t_us: number, velocity: { readonly north: number; readonly east: number }, sigma_mps: number): void {
    if (!this.running) return;
    const variance = Math.max(sigma_mps, this.config.velocity_sigma_mps) ** 2;
    this.insert(t_us, t_us, () => [velocityMeasurement(velocity, { nn: variance, ne: 0, ee: variance })]);
  }

  /** How far a fix is from what is expected at its time: squared Mahalanobis distance, two degrees of freedom. */
  innovation_chi2(fix: PositionFix): number | null {
    const state = this.stateAt(fix.t_us);
    if (state === null) return null;
    return state.innovation(positionMeasurement(fix, fix.white_cov_m2, fix.tilt ?? null)).chi2;
  }

  /** Takes a fix in, at its capture time; false when that is further back than the history. */
  addFix(fix: PositionFix): boolean {
    const oldest = this.oldest_us;
    if (oldest === null || fix.t_us < oldest) return false;
    this.motion.confirm(fix.t_us);
    this.insert(fix.t_us, fix.t_us, this.measureFix(fix), sharedOf(fix));
    return true;
  }

  /** The state at a time, propagated by odometry and velocity; null before the start or further back than the history. */
  stateAt(t_us: number): FilterState | null {
    let base: Entry | undefined;
    for (const entry of this.entries) {
      if (entry.t_us > t_us) break;
      base = entry;
    }
    if (base === undefined) return null;
    return this.propagated(base, t_us);
  }

  /** Displacement by odometry alone between two times, turned by a heading offset; null where steps are missing. */
  displacement(from_us: number, to_us: number, heading_offset_rad: number): (Vector & { variance_m2: number }) | null {
    let north_m = 0;
    let east_m = 0;
    let variance_m2 = 0;
    for (const { step } of this.motion.pieces(from_us, to_us, false)) {
      if (step === null) return null;
      north_m += step.north_m;
      east_m += step.east_m;
      variance_m2 += Math.max(step.cov_ne_m2.nn, step.cov_ne_m2.ee);
    }
    return { ...turned({ north_m, east_m }, heading_offset_rad), variance_m2 };
  }

  /** Has odometry's chain been whole since the last fix? */
  get unbroken(): boolean {
    return this.motion.unbroken;
  }

  /** How much of the time between two times odometry did not see, or may not be relied on, seconds. */
  blind_s(from_us: number, to_us: number): number {
    return this.motion
      .pieces(from_us, to_us, true)
      .reduce((sum, { dt_s, step }) => sum + (step === null ? dt_s : 0), 0);
  }

  private measureFix(fix: PositionFix): (state: FilterState) => Measurement[] {
    const out = [positionMeasurement(fix, fix.white_cov_m2, fix.tilt ?? null)];
    if (fix.heading !== null) {
      out.push(headingMeasurement(fix.heading.offset_deg * DEG, fix.heading.sigma_deg * DEG));
    }
    if (fix.scale !== null) out.push(scaleMeasurement(fix.scale.ratio, fix.scale.sigma));
    return () => out;
  }

  private fixEntry(fix: PositionFix, after: FilterState): Entry {
    return {
      t_us: fix.t_us,
      measure: this.measureFix(fix),
      shared: sharedOf(fix),
      after,
    };
  }

  private propagated(base: Entry, t_us: number): FilterState {
    const state = base.after.clone();
    for (const piece of this.motion.pieces(base.t_us, t_us, true)) state.propagate(piece, this.config, base.shared);
    state.t_us = t_us;
    return state;
  }

  /** Puts an entry at its time and runs again whatever comes after `changed_us`, from where the past is different. */
  private insert(
    t_us: number,
    changed_us: number,
    measure: (state: FilterState) => Measurement[],
    shared?: SharedError,
  ): void {
    const first = this.entries[0];
    if (first === undefined || t_us < first.t_us) return;
    const at = this.entries.findLastIndex((entry) => entry.t_us <= t_us) + 1;
    const before = this.entries[at - 1] ?? first;
    this.entries.splice(at, 0, {
      t_us,
      measure,
      shared: shared ?? before.shared,
      after: before.after,
    });
    const changed = this.entries.findIndex((entry) => entry.t_us > changed_us);
    const from = changed < 0 ? at : Math.min(at, Math.max(1, changed));
    for (let i = from; i < this.entries.length; i++) this.rerun(i);
    this.forget();
  }

  private rerun(i: number): void {
    const entry = this.entries[i];
    const before = this.entries[i - 1];
    if (entry === undefined || before === undefined) return;
    const state = this.propagated(before, entry.t_us);
    for (const measurement of entry.measure(state)) state.update(measurement);
    entry.after = state;
  }

  /** Keeps one state older than the history, to go back to. */
  private forget(): void {
    const newest = this.entries.at(-1)?.t_us ?? 0;
    const keep = this.entries.findLastIndex((entry) => entry.t_us <= newest - this.config.history_s * 1e6);
    if (keep > 0) this.entries = this.entries.slice(keep);
  }
}

function sharedOf({ shared_variance_m2, tilt }: PositionFix): SharedError {
  return { bias_variance_m2: shared_variance_m2, tilt: tilt ?? null };
}
