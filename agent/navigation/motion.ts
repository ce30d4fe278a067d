import type { Covariance2 } from "../fix.js";

/** A horizontal vector, metres north and east. */
export interface Vector {
  readonly north_m: number;
  readonly east_m: number;
}

/**
 * How the vehicle moved between two times, as odometry saw it: with the heading that the autopilot reported and the
 * height that was reported. The errors of both are common to many steps; they are not in the covariance, the estimator
 * carries them as states.
 */
export interface MotionStep {
  readonly from_t_us: number;
  readonly to_t_us: number;
  readonly north_m: number;
  readonly east_m: number;
  readonly cov_ne_m2: Covariance2;
}

/** A vector turned by an angle, clockwise seen from above (from north to east), radians. */
export function turned(v: Vector, angle_rad: number): Vector {
  const cos = Math.cos(angle_rad);
  const sin = Math.sin(angle_rad);
  return { north_m: v.north_m * cos - v.east_m * sin, east_m: v.north_m * sin + v.east_m * cos };
}

/** A step, and whether it may be relied on. */
interface KeptStep extends MotionStep {
  trusted: boolean;
}

/**
 * The steps of the last seconds, in order, never overlapping.
 *
 * Where a step does not begin at the end of the last one the chain is broken: odometry saw something jump, perhaps the
 * very heading that it measures by. Steps of a new chain are not trusted until a fix confirms them.
 */
export class MotionHistory {
  private steps: KeptStep[] = [];
  private whole = true;

  /** Adds a step; false when it does not lie after those that are known. */
  add(step: MotionStep): boolean {
    const last = this.steps.at(-1);
    if (!(step.to_t_us > step.from_t_us) || (last !== undefined && step.from_t_us < last.to_t_us)) return false;
    if (last !== undefined && step.from_t_us > last.to_t_us) this.whole = false;
    this.steps.push({ ...step, trusted: this.whole });
    return true;
  }

  /** Has the chain been whole since the last fix? */
  get unbroken(): boolean {
    return this.whole;
  }

  /** A fix was accepted at a time: the chain in which it lies may be relied on from there. */
  confirm(t_us: number): void {
    const last = this.steps.at(-1);
    if (this.whole || last === undefined) return;
    let start = this.steps.length - 1;
    while (start > 0 && this.steps[start]?.from_t_us === this.steps[start - 1]?.to_t_us) start--;
    if ((this.steps[start]?.from_t_us ?? t_us) > t_us) return;
    for (const step of this.steps) if (step.to_t_us > t_us) step.trusted = true;
    this.whole = true;
  }

  /** Drops steps that end before a time. */
  forgetBefore(t_us: number): void {
    const first = this.steps.findIndex((step) => step.to_t_us >= t_us);
    this.steps = first < 0 ? [] : this.steps.slice(first);
  }

  /** Steps that end after a time. */
  since(t_us: number): readonly MotionStep[] {
    return this.steps.filter((step) => step.to_t_us > t_us);
  }

  /**
   * Cuts an interval into pieces: those that a step covers (its part of the step), and the gaps between them.
   *
   * @param trusted leave out what may not be relied on
   * @returns pieces in order, covering the interval without overlap
   */
  pieces(from_us: number, to_us: number, trusted: boolean): MotionPiece[] {
    const out: MotionPiece[] = [];
    let at = from_us;
    for (const step of this.steps) {
      if (step.to_t_us <= at || (trusted && !step.trusted)) continue;
      if (step.from_t_us >= to_us) break;
      if (step.from_t_us > at) out.push({ dt_s: (step.from_t_us - at) / 1e6, step: null });
      const begin = Math.max(at, step.from_t_us);
      const end = Math.min(to_us, step.to_t_us);
      const part = (end - begin) / (step.to_t_us - step.from_t_us);
      const { nn, ne, ee } = step.cov_ne_m2;
      out.push({
        dt_s: (end - begin) / 1e6,
        step: {
          north_m: step.north_m * part,
          east_m: step.east_m * part,
          cov_ne_m2: { nn: nn * part, ne: ne * part, ee: ee * part },
        },
      });
      at = end;
    }
    if (at < to_us) out.push({ dt_s: (to_us - at) / 1e6, step: null });
    return out;
  }
}

/** A part of an interval: moved by a known step, or nobody saw how. */
export interface MotionPiece {
  readonly dt_s: number;
  readonly step: (Vector & { readonly cov_ne_m2: Covariance2 }) | null;
}
