import { type GeoPoint, lonLatToOffset, offsetToLonLat } from "../../tiles/geodesy/wgs84.js";
import { type Covariance2, ephOf } from "../fix.js";
import type { FrameResult } from "../vision/result.js";
import type { Neighbourhood } from "../vision/retrieve/retriever.js";
import type { Hypothesis } from "./belief/belief.js";
import { Whereabouts } from "./belief/whereabouts.js";
import { DEFAULT_NAVIGATION_CONFIG, type NavigationConfig } from "./config.js";
import { Estimator, type PositionFix } from "./estimator/estimator.js";
import { Anchor } from "./integrity/anchor.js";
import { FixChains } from "./integrity/chain.js";
import { gatesOf } from "./integrity/gates.js";
import { PictureWatch } from "./integrity/picture-watch.js";
import { protectionLevel_m } from "./integrity/protection-level.js";
import { measureFix, type PackLevels } from "./measurement.js";
import type { Vector } from "./motion.js";
import { Movement } from "./movement.js";
import type { OdometryStep } from "./odometry/step.js";
import { positionOf } from "./position.js";
import type { NavigationSolution } from "./solution.js";

/** What became of one frame. */
export type FixVerdict =
  | { readonly accepted: true; readonly reason: null }
  | { readonly accepted: false; readonly reason: string };

/** The neighbourhood in which the next frame is searched, sigmas, and never smaller than this. */
const SEARCH_SIGMAS = 4;
const SEARCH_LEAST_M = 15;
/** A fix may lie beyond what can have been reached by this many sigma of its own. */
const REACH_SIGMAS = 3;

/**
 * From single matches to a position that may be flown on: odometry, belief, estimator and integrity monitor in one.
 *
 * It reads no clock and keeps no thread: the same inputs in the same order give the same outputs to the last bit. Times
 * of every input rise, except those of vision results, which come late and enter at their capture time.
 */
export class Navigator {
  private readonly estimator: Estimator;
  private readonly movement: Movement;
  private readonly whereabouts: Whereabouts;
  private readonly chains: FixChains;
  private readonly pictures = new PictureWatch();
  private anchor: Anchor | null = null;
  private active = false;
  private reset_counter = 0;
  private fix_count = 0;
  private fix_t_us: number | null = null;
  private refused = 0;
  private lost: string | null = null;
  private mass = 0;
  private input_us: number | null = null;

  /**
   * @param reference middle of the local plane: the pack's centre
   * @param levels the pack's levels: cell sides and spacings
   */
  constructor(
    private readonly reference: GeoPoint,
    levels: PackLevels,
    private readonly config: NavigationConfig = DEFAULT_NAVIGATION_CONFIG,
  ) {
    this.estimator = new Estimator(config.estimator);
    this.movement = new Movement(this.estimator, config);
    this.whereabouts = new Whereabouts(reference, levels, this.movement, config.belief);
    this.chains = new FixChains(config.integrity.gate_chi2, config.integrity.coast_blind_s);
  }

  /**
   * The vehicle is known to be within a distance of a place: a GPS position from before the jamming, or what the operator
   * says. Fixes outside of what can be reached from there are not believed.
   */
  knownNear(place: GeoPoint, radius_m: number, t_us: number): void {
    this.anchor = this.makeAnchor(lonLatToOffset(this.reference, place), radius_m, t_us, 0);
  }

  /** One frame's odometry, good or refused. */
  onOdometry(step: OdometryStep): void {
    this.input_us = step.to_t_us;
    if (step.refused !== null) {
      if (step.refused === "frozen") this.pictures.repeated(step.to_t_us);
      if (step.refused === "low-overlap" || step.refused === "gap") this.whereabouts.leftView();
      return;
    }
    this.estimator.addMotion(step);
    this.whereabouts.flew(Math.hypot(step.north_m, step.east_m));
    const reliable = this.estimator.unbroken && !this.pictures.frozen(step.to_t_us);
    this.anchor?.wait(reliable ? step.from_t_us : step.to_t_us);
    if (reliable) this.anchor?.move(step, step.to_t_us);
  }

  /**
   * The autopilot's own velocity over ground, metres per second.
   *
   * @param sigma_mps null: it may come from what was published from here. Then it is no measurement, and only tells
   *   pictures that change from those that do not.
   */
  onVelocity(
    t_us: number,
    velocity: { readonly north: number; readonly east: number },
    sigma_mps: number | null,
  ): void {
    this.input_us = Math.max(this.input_us ?? t_us, t_us);
    this.movement.heard(t_us, velocity);
    this.pictures.heard(t_us, velocity);
    if (sigma_mps !== null) this.estimator.addVelocity(t_us, velocity, sigma_mps);
  }

  /** What vision found in a frame; may come late. Capture times rise. */
  onVision(result: FrameResult): FixVerdict {
    const { t_us } = result;
    this.input_us = Math.max(this.input_us ?? t_us, t_us);
    const fix = this.measured(result, result);
    if (this.standsStill(result, fix)) this.distrustPictures(t_us);
    if (this.pictures.frozen(t_us)) return refusedFix("frozen");
    this.whereabouts.observe(result, this.anchor);
    if (this.active && this.outdated(t_us)) this.lose("fix-age", t_us);
    if (fix === null || result.estimate === null) return refusedFix(result.reason ?? "no-candidates");
    const verdict = this.active ? this.track(result, fix) : this.acquire(result, fix);
    this.weighBelief(t_us);
    return verdict;
  }

