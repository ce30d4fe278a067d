import type { GroundOffset } from "../../../tiles/geometry/ground.js";
import type { Covariance2 } from "../../fix.js";
import type { Frame } from "../../vision/frame.js";
import { type Alignment, align, type Warp } from "./align.js";
import type { OdometryConfig } from "./config.js";
import { alignmentCovariance } from "./covariance.js";
import type { Spectrum } from "./fourier.js";
import { type GroundLag, groundLag } from "./parallax.js";
import type { GroundPatch } from "./patch.js";
import type { PhaseCorrelator } from "./phase-correlation.js";

/** A frame with its patch. */
export interface Sight {
  readonly frame: Frame;
  readonly patch: GroundPatch;
  readonly spectrum: Spectrum;
}

/** A sight that was registered against the anchor before: where the search starts. */
export interface Known {
  readonly sight: Sight;
  readonly displacement: GroundOffset;
  readonly grow: number;
  readonly turn: number;
}

/** How the vehicle moved from the anchor to a sight. */
export interface Registration {
  readonly kind: "found";
  /** Of the vehicle, as if all that is seen stood at AGL. */
  readonly displacement: GroundOffset;
  readonly alignment: Alignment;
  /** How far the ground lags behind it; null when that cannot be told. */
  readonly lag: GroundLag | null;
  readonly peak_ratio: number;
  /** Of the displacement, from the alignment alone. */
  readonly covariance: Covariance2;
}

/** Why a sight was not registered. */
export interface NoRegistration {
  readonly kind: "none";
  readonly reason: "low-overlap" | "no-peak";
  readonly detail: string;
}

/** Above this ratio of second to first peak, other shifts than the first are tried as well. */
const DOUBTFUL_RATIO = 0.6;
const TRIED_PEAKS = 3;
/** Alignments nearer than this to each other are the same one, pixels. */
const SAME_PX = 2;
/** Below this displacement the lag of the ground is not measured, pixels. */
const LEAST_BASELINE_PX = 8;

/** Registers sights: the shift against the newest known sight by phase correlation, then alignment against the anchor. */
export class Registrar {
  constructor(
    private readonly correlator: PhaseCorrelator,
    private readonly config: OdometryConfig,
  ) {}

  register(anchor: Sight, known: Known, now: Sight): Registration | NoRegistration {
    const { peaks, ratio } = this.correlator.correlate(known.sight.spectrum, now.spectrum, TRIED_PEAKS);
    const tried = ratio > DOUBTFUL_RATIO ? peaks : peaks.slice(0, 1);
    let best: Alignment | null = null;
    let rival = Number.NEGATIVE_INFINITY;
    for (const shift of tried) {
      const found = align(anchor.patch, now.patch, this.guess(anchor, known, now, shift), this.config.match);
      if (found === null) continue;
      if (best === null) best = found;
      else if (distance(found.warp, best.warp) < SAME_PX) {
        if (found.correlation > best.correlation) best = found;
      } else if (found.correlation > best.correlation) {
        rival = best.correlation;
        best = found;
      } else rival = Math.max(rival, found.correlation);
    }
    const refused = this.refusal(best, rival);
    if (best === null || refused !== null) return refused ?? none("low-overlap", "the frames share no ground");
    const displacement = displacementOf(anchor.patch, now.patch, best.warp);
    const alignment = best;
    return {
      kind: "found",
      displacement,
      alignment,
      lag: this.lag(anchor.patch, now.patch, alignment.warp, displacement),
      peak_ratio: ratio,
      covariance: alignmentCovariance(alignment, now.patch.gsd_m, now.patch.centre, this.config.noise),
    };
  }

  private lag(anchor: GroundPatch, now: GroundPatch, warp: Warp, moved: GroundOffset): GroundLag | null {
    const distance_m = Math.hypot(moved.north_m, moved.east_m);
    // Nothing can stand out of a parallax of less than a pixel.
    if (distance_m < LEAST_BASELINE_PX * now.gsd_m) return null;
    const direction = { east: moved.east_m / distance_m, south: -moved.north_m / distance_m };
    return groundLag(anchor, now, warp, direction, this.config.parallax);
  }

  private refusal(best: Alignment | null, rival: number): NoRegistration | null {
    const { min_overlap, min_correlation, max_residual, min_lead } = this.config.match;
    if (best === null) return none("low-overlap", "the frames share no ground");
    const { correlation, overlap, warp } = best;
    if (overlap < min_overlap) return none("low-overlap", `${(overlap * 100).toFixed(0)} % of the ground is common`);
    if (correlation < min_correlation) {
      return none("no-peak", `correlation ${correlation.toFixed(2)} of ${min_correlation}`);
    }
    if (Math.abs(warp.grow) > max_residual || Math.abs(warp.turn) > max_residual) {
      const turn_deg = ((warp.turn * 180) / Math.PI).toFixed(1);
      return none("no-peak", `turned by ${turn_deg}° and scaled by ${(1 + warp.grow).toFixed(2)} against the poses`);
    }
    if (correlation - rival < min_lead) {
      return none("no-peak", `two shifts correlate alike, ${correlation.toFixed(2)} and ${rival.toFixed(2)}`);
    }
    return null;
  }

  /** The warp anchor ← now that the known displacement and a shift known ← now make together. */
  private guess(
    anchor: Sight,
    known: Known,
    now: Sight,
    shift: { readonly east_px: number; readonly south_px: number },
  ): Warp {
    const { gsd_m } = now.patch;
    const { grow, turn } = known;
    // Ground under the patch centre of `now`, from below the anchor's camera, is reached through `known`.
    const east_m = known.sight.patch.centre.east_m + shift.east_px * gsd_m;
    const south_m = -known.sight.patch.centre.north_m + shift.south_px * gsd_m;
    const a = 1 + grow;
    return {
      east_px: (known.displacement.east_m + a * east_m - turn * south_m - anchor.patch.centre.east_m) / gsd_m,
      south_px: (-known.displacement.north_m + turn * east_m + a * south_m + anchor.patch.centre.north_m) / gsd_m,
      grow,
      turn,
    };
  }
}

/**
 * How the vehicle moved: a point of the ground at q from below the camera now was at D + M q from below it then, M being
 * turn and scale of the warp. Taken at the patch's centre.
 */
export function displacementOf(anchor: GroundPatch, now: GroundPatch, warp: Warp): GroundOffset {
  const east = now.centre.east_m;
  const south = -now.centre.north_m;
  const a = 1 + warp.grow;
  return {
    east_m: anchor.centre.east_m + warp.east_px * now.gsd_m - (a * east - warp.turn * south),
    north_m: anchor.centre.north_m - warp.south_px * now.gsd_m + (warp.turn * east + a * south),
  };
}

function none(reason: NoRegistration["reason"], detail: string): NoRegistration {
  return { kind: "none", reason, detail };
}

function distance(a: Warp, b: Warp): number {
  return Math.hypot(a.east_px - b.east_px, a.south_px - b.south_px);
}
