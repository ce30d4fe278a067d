import { type GroundOffset, GroundView } from "../../../tiles/geometry/ground.js";
import type { CameraRig, Frame } from "../../vision/frame.js";
import type { Raster } from "../../vision/rectify/decode.js";
import { sensorPixelsPerPatchPixel } from "../../vision/rectify/ground-raster.js";
import { ODOMETRY_CONFIG, type OdometryConfig } from "./config.js";
import { add, attitudeCovariance, reliefCovariance } from "./covariance.js";
import { makePatch } from "./patch.js";
import { PhaseCorrelator } from "./phase-correlation.js";
import { Registrar, type Registration, type Sight } from "./registration.js";
import { FrameReducer, unchangedPart } from "./small-frame.js";
import { atRest, firstKeyframe, type Keyframe, nextKeyframe, type Standing, standingOf } from "./standing.js";
import type { OdometryMotion, OdometryRefusal, OdometryRefused, OdometryStep } from "./step.js";

/** Sensor pixels that are left for one patch pixel after the reduction: bilinear reads neither blur nor alias then. */
const OVERSAMPLING = 1.2;

/**
 * Visual odometry over flat ground: each frame is rectified to a small north-up patch, and the patch is registered
 * against that of a keyframe, which is kept as long as enough of it is still seen. Errors of registration thus come in
 * once a keyframe and not once a frame.
 *
 * Give it every frame in the order of capture; `observe` must not be called again before it has answered. Same frames,
 * same numbers.
 */
export class VisualOdometry {
  private readonly reducer: FrameReducer;
  private readonly registrar: Registrar;
  private readonly correlator: PhaseCorrelator;
  /** Sensor pixels that one patch pixel spans. */
  private readonly density: number;

  private raster: Raster | null = null;
  private seen_us = Number.NEGATIVE_INFINITY;
  private key: Keyframe | null = null;
  private last: Standing | null = null;
  /** The newest frame that fits nothing before it: the next one may fit it. */
  private stray: Sight | null = null;

  constructor(
    private readonly rig: CameraRig,
    private readonly config: OdometryConfig = ODOMETRY_CONFIG,
  ) {
    const { width_px, height_px } = rig.intrinsics;
    this.density = (Math.min(width_px, height_px) * config.patch.span) / config.patch.side_px;
    this.reducer = new FrameReducer(rig.intrinsics, Math.max(1, Math.floor(this.density / OVERSAMPLING)));
    this.correlator = new PhaseCorrelator(config.patch.side_px);
    this.registrar = new Registrar(this.correlator, config);
  }

  /**
   * Takes the next frame.
   *
   * @throws UserError when the image cannot be decoded or has another size than the camera's intrinsics
   */
  async observe(frame: Frame): Promise<OdometryStep> {
    if (!(frame.t_us > this.seen_us)) return this.refuse("gap", frame, "the time does not rise");
    this.seen_us = frame.t_us;
    const plan = this.plan(frame);
    if ("refused" in plan) return plan;
    const small = await this.reducer.read(frame.image);
    const unchanged = this.raster === null ? 0 : unchangedPart(small.raster, this.raster);
    this.raster = small.raster;
    const pose = { attitude: frame.attitude, mount: this.rig.mount, agl_m: frame.agl_m };
    const view = new GroundView(small.lens, pose);
    const look = (gsd_m: number): Sight => this.look(frame, small.raster, view, plan.centre, gsd_m);
    // A keyframe that nothing followed must not lay down the scale for ever: one taken on the ground would blind the flight.
    const key = this.gap_s(frame) > this.config.match.max_gap_s ? null : this.key;
    const sight = look(key?.sight.patch.gsd_m ?? plan.gsd_m);
    return this.judge(sight, unchanged) ?? this.follow(sight, plan.gsd_m, look);
  }

