import type { Covariance2 } from "../../../fix.js";
import { ARDUPILOT_FRAME } from "../../local-frame.js";
import type { PublishMoment } from "../flight-publisher.js";
import { publishableProblem } from "../publisher.js";
import type { Checks } from "./checks.js";

/** The navigation solution at one time, checked: what may go into a message. */
export interface PositionSample {
  /** The time for which the position holds, microseconds on the agent's clock. */
  readonly t_us: number;
  readonly lat_deg: number;
  readonly lon_deg: number;
  readonly eph_m: number;
  readonly cov_ne_m2: Covariance2;
  readonly protection_level_m: number;
  /** Velocity over ground, metres per second, and its 1-sigma over both axes. */
  readonly velocity_ne_mps: { readonly north: number; readonly east: number };
  readonly velocity_sigma_mps: number;
  readonly reset_counter: number;
  readonly fix_count: number;
  readonly fix_t_us: number;
}

export type Sampled = { readonly sample: PositionSample } | { readonly missing: string };

/** A solution further from the asked time than this does not answer the question: navigation stands still. */
const MAX_MOVED_US = 500_000;

/**
 * The position at `t_us`, or why there is none. Never a position that must not be published.
 *
 * The solution is defined from the newest fix's capture on. Where a constant latency asks for a little before that, the
 * solution at the capture is moved back with its velocity, so that quick fixes do not starve a feed.
 */
export function sampleAt(moment: PublishMoment, t_us: number): Sampled {
  const newest = moment.solutionAt(moment.now_us);
  if (newest.position === null) return { missing: newest.reason ?? "no position" };
  const asked_us = Math.max(Math.round(t_us), newest.position.fix_t_us);
  const solution = asked_us === moment.now_us ? newest : moment.solutionAt(asked_us);
  const { position } = solution;
  if (position === null) return { missing: solution.reason ?? "no position" };

  const moved_us = Math.round(t_us) - solution.t_us;
  if (!(Math.abs(moved_us) <= MAX_MOVED_US)) {
    return { missing: `navigation answers for ${(moved_us / 1e6).toFixed(1)} s before the asked time` };
  }
  const { north, east } = position.velocity_ne_mps;
  // Over the some ten metres of half a second one flat map is as good as another (0.1 %).
  const place =
    moved_us === 0
      ? { lat_deg: position.lat_deg, lon_deg: position.lon_deg }
      : ARDUPILOT_FRAME.toGlobal(position, { north_m: (north * moved_us) / 1e6, east_m: (east * moved_us) / 1e6 });
  const sample: PositionSample = {
    t_us: Math.round(t_us),
    ...place,
    eph_m: position.eph_m,
    cov_ne_m2: position.cov_ne_m2,
    protection_level_m: position.protection_level_m,
    velocity_ne_mps: position.velocity_ne_mps,
    velocity_sigma_mps: position.velocity_sigma_mps,
    reset_counter: position.reset_counter,
    fix_count: position.fix_count,
    fix_t_us: position.fix_t_us,
  };
  const problem = publishableProblem({ ...sample, alt_m: null });
  return problem === null ? { sample } : { missing: problem };
}

/** Adds the condition "position" and gives the sample at `t_us`, or null. */
export function wantPosition(moment: PublishMoment, t_us: number, checks: Checks): PositionSample | null {
  const sampled = sampleAt(moment, t_us);
  if ("missing" in sampled) {
    checks.want("position", false, sampled.missing);
    return null;
  }
  const { sample } = sampled;
  checks.want("position", true, `1-sigma ${sample.eph_m.toFixed(1)} m`);
  return sample;
}
