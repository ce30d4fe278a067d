import { ARDUPILOT_FRAME, type LocalFrame, PX4_FRAME } from "../../agent/mavlink/local-frame.js";
import { distance_m, type GeoPoint as LatLonPoint, offsetToLonLat } from "../../tiles/geodesy/wgs84.js";
import { Rng } from "../world/random.js";
import { type Body, type Demand, type Truth, Wind } from "./body/body.js";
import { CopterBody } from "./body/copter.js";
import { Gps } from "./body/gps.js";
import { PlaneBody } from "./body/plane.js";
import { type Inertial, Sensors } from "./body/sensors.js";
import { ArduPilotEkf } from "./ekf/ardupilot.js";
import type { Estimator, EstimatorEvents, GpsFix } from "./ekf/estimator.js";
import { Px4Ekf } from "./ekf/px4.js";
import { ArduPilotCommander } from "./flight/ardupilot-commander.js";
import { arduPilotArmingProblem, bootTimes } from "./flight/arming.js";
import type { Commander, CommanderEvents, Situation } from "./flight/commander.js";
import { type Phase, Pilot } from "./flight/pilot.js";
import { Px4Commander } from "./flight/px4-commander.js";
import { Steering } from "./flight/steering.js";
import { GpsInputs } from "./gps-inputs.js";
import { DEG, type KindTraits, STEP_S, STEP_US, TRAITS } from "./kinds.js";
import { FlightLog } from "./log/flight-log.js";
import type { TwinOptions } from "./options.js";
import { PARAMETER_DEFAULTS } from "./parameters/defaults.js";
import { ParameterStore } from "./parameters/store.js";

const LOG_EVERY_US = 100_000;
const CONTROL_EVERY_US = 20_000;
const GPS_SIGMA_M = 0.5;
/** A twin that begins in the air has its first GPS fix within this time. */
const AIR_START_US = 1_000_000;

/** A firmware with its EKF: what each can be told differs. */
export type Firmware =
  | { readonly kind: "ardupilot"; readonly ekf: ArduPilotEkf }
  | { readonly kind: "px4"; readonly ekf: Px4Ekf };

/** The aircraft with its autopilot, without any MAVLink: steps of 10 ms, no clock, all chance from the seed. */
export class Vehicle {
  readonly traits: KindTraits;
  readonly parameters: ParameterStore;
  readonly body: Body;
  readonly sensors: Sensors;
  readonly gps: Gps;
  readonly gpsInputs: GpsInputs;
  readonly firmware: Firmware;
  readonly commander: Commander;
  readonly steering: Steering;
  readonly log = new FlightLog();
  readonly frame: LocalFrame;
  /** STATUSTEXTs since the last look: the owner empties it. */
  readonly texts: { severity: number; text: string }[] = [];
  readonly #wind: Wind;
  readonly #pilot: Pilot | null;
  #t_us = 0;
  #inertial: Inertial;
  #demand: Demand;
  #positionWasOk = false;
  #externalJam = false;

  constructor(readonly options: TwinOptions) {
    const rng = new Rng(options.seed);
    this.traits = TRAITS[options.kind];
    const plane = this.traits.frame === "plane";
    this.parameters = new ParameterStore(PARAMETER_DEFAULTS[options.kind], options.parameters);
    this.frame = this.traits.firmware === "px4" ? PX4_FRAME : ARDUPILOT_FRAME;
    this.body = plane ? new PlaneBody(new Rng(rng.seed())) : new CopterBody(new Rng(rng.seed()));
    this.sensors = new Sensors(new Rng(rng.seed()), options);
    this.gps = new Gps(new Rng(rng.seed()));
    this.gpsInputs = new GpsInputs((name) => this.parameters.value(name));
    this.#wind = new Wind(new Rng(rng.seed()), options.wind);
    this.#inertial = this.sensors.inertial(this.body.truth, STEP_S);
    const parameter = (name: string) => this.parameters.value(name);
    const boot = bootTimes(options, plane);
    const events = this.#estimatorEvents();
    const flightEvents = this.#commanderEvents();
    if (this.traits.firmware === "px4") {
      this.firmware = { kind: "px4", ekf: new Px4Ekf({ parameter, events, ready_us: boot.ready_us }) };
      this.commander = new Px4Commander(flightEvents);
    } else {
      const ekf = new ArduPilotEkf({ plane, boot, parameter, events });
      this.firmware = { kind: "ardupilot", ekf };
      this.commander = new ArduPilotCommander({
        plane,
        parameter,
        events: flightEvents,
        armingProblem: (needsPosition, situation) =>
          arduPilotArmingProblem({
            options,
            ekf,
            parameter,
            gps: this.gps,
            inputs: this.gpsInputs,
            needsPosition,
            situation,
          }),
      });
    }
    this.steering = new Steering(this);
    this.#demand = this.steering.demand(this.#inertial);
    this.#pilot = options.mission === null ? null : new Pilot(this, options.mission, boot.ready_us);
    if (options.start === "air") this.#pilot?.beginInAir();
  }

