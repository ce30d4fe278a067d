import { ARDUPILOT_FRAME } from "../../../agent/mavlink/local-frame.js";
import { type ArduPilotFlagInput, arduPilotFlags, POSITION_ABSOLUTE } from "./ardupilot-flags.js";
import type { Estimator, EstimatorEvents, EstimatorInput, GeoPoint, GpsFix, ResetCause } from "./estimator.js";
import { HorizonFilter, type Horizontal } from "./filter.js";
import { JitterCorrection } from "./jitter.js";

/** Values of EK3_SRCn_POSXY and VELXY. */
const SOURCE_GPS = 3;
const SOURCE_EXTERNAL = 6;
export const SOURCE_SETS = 3;

/** Refused beyond this many sigma (EK3_POS_I_GATE 500). */
const GATE = 5;
/** GPS is taken within this distance whatever its sigma (EK3_GLITCH_RAD). */
const GLITCH_RADIUS_M = 25;
/** Without a fix for this long the position counts as lost (measured); what comes then is believed at once. */
const EXTERNAL_LOST_US = 7_000_000;
const GPS_LOST_COPTER_US = 8_200_000;
const GPS_LOST_PLANE_US = 10_300_000;
/** Without a fix for this long a vehicle without air speed stops aiding: constant position (measured). */
const STOP_US = 15_000_000;
/** How long GPS must have been away before 43003 is taken. */
const EXTERNAL_POSITION_AFTER_US = 1_000_000;
const EXTERNAL_POSITION_OLDEST_US = 5_000_000;
const GPS_FRESH_US = 1_000_000;
/** Shortest time between two external fixes: a repeat with the same time is none. */
const SHORTEST_INTERVAL_US = 20_000;
const LARGEST_ERROR_M = 100;
/** A GPS that should give velocities and does not: the velocity test fails after this. */
const VELOCITY_MISSING_US = 200_000;
const GPS_DELAY_S = 0.22;
const AIRSPEED_SIGMA_MPS = 2;
const AIRSPEED_EVERY_US = 100_000;

/** Times after power-on at which the filter gets ready, microseconds. */
export interface BootTimes {
  readonly initialised_us: number;
  readonly aligned_us: number;
  readonly ready_us: number;
  readonly origin_us: number;
  readonly gps_us: number;
}

export interface ArduPilotEkfOptions {
  readonly plane: boolean;
  readonly boot: BootTimes;
  /** Value of a parameter. */
  readonly parameter: (name: string) => number;
  readonly events: EstimatorEvents;
}

/** A fix of VISION_POSITION_ESTIMATE or ODOMETRY. */
export interface ExternalNav {
  /** Time stamp of the sender, microseconds, and when it arrived. */
  readonly remote_us: number;
  readonly arrival_us: number;
  readonly north_m: number;
  readonly east_m: number;
  /** Position variances north, east, down, m2; NaN where unknown. */
  readonly variances_m2: readonly [number, number, number];
  readonly resetCounter: number;
}

type Measurement = { readonly t_us: number } & (
  | { readonly kind: "external"; north_m: number; east_m: number; sigma_m: number; reset: boolean }
  | { readonly kind: "gps"; readonly fix: GpsFix }
  | { readonly kind: "air"; readonly vn_mps: number; readonly ve_mps: number }
);

/** EKF3 as far as horizontal position goes: source sets, gates, timeouts and resets as measured. */
export class ArduPilotEkf implements Estimator {
  readonly #options: ArduPilotEkfOptions;
  readonly #filter: HorizonFilter;
  readonly #jitter = new JitterCorrection();
  #queue: Measurement[] = [];
  #now_us = 0;
  #aiding = false;
  #everAided = false;
  #gpsUsed = false;
  #origin: GeoPoint | null = null;
  #set = 1;
  #source = 0;
  #resetOnNext = false;
  #lastPass_us = 0;
  #lastGps_us = Number.NEGATIVE_INFINITY;
  #lastGpsPass_us = Number.NEGATIVE_INFINITY;
  #velocityMissing_us: number | null = null;
  #lastAir_us = 0;
  #inAir = false;
  #held = { north_m: 0, east_m: 0 };
  #resetCounter: number | null = null;
  #resetPending = false;
  #lastExternal_us = Number.NEGATIVE_INFINITY;
  #positionRatio = 0;
  #velocityRatio = 0;
  #recentRatio = 0;
  /** When the last vision message arrived, whatever became of it: VisOdom's health. */
  lastVision_us = Number.NEGATIVE_INFINITY;