  /** Where the next frame should be looked for besides the whole pack; undefined when that is unknown. */
  neighbourhood(t_us: number): Neighbourhood | undefined {
    const state = this.active ? this.estimator.stateAt(t_us) : null;
    if (state !== null) {
      const sigma_m = ephOf(state.positionCov);
      return this.around(state.position, Math.max(SEARCH_LEAST_M, SEARCH_SIGMAS * sigma_m));
    }
    if (this.anchor !== null) return this.around(this.anchor.centre, this.anchor.reach_m(t_us));
    const likely = this.whereabouts.likeliest(t_us, this.config.integrity.keep_mass);
    return likely === null ? undefined : this.around(likely.place, likely.radius_m);
  }

  /** The heaviest places of the belief, as of the newest frame that vision finished: for the status page. */
  hypotheses(count: number): (Hypothesis & GeoPoint)[] {
    return this.whereabouts
      .best(count)
      .map((one) => ({ ...one, ...offsetToLonLat(this.reference, one.north_m, one.east_m) }));
  }

  /** What is known at a time: the newest inputs, propagated to it. */
  solutionAt(t_us: number): NavigationSolution {
    const state = this.active ? this.estimator.stateAt(t_us) : null;
    const cov = state === null ? null : this.withMap(state.positionCov);
    const { integrity } = this.config;
    const protection_level_m = cov === null ? null : protectionLevel_m(cov, integrity.risk / 2);
    const gates = gatesOf(
      {
        t_us,
        active: this.active,
        lost: this.lost,
        agreeing: this.active ? integrity.required : this.chains.longest,
        belief: this.mass,
        fix_t_us: this.fix_t_us,
        blind_s: this.fix_t_us === null ? 0 : this.estimator.blind_s(this.fix_t_us, t_us),
        frozen: this.pictures.frozen(t_us),
        refused: this.refused,
        protection_level_m,
      },
      integrity,
    );
    const failing = gates.find((gate) => !gate.holds);
    const position =
      failing === undefined && state !== null && cov !== null && protection_level_m !== null
        ? positionOf(this.reference, state, cov, {
            protection_level_m,
            belief: this.mass,
            reset_counter: this.reset_counter,
            fix_t_us: this.fix_t_us ?? 0,
            fix_count: this.fix_count,
          })
        : null;
    return {
      t_us,
      state: this.input_us === null ? "stopped" : position === null ? "starting" : "active",
      position,
      reason: position === null ? this.reasonOf(failing?.name ?? "history") : null,
      gates,
    };
  }

  /** The gate that fails first, or "lost": a position was given up, or no place of the map explains the frames. */
  private reasonOf(gate: string): string {
    if (gate !== "agreement") return gate;
    const hopeless = this.whereabouts.hopeless(this.config.integrity.least_explained);
    return this.lost !== null || hopeless ? "lost" : gate;
  }

  /** The filter's covariance and the map's own error, which is the same in all fixes. */
  private withMap({ nn, ne, ee }: Covariance2): Covariance2 {
    const variance_m2 = this.config.estimator.map_sigma_m ** 2;
    return { nn: nn + variance_m2, ne, ee: ee + variance_m2 };
  }

  /**
   * In flight: the best match of the whole map, if it lies where the estimator expects it; else the best near there. A
   * frame that shows another place beyond doubt goes on counting against the position, whatever it shows near it.
   */
  private track(result: FrameResult, fix: PositionFix): FixVerdict {
    const verdict = this.trackBest(result, fix);
    if (verdict.accepted || !this.active || result.near === null) return verdict;
    const { near } = result;
    if (near.estimate.quality < this.config.integrity.near_quality || atEnd(near.spread)) return verdict;
    const nearFix = this.measured(near, result);
    const chi2 = nearFix === null ? null : this.estimator.innovation_chi2(nearFix);
    if (nearFix === null || chi2 === null || chi2 > this.config.integrity.gate_chi2) return verdict;
    this.estimator.addFix(nearFix);
    const { refused } = this;
    this.took(nearFix);
    if (verdict.reason === "disagrees") this.refused = refused;
    return { accepted: true, reason: null };
  }

  private trackBest(result: FrameResult, fix: PositionFix): FixVerdict {
    const { integrity } = this.config;
    const believable = result.fix !== null || (result.estimate?.quality ?? 0) >= integrity.tracking_quality;
    if (!believable) return refusedFix(result.reason ?? "not-this-place");
    const chi2 = this.estimator.innovation_chi2(fix);
    if (chi2 === null) return refusedFix("too-late");
    if (chi2 > integrity.gate_chi2) {
      if (result.fix === null) return refusedFix(result.reason ?? "disagrees");
      this.refused++;
      this.chains.add(fix, this.movement.between);
      if (this.refused >= integrity.refused_lost) this.lose("innovation", fix.t_us);
      return refusedFix("disagrees");
    }
    if (atEnd(result.spread)) return refusedFix("search-end");
    this.estimator.addFix(fix);
    this.took(fix);
    return { accepted: true, reason: null };
  }

