import type { PositionFix } from "../estimator/estimator.js";
import { tiltVariance_m2 } from "../measurement.js";
import type { Vector } from "../motion.js";

/** Displacement of the vehicle between two times with its per-axis variance, the reported heading being off by so much. */
export type Displacement = (
  from_us: number,
  to_us: number,
  heading_offset_rad: number,
) => Vector & { readonly variance_m2: number };

/**
 * The longest run of fixes that agree: each, moved on by odometry, lies where the next one is. Fixes that do not fit
 * begin a run of their own; several runs grow side by side, so that one wrong match does not cost the right ones.
 */
export class FixChains {
  private chains: PositionFix[][] = [];

  /**
   * @param gate_chi2 squared Mahalanobis distance, two degrees of freedom, below which two fixes agree
   * @param longest_s a fix that finds no successor for so long is forgotten
   */
  constructor(
    private readonly gate_chi2: number,
    private readonly longest_s: number,
  ) {}

  /** Adds a fix and gives the run that it ends. */
  add(fix: PositionFix, displacement: Displacement): readonly PositionFix[] {
    const oldest_us = fix.t_us - this.longest_s * 1e6;
    this.chains = this.chains.filter((chain) => (chain.at(-1)?.t_us ?? 0) >= oldest_us);
    let best: PositionFix[] | null = null;
    for (const chain of this.chains) {
      const last = chain.at(-1);
      if (last === undefined || last.t_us >= fix.t_us || !this.agree(last, fix, displacement)) continue;
      if (best === null || chain.length > best.length) best = chain;
    }
    if (best === null) {
      const alone = [fix];
      this.chains.push(alone);
      return alone;
    }
    best.push(fix);
    return best;
  }

  /** Forgets all runs. */
  clear(): void {
    this.chains = [];
  }

  /** Length of the longest run. */
  get longest(): number {
    return this.chains.reduce((most, chain) => Math.max(most, chain.length), 0);
  }

  private agree(earlier: PositionFix, later: PositionFix, displacement: Displacement): boolean {
    const offset_rad = ((earlier.heading?.offset_deg ?? 0) * Math.PI) / 180;
    const moved = displacement(earlier.t_us, later.t_us, offset_rad);
    const north_m = later.north_m - earlier.north_m - moved.north_m;
    const east_m = later.east_m - earlier.east_m - moved.east_m;
    const a = earlier.white_cov_m2;
    const b = later.white_cov_m2;
    // Shared errors cancel between neighbours in the best case only: both are counted.
    const shared = sharedVariance_m2(earlier) + sharedVariance_m2(later) + moved.variance_m2;
    const nn = a.nn + b.nn + shared;
    const ee = a.ee + b.ee + shared;
    const ne = a.ne + b.ne;
    const chi2 = (ee * north_m ** 2 - 2 * ne * north_m * east_m + nn * east_m ** 2) / (nn * ee - ne * ne);
    return chi2 <= this.gate_chi2;
  }
}

function sharedVariance_m2({ shared_variance_m2, tilt }: PositionFix): number {
  return shared_variance_m2 + (tilt ? tiltVariance_m2(tilt) : 0);
}