  constructor(options: ArduPilotEkfOptions) {
    this.#options = options;
    const delay_s = Math.max(GPS_DELAY_S, options.parameter("VISO_DELAY_MS") / 1000);
    this.#filter = new HorizonFilter({ accel_mps2: 0.35, bias_mps2: 0.006, wind_mps: 0.1, delay_s, test: "length" });
  }

  get horizontal(): Horizontal {
    return this.#aiding ? this.#filter.output : { ...this.#held, vn_mps: 0, ve_mps: 0 };
  }
  get origin(): GeoPoint | null {
    return this.#origin;
  }
  get positionRatio(): number {
    return this.#positionRatio;
  }
  get velocityRatio(): number {
    return this.#velocityRatio;
  }
  /** The worst position ratio of the last seconds: what the arming check sees. */
  get recentPositionRatio(): number {
    return this.#recentRatio;
  }
  get positionSigma_m(): number {
    return this.#filter.positionSigma_m;
  }
  get sourceSet(): number {
    return this.#set;
  }
  get flags(): number {
    const { boot } = this.#options;
    const now = this.#now_us;
    const phase = now < boot.initialised_us ? "off" : now < boot.aligned_us ? "starting" : "running";
    return arduPilotFlags({
      phase,
      position: this.#positionState(),
      heightAboveGround: this.#inAir && !this.#options.plane,
      glitch: this.#source === SOURCE_GPS && this.#positionRatio > 1,
    });
  }
  get positionOk(): boolean {
    const missing = this.#velocityMissing_us;
    const velocityFails = missing !== null && this.#now_us - missing > VELOCITY_MISSING_US;
    return (this.flags & POSITION_ABSOLUTE) !== 0 && !velocityFails;
  }
  /** Carried by air speed or a stale estimate still good enough to steer a plane by. */
  get steerable(): boolean {
    return this.#aiding;
  }

  /** Chooses a source set (42007): false if there is no such set. An unconfigured one is taken, and stops aiding. */
  selectSourceSet(set: number): boolean {
    if (!(Number.isInteger(set) && set >= 1 && set <= SOURCE_SETS)) return false;
    this.#set = set;
    return true;
  }