  /** Before the first position and after a loss: fixes must agree with each other, with the belief, and be in reach. */
  private acquire(result: FrameResult, fix: PositionFix): FixVerdict {
    const { integrity } = this.config;
    if (result.fix === null) return refusedFix(result.reason ?? "not-this-place");
    if (atEnd(result.spread)) return refusedFix("search-end");
    const slack_m = REACH_SIGMAS * ephOf(result.fix.cov_ne_m2);
    if (this.anchor !== null && !this.anchor.reaches(fix, fix.t_us, slack_m)) return refusedFix("out-of-reach");
    const chain = this.chains.add(fix, this.movement.between);
    if (chain.length < integrity.required) return refusedFix("awaiting-agreement");
    this.mass = this.whereabouts.massAround(fix, ephOf(result.fix.cov_ne_m2));
    if (this.mass < integrity.start_mass) return refusedFix("ambiguous");
    this.begin(chain);
    return { accepted: true, reason: null };
  }

  private begin(chain: readonly PositionFix[]): void {
    const [first, ...rest] = chain;
    const last = chain.at(-1);
    if (first === undefined || last === undefined) return;
    const heading = { offset_deg: first.heading?.offset_deg ?? 0, sigma_deg: this.config.estimator.heading_sigma_deg };
    this.estimator.start(first, this.config.integrity.max_speed_mps, heading);
    for (const fix of rest) this.estimator.addFix(fix);
    this.chains.clear();
    this.active = true;
    this.lost = null;
    this.anchor = null;
    this.reset_counter = (this.reset_counter + 1) & 0xff;
    this.took(last);
  }

  /** Has the last fix been too long ago to go on from? */
  private outdated(t_us: number): boolean {
    const { coast_s, coast_blind_s } = this.config.integrity;
    const from_us = this.fix_t_us ?? t_us;
    return (t_us - from_us) / 1e6 > coast_s || this.estimator.blind_s(from_us, t_us) > coast_blind_s;
  }

  /** Do the frames show one ground again and again? The match that is followed tells, where it is believable. */
  private standsStill(result: FrameResult, fix: PositionFix | null): boolean {
    const { near, estimate, patch_offset } = result;
    const { near_quality, tracking_quality } = this.config.integrity;
    const followed = near !== null && near.estimate.quality >= near_quality ? this.measured(near, result) : null;
    const believed = followed ?? ((estimate?.quality ?? 0) >= tracking_quality ? fix : null);
    return patch_offset !== null && believed !== null && this.pictures.standsStill(believed, patch_offset);
  }

  private measured(match: Parameters<typeof measureFix>[0], frame: FrameResult): PositionFix | null {
    return measureFix(match, this.reference, this.config.estimator.map_sigma_m, frame);
  }

  private took(fix: PositionFix): void {
    this.refused = 0;
    this.fix_count++;
    this.fix_t_us = fix.t_us;
  }

  /** Gives the position up; the way back leads through agreement, within what can be reached from here. */
  private lose(reason: string, t_us: number): void {
    const state = this.estimator.stateAt(t_us);
    if (state !== null) {
      const radius_m = protectionLevel_m(state.positionCov, this.config.integrity.risk);
      this.anchor = this.makeAnchor(state.position, radius_m, t_us, state.heading_offset_rad);
    }
    this.estimator.stop();
    this.active = false;
    this.lost = reason;
    this.refused = 0;
  }

  /** What the last pictures said was not true: nothing that was learnt from them is kept but the way back to before. */
  private distrustPictures(t_us: number): void {
    this.chains.clear();
    this.whereabouts.forget();
    if (this.active) this.lose("picture", t_us);
  }

  /** Does the belief still lie where the estimator is? */
  private weighBelief(t_us: number): void {
    if (!this.active) return;
    const state = this.estimator.stateAt(t_us);
    if (state === null) return;
    this.mass = this.whereabouts.massAround(state.position, ephOf(state.positionCov));
    if (this.mass < this.config.integrity.keep_mass) this.lose("belief", t_us);
  }

  private makeAnchor(place: Vector, radius_m: number, t_us: number, heading_offset_rad: number): Anchor {
    const { reach_growth, max_speed_mps } = this.config.integrity;
    return new Anchor(place, radius_m, t_us, heading_offset_rad, reach_growth, max_speed_mps);
  }

  private around(place: Vector, radius_m: number): Neighbourhood {
    return { ...offsetToLonLat(this.reference, place.north_m, place.east_m), radius_m };
  }
}

function refusedFix(reason: string): FixVerdict {
  return { accepted: false, reason };
}

/** The best heading or height is the last one tried: the true one may lie beyond, and the place with it. */
function atEnd(spread: FrameResult["spread"]): boolean {
  return spread !== null && (spread.heading_at_end || spread.scale_at_end);
}
