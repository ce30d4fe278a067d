import { PX4_FRAME } from "../../../agent/mavlink/local-frame.js";
import type { Estimator, EstimatorInput, GeoPoint, GpsFix, ResetCause } from "./estimator.js";
import { type Fused, HorizonFilter, type Horizontal } from "./filter.js";
import { px4Flags } from "./px4-flags.js";
import {
  GLOBAL_GATE,
  GLOBAL_STOPS_US,
  GPS_GATE,
  HARD_RESET_ACCURACY_M,
  HARD_RESET_SIGMA,
  HORIZON_PART,
  NAN_SHOWS_US,
  OLDER_THAN_HORIZON_US,
  type Px4EkfOptions,
  RESET_AFTER_US,
  UNKNOWN_VELOCITY_MPS,
  VALID_AFTER_AID_US,
  VALID_AFTER_GPS_US,
  VISION_GATE,
} from "./px4-limits.js";
import { due, type GlobalSample, type Timed, VisionRhythm, type VisionSample } from "./px4-samples.js";

/** Least deviation of a velocity of vision, m/s. */
const VISION_VELOCITY_MPS = 0.2;
const VELOCITY_AIDS_US = 1_000_000;

/** EKF2 as far as horizontal position goes: GNSS, GLOBAL_POSITION_SENSOR (AGP slot 0) and external vision. */
export class Px4Ekf implements Estimator {
  readonly #options: Px4EkfOptions;
  readonly #filter: HorizonFilter;
  #now_us = 0;
  #inAir = false;
  #origin: GeoPoint | null = null;
  /** The filter has a position to go on from. */
  #located = false;
  #everLocated = false;
  #held = { north_m: 0, east_m: 0 };
  #global: Timed<GlobalSample>[] = [];
  #vision: Timed<VisionSample>[] = [];
  #gps: Timed<GpsFix>[] = [];
  #globalActive = false;
  #globalSeen_us = Number.NEGATIVE_INFINITY;
  #globalFused_us = Number.NEGATIVE_INFINITY;
  #visionActive = false;
  #visionFused_us = Number.NEGATIVE_INFINITY;
  readonly #rhythm = new VisionRhythm();
  #gpsFused_us = Number.NEGATIVE_INFINITY;
  /** The last 43003: it keeps an estimate going, without making it valid. */
  #told_us = Number.NEGATIVE_INFINITY;
  #nan_us: number | null = null;
  #valid = false;
  #ratio = 0;
  #velocityRatio = 0;
  #velocityAided_us = Number.NEGATIVE_INFINITY;

  constructor(options: Px4EkfOptions) {
    this.#options = options;
    const delay_s = this.#delay_s();
    this.#filter = new HorizonFilter({ accel_mps2: 0.35, bias_mps2: 0.006, wind_mps: 0, delay_s, test: "axis" });
  }

  /** Parameters that are read at boot hold from now on: how far back the horizon lies. */
  rebooted(): void {
    this.#filter.setDelay(this.#delay_s());
  }

  #delay_s(): number {
    return (HORIZON_PART * this.#options.parameter("EKF2_DELAY_MAX")) / 1000;
  }