  /** Refused while GPS gives the position, and once there is an origin. */
  setOrigin(origin: GeoPoint): boolean {
    if (this.#origin !== null) return false;
    this.#origin = origin;
    this.#options.events.origin(origin);
    this.#options.events.text(6, "EKF3 IMU0 origin set");
    return true;
  }

  /** A message of a vision system: dropped unless VISO_TYPE is set. */
  external(nav: ExternalNav): void {
    const { parameter } = this.#options;
    if (parameter("VISO_TYPE") === 0) return;
    this.lastVision_us = nav.arrival_us;
    if (this.#resetCounter !== null && nav.resetCounter !== this.#resetCounter) this.#resetPending = true;
    this.#resetCounter = nav.resetCounter;
    const corrected_us = this.#jitter.correct(nav.remote_us, nav.arrival_us);
    if (corrected_us - this.#lastExternal_us < SHORTEST_INTERVAL_US) return;
    this.#lastExternal_us = corrected_us;
    const [north, east, down] = nav.variances_m2;
    const stated_m = Math.cbrt(north ** 2 + east ** 2 + down ** 2);
    const floor_m = parameter("VISO_POS_M_NSE");
    const sigma_m = Math.min(LARGEST_ERROR_M, Number.isNaN(stated_m) ? floor_m : Math.max(stated_m, floor_m));
    if (!Number.isFinite(nav.north_m) || !Number.isFinite(nav.east_m)) return;
    this.#enqueue({
      kind: "external",
      t_us: corrected_us - parameter("VISO_DELAY_MS") * 1000,
      north_m: nav.north_m,
      east_m: nav.east_m,
      sigma_m,
      reset: this.#resetPending,
    });
    this.#resetPending = false;
  }

  /** MAV_CMD_EXTERNAL_POSITION_ESTIMATE: no gate of any kind. False: GPS is healthy, or there is nothing to correct. */
  externalPosition(
    place: { lat_deg: number; lon_deg: number },
    accuracy_m: number,
    sent_us: number,
    age_us: number,
  ): boolean {
    if (!this.#aiding || this.#origin === null) return false;
    if (this.#now_us - this.#lastGpsPass_us < EXTERNAL_POSITION_AFTER_US) return false;
    const stamp_us = this.#jitter.correct(sent_us, this.#now_us) - age_us;
    const late_s =
      (this.#now_us - Math.max(Math.min(stamp_us, this.#now_us), this.#now_us - EXTERNAL_POSITION_OLDEST_US)) / 1e6;
    const local = ARDUPILOT_FRAME.toLocal(this.#origin, place);
    const { vn_mps, ve_mps } = this.#filter.output;
    const sigma_m = Math.max(Number.isFinite(accuracy_m) ? accuracy_m : 0, this.#options.parameter("EK3_POSNE_M_NSE"));
    this.#reset(
      "external_position",
      local.north_m + vn_mps * late_s,
      local.east_m + ve_mps * late_s,
      sigma_m,
      "now",
      "43003",
    );
    return true;
  }

  step(input: EstimatorInput): void {
    this.#now_us = input.t_us;
    this.#inAir = input.inAir;
    this.#filter.predict(input.an_mps2, input.ae_mps2, 0.01);
    const { boot, parameter } = this.#options;
    if (input.gps !== null) this.#gpsArrived(input.gps);
    if (input.airspeed_mps !== null && input.inAir && input.t_us - this.#lastAir_us >= AIRSPEED_EVERY_US) {
      this.#lastAir_us = input.t_us;
      const vn_mps = input.airspeed_mps * Math.cos(input.yaw_rad);
      const ve_mps = input.airspeed_mps * Math.sin(input.yaw_rad);
      this.#enqueue({ kind: "air", t_us: input.t_us, vn_mps, ve_mps });
    }
    if (input.t_us < boot.ready_us) {
      this.#queue = [];
      return;
    }
    this.#followSource(parameter(`EK3_SRC${this.#set}_POSXY`));
    const horizon_us = input.t_us - this.#filter.delay_s * 1e6;
    while (this.#queue[0] !== undefined && this.#queue[0].t_us <= horizon_us + 1) {
      const measurement = this.#queue.shift();
      if (measurement !== undefined) this.#use(measurement);
    }
    const flying = this.#options.plane && input.inAir;
    if (this.#aiding && !flying && input.t_us - this.#lastPass_us > STOP_US) this.#stopAiding();
  }

  #gpsArrived(fix: GpsFix): void {
    this.#lastGps_us = this.#now_us;
    if (this.#origin === null && this.#now_us >= this.#options.boot.origin_us) {
      this.setOrigin({ lat_deg: fix.lat_deg, lon_deg: fix.lon_deg, alt_m: fix.alt_m });
    }
    if (this.#now_us >= this.#options.boot.gps_us) this.#enqueue({ kind: "gps", t_us: fix.t_us, fix });
  }

  #enqueue(measurement: Measurement): void {
    // What is older than the horizon is taken as if it were from there: the sender has to carry it forward.
    const t_us = Math.max(measurement.t_us, this.#now_us - this.#filter.delay_s * 1e6);
    this.#queue.push({ ...measurement, t_us });
    this.#queue.sort((a, b) => a.t_us - b.t_us);
  }

  #followSource(source: number): void {
    if (source === this.#source) return;
    const first = this.#source === 0 && !this.#everAided;
    this.#source = source;
    this.#velocityMissing_us = null;
    if (first) return;
    this.#resetOnNext = true;
    if (source !== SOURCE_GPS && source !== SOURCE_EXTERNAL && this.#aiding) this.#stopAiding();
  }

  #use(measurement: Measurement): void {
    if (measurement.kind === "air") {
      if (this.#aiding) this.#filter.fuseAirVelocity(measurement.vn_mps, measurement.ve_mps, AIRSPEED_SIGMA_MPS);
      return;
    }
    if (measurement.kind === "external") {
      if (this.#source !== SOURCE_EXTERNAL) return;
      // Without air speed a position alone is enough; a plane wants to have had GPS first.
      if (!this.#aiding && this.#options.plane && !this.#gpsUsed) return;
      const { north_m, east_m, sigma_m, reset } = measurement;
      this.#position("external nav data", north_m, east_m, sigma_m, GATE, EXTERNAL_LOST_US, reset, null);
      return;
    }
    const { fix } = measurement;
    if (this.#source !== SOURCE_GPS || this.#origin === null) return;
    const local = ARDUPILOT_FRAME.toLocal(this.#origin, fix);
    const sigma_m = Math.max(fix.sigma_m, this.#options.parameter("EK3_POSNE_M_NSE"));
    const passed = this.#lastPass_us;
    const gate = Math.max(GATE, GLITCH_RADIUS_M / sigma_m);
    this.#position("GPS", local.north_m, local.east_m, sigma_m, gate, this.#gpsLost_us(), false, fix.velocity);
    if (this.#lastPass_us !== passed) {
      this.#lastGpsPass_us = this.#now_us;
      this.#gpsUsed = true;
    }
    this.#gpsVelocity(fix);
  }

  #gpsLost_us(): number {
    return this.#options.plane ? GPS_LOST_PLANE_US : GPS_LOST_COPTER_US;
  }

  #gpsVelocity(fix: GpsFix): void {
    if (this.#options.parameter(`EK3_SRC${this.#set}_VELXY`) !== SOURCE_GPS) return;
    if (fix.velocity === null) {
      this.#velocityMissing_us ??= this.#now_us;
      this.#velocityRatio = 2;
      return;
    }
    this.#velocityMissing_us = null;
    this.#velocityRatio = this.#filter.fuseVelocity(fix.velocity.vn_mps, fix.velocity.ve_mps, 0.5, GATE * 2).ratio;
  }

  #position(
    source: string,
    north_m: number,
    east_m: number,
    sigma_m: number,
    gate: number,
    lost_us: number,
    counterChanged: boolean,
    velocity: { vn_mps: number; ve_mps: number } | null,
  ): void {
    if (!this.#aiding) {
      const cause: ResetCause = this.#everAided ? "aiding_restarted" : "start";
      const jump_m = Math.hypot(north_m - this.#held.north_m, east_m - this.#held.east_m);
      this.#filter.restart(north_m, east_m, sigma_m, velocity?.vn_mps, velocity?.ve_mps);
      this.#aiding = true;
      this.#everAided = true;
      this.#resetOnNext = false;
      this.#pass(0);
      this.#options.events.reset(cause, jump_m, source);
      this.#options.events.text(6, `EKF3 IMU0 is using ${source}`);
      return;
    }
    if (this.#resetOnNext || counterChanged) {
      this.#reset(counterChanged ? "reset_counter" : "source_switch", north_m, east_m, sigma_m, "horizon", source);
      this.#resetOnNext = false;
      this.#pass(0);
      return;
    }
    const { ratio, accepted } = this.#filter.fusePosition(north_m, east_m, sigma_m, gate);
    this.#recentRatio = Math.max(ratio, 0.85 * this.#recentRatio);
    this.#positionRatio = ratio;
    if (accepted) this.#pass(ratio);
    else if (this.#now_us - this.#lastPass_us > lost_us) {
      this.#reset("timeout", north_m, east_m, sigma_m, "horizon", source);
      this.#pass(0);
    }
  }

  #pass(ratio: number): void {
    this.#lastPass_us = this.#now_us;
    this.#positionRatio = ratio;
  }

  #reset(
    cause: ResetCause,
    north_m: number,
    east_m: number,
    sigma_m: number,
    at: "now" | "horizon",
    source: string,
  ): void {
    const jump_m = this.#filter.resetPosition(north_m, east_m, sigma_m, at);
    this.#options.events.reset(cause, jump_m, source);
  }

  #stopAiding(): void {
    const { north_m, east_m } = this.#filter.output;
    this.#held = { north_m, east_m };
    this.#aiding = false;
    this.#options.events.text(4, "EKF3 IMU0 stopped aiding");
  }

  #positionState(): ArduPilotFlagInput["position"] {
    if (!this.#aiding) return "constant";
    const gps = this.#source === SOURCE_GPS;
    const lost_us = gps ? this.#gpsLost_us() : EXTERNAL_LOST_US;
    if (this.#now_us - this.#lastPass_us <= lost_us) return "aided";
    return this.#options.plane ? "air" : "lost";
  }

  /** GPS gives measurements now. */
  get gpsFresh(): boolean {
    return this.#now_us - this.#lastGps_us < GPS_FRESH_US;
  }
}
