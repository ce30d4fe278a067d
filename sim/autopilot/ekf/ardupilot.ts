import { ARDUPILOT_FRAME } from "../../../agent/mavlink/local-frame.js";
import { type ArduPilotFlagInput, arduPilotFlags, POSITION_ABSOLUTE } from "./ardupilot-flags.js";
import {
  AIRSPEED_EVERY_US,
  AIRSPEED_SIGMA_MPS,
  type ArduPilotEkfOptions,
  EXTERNAL_LOST_US,
  EXTERNAL_POSITION_AFTER_US,
  EXTERNAL_POSITION_OLDEST_US,
  GATE,
  GLITCH_RADIUS_M,
  GPS_DELAY_S,
  gpsLost_us,
  type Measurement,
  type PositionUpdate,
  SOURCE_EXTERNAL,
  SOURCE_GPS,
  SOURCE_SETS,
  STOP_US,
  UNKNOWN_VELOCITY_MPS,
  VELOCITY_MISSING_US,
} from "./ardupilot-limits.js";
import type { Estimator, EstimatorInput, GeoPoint, GpsFix, ResetCause } from "./estimator.js";
import { HorizonFilter, type Horizontal } from "./filter.js";
import { HorizonQueue } from "./horizon-queue.js";
import { type ExternalNav, VisionReceiver } from "./vision-receiver.js";

/** EKF3 as far as horizontal position goes: source sets, gates, timeouts and resets as measured. */
export class ArduPilotEkf implements Estimator {
  readonly #options: ArduPilotEkfOptions;
  readonly #filter: HorizonFilter;
  readonly #vision: VisionReceiver;
  readonly #queue = new HorizonQueue<Measurement>();
  #now_us = 0;
  #aiding = false;
  #everAided = false;
  #gpsUsed = false;
  #origin: GeoPoint | null = null;
  #set = 1;
  #source = 0;
  #resetOnNext = false;
  #lastPass_us = 0;
  #lastGpsPass_us = Number.NEGATIVE_INFINITY;
  #velocityMissing_us: number | null = null;
  #lastAir_us = 0;
  #inAir = false;
  #held = { north_m: 0, east_m: 0 };
  #positionRatio = 0;
  #velocityRatio = 0;
  #recentRatio = 0;

  constructor(options: ArduPilotEkfOptions) {
    this.#options = options;
    this.#vision = new VisionReceiver(options.parameter);
    const delay_s = this.#delay_s();
    this.#filter = new HorizonFilter({ accel_mps2: 0.35, bias_mps2: 0.006, wind_mps: 0.1, delay_s, test: "length" });
  }

  /** Parameters that are read at boot hold from now on: how far back the horizon lies. */
  rebooted(): void {
    this.#filter.setDelay(this.#delay_s());
  }