  get horizontal(): Horizontal {
    return this.#located ? this.#filter.output : { ...this.#held, vn_mps: 0, ve_mps: 0 };
  }
  get origin(): GeoPoint | null {
    return this.#origin;
  }
  get positionRatio(): number {
    return this.#ratio;
  }
  /** A velocity was fused within the last second: of GPS, or of vision. */
  get velocityAided(): boolean {
    return this.#now_us - this.#velocityAided_us < VELOCITY_AIDS_US;
  }
  get velocityRatio(): number {
    return this.#velocityRatio;
  }
  get positionSigma_m(): number {
    return this.#located ? this.#filter.positionSigma_m : 1000;
  }
  get positionOk(): boolean {
    return this.#valid;
  }
  get flags(): number {
    return px4Flags({
      running: this.#now_us >= this.#options.ready_us,
      onGround: !this.#inAir,
      positionValid: this.#valid,
      hasOrigin: this.#origin !== null,
      aiding: this.#globalActive || this.#visionActive || this.#gpsActive,
      globalAiding: this.#globalActive || this.#gpsActive,
    });
  }
  get #gpsActive(): boolean {
    return this.#now_us - this.#gpsFused_us < 1_000_000;
  }

  /** Always accepted; a new origin moves the local frame, not the vehicle. */
  setOrigin(origin: GeoPoint): boolean {
    if (this.#origin !== null && this.#located) {
      const { north_m, east_m } = PX4_FRAME.toLocal(origin, this.#origin);
      this.#filter.shift(north_m, east_m);
    }
    this.#origin = origin;
    this.#options.events.origin(origin);
    return true;
  }

  /** A GLOBAL_POSITION_SENSOR for the slot; whether it is for the slot is for the receiver to know. */
  global(sample: GlobalSample): void {
    const { parameter } = this.#options;
    if ((parameter("EKF2_AGP0_CTRL") & 1) === 0) return;
    const t_us = sample.arrival_us - parameter("EKF2_AGP0_DELAY") * 1000;
    if (this.#tooOld(t_us)) return;
    this.#globalSeen_us = sample.arrival_us;
    this.#global.push({ t_us, sample });
  }

  vision(sample: VisionSample): void {
    const { parameter } = this.#options;
    if (parameter("EKF2_EV_CTRL") === 0) return;
    const t_us = (sample.synced_us ?? sample.arrival_us) - parameter("EKF2_EV_DELAY") * 1000;
    if (this.#tooOld(t_us)) return;
    this.#rhythm.sample(t_us, this.#now_us);
    this.#vision.push({ t_us, sample });
  }

  /** MAV_CMD_EXTERNAL_POSITION_ESTIMATE: moves the estimate, and is no aiding. */
  externalPosition(place: { lat_deg: number; lon_deg: number }, accuracy_m: number, age_us: number): boolean {
    if (this.#origin === null) return false;
    const local = PX4_FRAME.toLocal(this.#origin, place);
    this.#told_us = this.#now_us;
    if (!this.#located) {
      this.#start(local.north_m, local.east_m, 10, "43003", null);
      return true;
    }
    const { north_m, east_m, vn_mps, ve_mps } = this.#filter.output;
    const north = local.north_m + (vn_mps * age_us) / 1e6;
    const east = local.east_m + (ve_mps * age_us) / 1e6;
    const sigma_m = Number.isFinite(accuracy_m) ? Math.max(accuracy_m, 0.1) : 10;
    const far =
      Math.hypot(north - north_m, east - east_m) > HARD_RESET_SIGMA * Math.hypot(sigma_m, this.positionSigma_m);
    if (accuracy_m < HARD_RESET_ACCURACY_M || far) this.#jump("external_position", north, east, sigma_m, "43003");
    else this.#filter.fusePositionWithOutput(north, east, sigma_m, HARD_RESET_SIGMA);
    return true;
  }

  step(input: EstimatorInput): void {
    this.#now_us = input.t_us;
    this.#inAir = input.inAir;
    this.#filter.predict(input.an_mps2, input.ae_mps2, 0.01);
    if (input.gps !== null && this.#options.parameter("EKF2_GPS_CTRL") !== 0) {
      this.#gps.push({ t_us: input.gps.t_us, sample: input.gps });
    }
    if (input.t_us < this.#options.ready_us) {
      this.#gps = [];
      return;
    }
    const horizon_us = input.t_us - this.#filter.delay_s * 1e6;
    for (const fix of due(this.#gps, horizon_us)) this.#useGps(fix);
    for (const sample of due(this.#global, horizon_us)) this.#useGlobal(sample);
    for (const sample of due(this.#vision, horizon_us)) this.#useVision(sample);
    if (input.t_us - this.#globalSeen_us > GLOBAL_STOPS_US) {
      this.#globalActive = false;
      if (!this.#visionActive) this.#nan_us = null;
    }
    if (this.#rhythm.stopped(input.t_us)) this.#visionActive = false;
    this.#judge();
  }

  #tooOld(t_us: number): boolean {
    return t_us < this.#now_us - this.#filter.delay_s * 1e6 - OLDER_THAN_HORIZON_US;
  }

  #judge(): void {
    const aid_us = Math.max(this.#globalFused_us, this.#visionFused_us);
    const now = this.#now_us;
    const fresh = now - aid_us < VALID_AFTER_AID_US || now - this.#gpsFused_us < VALID_AFTER_GPS_US;
    const eph_m = Math.SQRT2 * this.positionSigma_m;
    const broken = this.#nan_us !== null && now - this.#nan_us > NAN_SHOWS_US;
    this.#valid = this.#located && fresh && !broken && eph_m < this.#options.parameter("COM_POS_FS_EPH");
    if (this.#located && !fresh && now - Math.max(aid_us, this.#gpsFused_us, this.#told_us) > 2 * RESET_AFTER_US) {
      this.#held = this.#filter.output;
      this.#located = false;
    }
  }

  #useGps(fix: GpsFix): void {
    if (this.#origin === null) this.setOrigin({ lat_deg: fix.lat_deg, lon_deg: fix.lon_deg, alt_m: fix.alt_m });
    if (this.#origin === null) return;
    const { north_m, east_m } = PX4_FRAME.toLocal(this.#origin, fix);
    const sigma_m = Math.max(fix.sigma_m, this.#options.parameter("EKF2_GPS_P_NOISE"));
    if (!this.#located) this.#start(north_m, east_m, sigma_m, "GPS", fix.velocity);
    const fused = this.#filter.fusePosition(north_m, east_m, sigma_m, GPS_GATE);
    this.#gpsFused_us = this.#after(fused, this.#gpsFused_us, north_m, east_m, sigma_m, "GPS", true);
    if (fix.velocity !== null) {
      this.#velocityRatio = this.#filter.fuseVelocity(fix.velocity.vn_mps, fix.velocity.ve_mps, 0.3, GPS_GATE).ratio;
      this.#velocityAided_us = this.#now_us;
    }
  }

  #useGlobal(sample: GlobalSample): void {
    if (Number.isNaN(sample.eph_m)) {
      this.#nan_us ??= this.#now_us;
      this.#globalActive = true;
      this.#globalFused_us = this.#now_us;
      return;
    }
    if (this.#origin === null) this.setOrigin({ lat_deg: sample.lat_deg, lon_deg: sample.lon_deg, alt_m: 0 });
    if (this.#origin === null) return;
    const { north_m, east_m } = PX4_FRAME.toLocal(this.#origin, sample);
    const sigma_m = Math.max(sample.eph_m, this.#options.parameter("EKF2_AGP0_NOISE"));
    if (!this.#globalActive) {
      this.#globalActive = true;
      this.#globalFused_us = Math.max(this.#globalFused_us, this.#now_us - RESET_AFTER_US / 2);
      if (!this.#located) this.#start(north_m, east_m, sigma_m, "AGP 0", null);
      else if (!this.#gpsActive && !this.#valid) this.#jump("aiding_restarted", north_m, east_m, sigma_m, "AGP 0");
      else {
        this.#fuseGlobal(north_m, east_m, sigma_m);
        return;
      }
      this.#globalFused_us = this.#now_us;
      return;
    }
    this.#fuseGlobal(north_m, east_m, sigma_m);
  }

  #fuseGlobal(north_m: number, east_m: number, sigma_m: number): void {
    // Held against the output of now, not against the horizon that the sample belongs to: an old sample pulls back.
    const fused = this.#filter.fusePositionWithOutput(north_m, east_m, sigma_m, GLOBAL_GATE);
    this.#globalFused_us = this.#after(
      fused,
      this.#globalFused_us,
      north_m,
      east_m,
      sigma_m,
      "AGP 0",
      !this.#gpsActive,
    );
  }

  #useVision(sample: VisionSample): void {
    const control = this.#options.parameter("EKF2_EV_CTRL");
    const { north_m, east_m } = sample;
    if (!Number.isFinite(north_m)) {
      this.#useVisionVelocity(sample, control);
      return;
    }
    const floor_m = this.#options.parameter("EKF2_EVP_NOISE");
    const sigma_m = Number.isNaN(sample.sigma_m) ? floor_m : Math.max(sample.sigma_m, floor_m);
    if (!this.#visionActive) {
      if (!this.#rhythm.mayStart || (control & 1) === 0) return;
      this.#visionActive = true;
      if (!this.#located) this.#start(north_m, east_m, sigma_m, "vision", sample.velocity);
      else if (!this.#gpsActive && !this.#globalActive && !this.#valid) {
        this.#jump("aiding_restarted", north_m, east_m, sigma_m, "vision");
      }
      this.#visionFused_us = this.#now_us;
      return;
    }
    const alone = !this.#gpsActive && !this.#globalActive;
    const fused = this.#filter.fusePosition(north_m, east_m, sigma_m, VISION_GATE);
    this.#visionFused_us = this.#after(fused, this.#visionFused_us, north_m, east_m, sigma_m, "vision", alone);
    this.#useVisionVelocity(sample, control);
  }

  #useVisionVelocity({ velocity }: VisionSample, control: number): void {
    if ((control & 4) === 0 || velocity === null || !this.#located || !this.#rhythm.mayStart) return;
    const { vn_mps, ve_mps, sigma_mps } = velocity;
    const sigma = Math.max(sigma_mps ?? 0, VISION_VELOCITY_MPS);
    const { accepted } = this.#filter.fuseVelocity(vn_mps, ve_mps, sigma, VISION_GATE);
    if (accepted) this.#velocityAided_us = this.#now_us;
  }

  /** The time at which the source was last fused, after what became of a sample. */
  #after(
    fused: Fused,
    last_us: number,
    n: number,
    e: number,
    sigma_m: number,
    source: string,
    mayReset: boolean,
  ): number {
    this.#ratio = fused.ratio;
    if (fused.accepted) return this.#now_us;
    if (!mayReset || this.#now_us - last_us <= RESET_AFTER_US) return last_us;
    this.#jump("timeout", n, e, sigma_m, source);
    return this.#now_us;
  }

  #start(
    north_m: number,
    east_m: number,
    sigma_m: number,
    source: string,
    velocity: { vn_mps: number; ve_mps: number } | null,
  ): void {
    const cause: ResetCause = this.#everLocated ? "aiding_restarted" : "start";
    const jump_m = Math.hypot(north_m - this.#held.north_m, east_m - this.#held.east_m);
    const velocitySigma_mps = velocity === null && this.#inAir ? UNKNOWN_VELOCITY_MPS : 0.5;
    this.#filter.restart(north_m, east_m, sigma_m, velocity?.vn_mps ?? 0, velocity?.ve_mps ?? 0, velocitySigma_mps);
    this.#located = true;
    this.#everLocated = true;
    this.#options.events.reset(cause, jump_m, source);
  }

  #jump(cause: ResetCause, north_m: number, east_m: number, sigma_m: number, source: string): void {
    const jump_m = this.#filter.resetPosition(north_m, east_m, sigma_m, "now");
    this.#options.events.reset(cause, jump_m, source);
  }
}