  get t_us(): number {
    return this.#t_us;
  }
  get truth(): Truth {
    return this.body.truth;
  }
  get ekf(): Estimator {
    return this.firmware.ekf;
  }
  /** Attitude as the autopilot believes it. */
  get attitude(): Inertial {
    return this.#inertial;
  }
  get inAir(): boolean {
    return !this.body.truth.onGround;
  }
  get trueAgl_m(): number {
    const { north_m, east_m, up_m } = this.truth;
    return up_m - this.options.ground(north_m, east_m);
  }
  get baroHeight_m(): number {
    return this.sensors.baroHeight_m(this.truth);
  }
  get situation(): Situation {
    const settling = this.options.start === "air" && this.#t_us < AIR_START_US;
    return { t_us: this.#t_us, positionOk: this.ekf.positionOk || settling, inAir: this.inAir };
  }
  /** What the built-in ground station is at: waiting, takeoff, route, done. */
  get phase(): Phase | "none" {
    return this.#pilot?.phase ?? "none";
  }

  /** Place on the globe of an offset from home (true metres). */
  globeAt(north_m: number, east_m: number): LatLonPoint {
    return offsetToLonLat(this.options.home, north_m, east_m);
  }

  /** Where it really is. */
  get trueLatLon(): LatLonPoint {
    return this.globeAt(this.truth.north_m, this.truth.east_m);
  }

  /** Where the autopilot believes to be; null while it has no origin. */
  get estimatedLatLon(): LatLonPoint | null {
    const { origin } = this.ekf;
    return origin === null ? null : this.frame.toGlobal(origin, this.ekf.horizontal);
  }

  /** Jams GPS, or lets it be again. */
  jam(jammed: boolean): void {
    this.#externalJam = jammed;
  }

  step(): void {
    this.#t_us += STEP_US;
    const { jamAt_s, jamEnd_s } = this.options;
    if (jamAt_s !== null && this.#t_us === Math.round(jamAt_s * 100) * STEP_US) this.jam(true);
    if (jamEnd_s !== null && this.#t_us === Math.round(jamEnd_s * 100) * STEP_US) this.jam(false);
    const wind = this.#wind.step(STEP_S);
    if (this.#t_us % CONTROL_EVERY_US === 0) this.#demand = this.steering.demand(this.#inertial);
    this.body.step(STEP_S, this.#demand, wind);
    this.#touchDown();
    this.#inertial = this.sensors.inertial(this.truth, STEP_S, this.#velocityAided());
    const airspeed_mps = this.traits.frame === "plane" ? this.truth.airspeed_mps : null;
    this.ekf.step({
      t_us: this.#t_us,
      an_mps2: this.#inertial.an_mps2,
      ae_mps2: this.#inertial.ae_mps2,
      yaw_rad: this.#inertial.yaw_rad,
      airspeed_mps,
      gps: this.#gpsFix(),
      inAir: this.inAir,
    });
    this.commander.step(this.situation);
    this.#pilot?.step();
    this.#record();
  }

  /** ArduPilot's tilt is taken to be right whatever aids it. */
  #velocityAided(): boolean {
    return this.firmware.kind !== "px4" || this.firmware.ekf.velocityAided;
  }

  #gpsFix(): GpsFix | null {
    const jammed = this.#externalJam || this.#jammedByParameter();
    if (jammed !== this.gps.jammed) {
      this.gps.jammed = jammed;
      this.log.add({ kind: "event", t_s: this.#t_us / 1e6, event: "gps", jammed });
    }
    const metres = DEG * 6_378_137;
    this.gps.glitch = {
      north_m: this.parameters.value("SIM_GPS1_GLTCH_X") * metres,
      east_m: this.parameters.value("SIM_GPS1_GLTCH_Y") * metres * Math.cos(this.options.home.lat_deg * DEG),
    };
    const sample = this.gps.step(this.#t_us, this.truth);
    const own: GpsFix | null =
      sample === null || !this.#hasReceiver()
        ? null
        : {
            t_us: sample.t_us,
            ...this.globeAt(sample.north_m, sample.east_m),
            alt_m: this.options.home.alt_m + sample.up_m,
            sigma_m: GPS_SIGMA_M,
            velocity: { vn_mps: sample.vn_mps, ve_mps: sample.ve_mps },
          };
    return this.traits.firmware === "px4" ? own : this.gpsInputs.choose(own, this.#t_us);
  }

  #hasReceiver(): boolean {
    return this.traits.firmware === "px4"
      ? this.parameters.value("SYS_HAS_GPS") !== 0
      : this.parameters.value("GPS1_TYPE") === 1;
  }

  #jammedByParameter(): boolean {
    const value = (name: string) => this.parameters.value(name);
    if (this.traits.firmware === "px4") return value("SIM_GPS_USED") < 4;
    return value("SIM_GPS1_ENABLE") === 0 || value("SIM_GPS1_JAM") !== 0;
  }

  #touchDown(): void {
    const t = this.truth;
    const ground_m = this.options.ground(t.north_m, t.east_m);
    if (t.onGround || t.up_m > ground_m || t.vu_mps > 0) return;
    t.up_m = ground_m;
    t.onGround = true;
    this.commander.disarm();
  }

  #record(): void {
    const t_s = this.#t_us / 1e6;
    const { positionOk } = this.ekf;
    if (positionOk !== this.#positionWasOk) {
      this.#positionWasOk = positionOk;
      this.log.add({ kind: "event", t_s, event: "position_ok", ok: positionOk });
    }
    if (this.#t_us % LOG_EVERY_US !== 0) return;
    const truth = this.trueLatLon;
    const estimate = this.estimatedLatLon;
    this.log.add({
      kind: "state",
      t_s,
      true_lat_deg: truth.lat_deg,
      true_lon_deg: truth.lon_deg,
      true_agl_m: this.trueAgl_m,
      est_lat_deg: estimate?.lat_deg ?? null,
      est_lon_deg: estimate?.lon_deg ?? null,
      error_m: estimate === null ? null : distance_m(truth, estimate),
      sigma_m: this.ekf.positionSigma_m,
      ratio: this.ekf.positionRatio,
      flags: this.ekf.flags,
      position_ok: positionOk,
      mode: this.commander.modeName,
      armed: this.commander.armed,
      in_air: this.inAir,
      gps: !this.gps.jammed && this.#hasReceiver(),
    });
  }

  #estimatorEvents(): EstimatorEvents {
    return {
      reset: (cause, jump_m, source) =>
        this.log.add({ kind: "event", t_s: this.#t_us / 1e6, event: "reset", cause, jump_m, source }),
      text: (severity, text) => this.#text(severity, text),
      origin: (origin) => this.log.add({ kind: "event", t_s: this.#t_us / 1e6, event: "origin", ...origin }),
    };
  }

  #commanderEvents(): CommanderEvents {
    return {
      mode: (mode, reason) => this.log.add({ kind: "event", t_s: this.#t_us / 1e6, event: "mode", mode, reason }),
      armed: (armed) => this.log.add({ kind: "event", t_s: this.#t_us / 1e6, event: "armed", armed }),
      failsafe: (what) => this.log.add({ kind: "event", t_s: this.#t_us / 1e6, event: "failsafe", what }),
      text: (severity, text) => this.#text(severity, text),
    };
  }

  #text(severity: number, text: string): void {
    this.texts.push({ severity, text });
    this.log.add({ kind: "event", t_s: this.#t_us / 1e6, event: "text", severity, text });
  }
}