  #delay_s(): number {
    return Math.max(GPS_DELAY_S, this.#options.parameter("VISO_DELAY_MS") / 1000);
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
  /** When the last vision message arrived. */
  get lastVision_us(): number {
    return this.#vision.heardAt_us;
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
    const measurement = this.#vision.receive(nav);
    if (measurement !== null) this.#queue.add({ kind: "external", ...measurement }, this.#horizon_us);
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
    const stamp_us = this.#vision.toLocal(sent_us, this.#now_us) - age_us;
    const late_s = Math.min(Math.max(this.#now_us - stamp_us, 0), EXTERNAL_POSITION_OLDEST_US) / 1e6;
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
      this.#queue.add({ kind: "air", t_us: input.t_us, vn_mps, ve_mps }, this.#horizon_us);
    }
    if (input.t_us < boot.ready_us) {
      this.#queue.clear();
      return;
    }
    this.#followSource(parameter(`EK3_SRC${this.#set}_POSXY`));
    for (const measurement of this.#queue.due(this.#horizon_us)) this.#use(measurement);
    const flying = this.#options.plane && input.inAir;
    if (this.#aiding && !flying && input.t_us - this.#lastPass_us > STOP_US) this.#stopAiding();
  }

  #gpsArrived(fix: GpsFix): void {
    if (this.#origin === null && this.#now_us >= this.#options.boot.origin_us) {
      this.setOrigin({ lat_deg: fix.lat_deg, lon_deg: fix.lon_deg, alt_m: fix.alt_m });
    }
    if (this.#now_us >= this.#options.boot.gps_us)
      this.#queue.add({ kind: "gps", t_us: fix.t_us, fix }, this.#horizon_us);
  }

  get #horizon_us(): number {
    return this.#now_us - this.#filter.delay_s * 1e6;
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
      const limits = { gate: GATE, lost_us: EXTERNAL_LOST_US, counterChanged: measurement.reset };
      this.#position({ source: "external nav data", ...measurement, ...limits, velocity: null });
      return;
    }
    const { fix } = measurement;
    if (this.#source !== SOURCE_GPS || this.#origin === null) return;
    const local = ARDUPILOT_FRAME.toLocal(this.#origin, fix);
    const sigma_m = Math.max(fix.sigma_m, this.#options.parameter("EK3_POSNE_M_NSE"));
    const passed = this.#lastPass_us;
    const gate = Math.max(GATE, GLITCH_RADIUS_M / sigma_m);
    const limits = { gate, lost_us: gpsLost_us(this.#options.plane), counterChanged: false };
    this.#position({ source: "GPS", ...local, sigma_m, ...limits, velocity: fix.velocity });
    if (this.#lastPass_us !== passed) {
      this.#lastGpsPass_us = this.#now_us;
      this.#gpsUsed = true;
    }
    this.#gpsVelocity(fix);
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

  #position(update: PositionUpdate): void {
    const { source, north_m, east_m, sigma_m } = update;
    if (!this.#aiding) {
      const cause: ResetCause = this.#everAided ? "aiding_restarted" : "start";
      const jump_m = Math.hypot(north_m - this.#held.north_m, east_m - this.#held.east_m);
      const { vn_mps = 0, ve_mps = 0 } = update.velocity ?? {};
      const velocitySigma_mps = update.velocity === null && this.#inAir ? UNKNOWN_VELOCITY_MPS : 0.5;
      this.#filter.restart(north_m, east_m, sigma_m, vn_mps, ve_mps, velocitySigma_mps);
      this.#aiding = true;
      this.#everAided = true;
      this.#resetOnNext = false;
      this.#pass(0);
      this.#options.events.reset(cause, jump_m, source);
      this.#options.events.text(6, `EKF3 IMU0 is using ${source}`);
      return;
    }
    if (this.#resetOnNext || update.counterChanged) {
      const cause = update.counterChanged ? "reset_counter" : "source_switch";
      this.#reset(cause, north_m, east_m, sigma_m, "horizon", source);
      this.#resetOnNext = false;
      this.#pass(0);
      return;
    }
    const { ratio, accepted } = this.#filter.fusePosition(north_m, east_m, sigma_m, update.gate);
    this.#recentRatio = Math.max(ratio, 0.85 * this.#recentRatio);
    this.#positionRatio = ratio;
    if (accepted) this.#pass(ratio);
    else if (this.#now_us - this.#lastPass_us > update.lost_us) {
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
    this.#held = this.#filter.output;
    this.#aiding = false;
    this.#options.events.text(4, "EKF3 IMU0 stopped aiding");
  }

  #positionState(): ArduPilotFlagInput["position"] {
    if (!this.#aiding) return "constant";
    const lost_us = this.#source === SOURCE_GPS ? gpsLost_us(this.#options.plane) : EXTERNAL_LOST_US;
    if (this.#now_us - this.#lastPass_us <= lost_us) return "aided";
    return this.#options.plane ? "air" : "lost";
  }
}