  /** Forgets all frames: the next one is a first one. */
  reset(): void {
    this.raster = null;
    this.seen_us = Number.NEGATIVE_INFINITY;
    this.key = null;
    this.last = null;
    this.stray = null;
  }

  /** Where the patch lies and how fine it is at best, or why the pose does not serve. */
  private plan(frame: Frame): { readonly centre: GroundOffset; readonly gsd_m: number } | OdometryRefused {
    const { attitude, agl_m } = frame;
    if (![attitude.roll_deg, attitude.pitch_deg, attitude.yaw_deg, agl_m].every(Number.isFinite) || agl_m <= 0) {
      return this.refuse("pose", frame, "attitude or height is missing");
    }
    const lens = this.rig.intrinsics;
    const view = new GroundView(lens, { attitude, mount: this.rig.mount, agl_m });
    const centre = view.pixelToGround((lens.width_px - 1) / 2, (lens.height_px - 1) / 2);
    const tilt = view.offNadirDeg();
    if (centre === null || tilt > this.config.patch.max_off_nadir_deg) {
      return this.refuse("tilt", frame, `the camera looks ${tilt.toFixed(0)}° from straight down`);
    }
    return { centre, gsd_m: this.density / sensorPixelsPerPatchPixel(view, centre.north_m, centre.east_m, 1) };
  }

  private look(frame: Frame, raster: Raster, view: GroundView, centre: GroundOffset, gsd_m: number): Sight {
    const patch = makePatch(raster, view, centre, gsd_m, this.config.patch.side_px);
    return { frame, patch, spectrum: this.correlator.spectrum(patch) };
  }

  /** Is there anything in the picture by which to tell motion? */
  private judge({ frame, patch }: Sight, unchanged: number): OdometryRefused | null {
    const { patch: shape, image } = this.config;
    const visible = patch.count / patch.side_px ** 2;
    if (visible < shape.min_visible) {
      return this.refuse("tilt", frame, `${(visible * 100).toFixed(0)} % of the patch is seen`);
    }
    if (patch.contrast < image.min_contrast) {
      return this.refuse("low-texture", frame, `contrast ${patch.contrast.toFixed(2)} of ${image.min_contrast}`);
    }
    if (unchanged >= image.frozen_part) {
      return this.refuse("frozen", frame, `${(unchanged * 100).toFixed(1)} % of the pixels are as before`);
    }
    if (patch.sharpness < image.min_sharpness) {
      return this.refuse("blur", frame, `sharpness ${patch.sharpness.toFixed(3)} of ${image.min_sharpness}`);
    }
    return null;
  }

  /** Registers the frame against what came before and moves the keyframe on where it must. */
  private follow(sight: Sight, ideal_gsd_m: number, look: (gsd_m: number) => Sight): OdometryStep {
    const { frame } = sight;
    const { key, last } = this;
    const fits = this.fits(sight, ideal_gsd_m);
    const fitting = (): Sight => (fits ? sight : look(ideal_gsd_m));
    if (key === null || last === null) {
      this.start(firstKeyframe(sight, this.config));
      return this.refuse("start", frame, "the first frame", frame.t_us);
    }
    const gap_s = this.gap_s(frame);
    if (gap_s > this.config.match.max_gap_s) {
      const refusal = this.refuse("gap", frame, `${gap_s.toFixed(1)} s since the last good frame`);
      this.start(firstKeyframe(fitting(), this.config));
      return { ...refusal, chain_broken: true };
    }
    const found = this.register(sight, key, last);
    if ("refused" in found) return found;
    const now = standingOf(found.key, sight, found.registration);
    const step = this.step(found.key, found.before, now, found.registration);
    const { overlap, correlation } = found.registration.alignment;
    const { keyframe_overlap, keyframe_correlation } = this.config.match;
    if (overlap < keyframe_overlap || correlation < keyframe_correlation || !fits) {
      this.start(nextKeyframe(now, fitting(), this.config));
    } else {
      this.key = found.key;
      this.last = now;
      this.stray = null;
    }
    return step;
  }

