import type { GeoPoint } from "../../../tiles/geodesy/wgs84.js";
import type { FrameResult } from "../../vision/result.js";
import type { NavigationConfig } from "../config.js";
import type { Anchor } from "../integrity/anchor.js";
import { type PackLevels, placeEvidence } from "../measurement.js";
import type { Vector } from "../motion.js";
import type { Movement } from "../movement.js";
import { Belief, type Hypothesis } from "./belief.js";

/** Belief counts as "around a place" within this many sigma, and never less than this many cell spacings. */
const MASS_SIGMAS = 3;
const MASS_SPACINGS = 3;

/** The belief as the flight goes on: frames are evidence, movement carries it from one to the next. */
export class Whereabouts {
  private readonly belief: Belief;
  private readonly spacing_m: number;
  /** Way flown since the last frame that counted as evidence; Infinity when nothing of that ground is in view any more. */
  private unseen_m = Number.POSITIVE_INFINITY;
  private t_us: number | null = null;
  /** Frames that were compared with the map. */
  private compared = 0;

  /**
   * @param reference middle of the local plane
   * @param levels the pack's levels: cell sides and spacings
   */
  constructor(
    private readonly reference: GeoPoint,
    private readonly levels: PackLevels,
    private readonly movement: Movement,
    private readonly config: NavigationConfig["belief"],
  ) {
    this.spacing_m = Math.min(...levels.map(({ spacing_m }) => spacing_m));
    this.belief = new Belief(config, this.spacing_m);
  }

  /** The vehicle flew so far over ground. */
  flew(distance_m: number): void {
    this.unseen_m += distance_m;
  }

  /** Nothing of the ground that the last frames showed is in view any more. */
  leftView(): void {
    this.unseen_m = Number.POSITIVE_INFINITY;
  }

  /** What the frames said was not true. */
  forget(): void {
    this.belief.reset();
    this.t_us = null;
    this.leftView();
  }

  /**
   * Takes what a frame says of the place, if it was compared with the map.
   *
   * @param anchor nothing farther from it than the vehicle can have flown is believed
   */
  observe(result: FrameResult, anchor: Anchor | null): void {
    const evidence = placeEvidence(result, this.reference, this.levels, this.unseen_m, this.config);
    if (evidence === null) return;
    this.t_us ??= result.t_us;
    this.moveTo(result.t_us);
    this.belief.observe(evidence);
    this.compared++;
    this.unseen_m = 0;
    if (anchor !== null) this.belief.confine(anchor.centre, anchor.reach_m(result.t_us) + this.radius_m(0));
  }

  /** Belief around a place that is known to `eph_m`, 1-sigma. */
  massAround(place: Vector, eph_m: number): number {
    return this.belief.massWithin(place, this.radius_m(eph_m));
  }

  /** Where the vehicle most likely is at a time, and how far it may be from there; null with less belief than `least`. */
  likeliest(t_us: number, least: number): { readonly place: Vector; readonly radius_m: number } | null {
    const { top } = this.belief;
    if (top === null || top.mass < least || this.t_us === null) return null;
    const moved = this.movement.between(this.t_us, t_us, (top.heading_deg * Math.PI) / 180);
    const place = { north_m: top.north_m + moved.north_m, east_m: top.east_m + moved.east_m };
    return { place, radius_m: MASS_SPACINGS * this.spacing_m + MASS_SIGMAS * Math.sqrt(moved.variance_m2) };
  }

  /** The heaviest places, as of the newest frame. */
  best(count: number): Hypothesis[] {
    return this.belief.best(count);
  }

  /** Frames were compared, and no place of the map explains them: less belief than `least` is at any. */
  hopeless(least: number): boolean {
    return this.compared > 0 && 1 - this.belief.elsewhere_mass - this.belief.off_mass < least;
  }

  private radius_m(eph_m: number): number {
    return Math.max(MASS_SIGMAS * eph_m, MASS_SPACINGS * this.spacing_m);
  }

  /**
   * Brings the belief to a time, by odometry where it saw the way, else by the velocity that is known. Only when a frame
   * is compared: moving every hypothesis with every step of odometry would cost more than all the rest.
   */
  private moveTo(t_us: number): void {
    const from_us = this.t_us;
    if (from_us === null || t_us <= from_us) return;
    this.t_us = t_us;
    const moved = this.movement.between(from_us, t_us, 0);
    this.belief.move(moved, moved.variance_m2, (t_us - from_us) / 1e6, moved.by_heading);
  }
}