  /** Time since the last good frame, seconds. */
  private gap_s(frame: Frame): number {
    return this.last === null ? 0 : (frame.t_us - this.last.sight.frame.t_us) / 1e6;
  }

  private fits(sight: Sight, ideal_gsd_m: number): boolean {
    const ratio = sight.patch.gsd_m / ideal_gsd_m;
    const { max_gsd_ratio } = this.config.match;
    return ratio < max_gsd_ratio && ratio > 1 / max_gsd_ratio;
  }

  /** Against the keyframe; failing that against the last good frame, then against the stray one, which breaks the chain. */
  private register(
    sight: Sight,
    key: Keyframe,
    last: Standing,
  ): { readonly key: Keyframe; readonly before: Standing; readonly registration: Registration } | OdometryRefused {
    const first = this.registrar.register(key.sight, last, sight);
    if (first.kind === "found") return { key, before: last, registration: first };
    const others = last.sight === key.sight ? [] : [nextKeyframe(last, last.sight, this.config)];
    if (this.stray !== null) others.push(firstKeyframe(this.stray, this.config));
    for (const other of others) {
      const before = atRest(other);
      const registration = this.registrar.register(other.sight, before, sight);
      if (registration.kind === "found") return { key: other, before, registration };
    }
    this.stray = sight;
    return this.refuse(first.reason, sight.frame, first.detail);
  }

  private step(key: Keyframe, before: Standing, after: Standing, registration: Registration): OdometryMotion {
    const { noise } = this.config;
    const from = before.sight.frame;
    const to = after.sight.frame;
    // The displacement is in the keyframe's metres; the step in those of its own two frames, so that an error of the
    // height that changes from frame to frame averages out.
    const ratio = (1 / (1 + before.grow) + 1 / (1 + after.grow)) / 2;
    const agl_m = (from.agl_m + to.agl_m) / 2;
    const attitude = attitudeCovariance(
      {
        dt_s: (to.t_us - from.t_us) / 1e6,
        agl_m,
        centre: after.sight.patch.centre,
        attitude_before: from.attitude,
        attitude_now: to.attitude,
      },
      noise,
    );
    const relief = reliefCovariance(before.moved, after.moved, agl_m, noise);
    const ends = add(before.covariance, after.covariance);
    const { alignment } = registration;
    return {
      refused: null,
      from_t_us: from.t_us,
      to_t_us: to.t_us,
      north_m: (after.moved.north_m - before.moved.north_m) * ratio,
      east_m: (after.moved.east_m - before.moved.east_m) * ratio,
      cov_ne_m2: add(ends, add(attitude, relief)),
      agl_m,
      scale_sigma: Math.hypot(
        Math.max(from.agl_sigma_m / from.agl_m, to.agl_sigma_m / to.agl_m),
        noise.relief_bias_sigma_m / agl_m,
      ),
      yaw_deg: key.sight.frame.attitude.yaw_deg,
      yaw_sigma_deg: Math.max(from.yaw_sigma_deg, to.yaw_sigma_deg),
      keyframe: { t_us: key.sight.frame.t_us, ...after.moved },
      quality: {
        correlation: alignment.correlation,
        overlap: alignment.overlap,
        peak_ratio: registration.peak_ratio,
        turn_deg: (alignment.warp.turn * 180) / Math.PI,
        scale: 1 + alignment.warp.grow,
        relief_ratio: after.relief.ratio,
      },
    };
  }

  private start(key: Keyframe): void {
    this.key = key;
    this.last = atRest(key);
    this.stray = null;
  }

  private refuse(refused: OdometryRefusal, frame: Frame, detail: string, from_t_us?: number): OdometryRefused {
    const last_us = this.last?.sight.frame.t_us ?? frame.t_us;
    return { refused, from_t_us: from_t_us ?? last_us, to_t_us: frame.t_us, detail, chain_broken: false };
  }
}
