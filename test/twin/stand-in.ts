import { common, type MavLinkData } from "node-mavlink";
import { GlobalPositionSensor } from "../../agent/mavlink/messages/global-position-sensor.js";
import { Rng } from "../../sim/world/random.js";
import { offsetToLonLat } from "../../tiles/geodesy/wgs84.js";
import type { Companion } from "./companion.js";

export type StandInMessage =
  | "vision_position_estimate"
  | "odometry"
  | "global_vision_position_estimate"
  | "global_position_sensor"
  | "gps_input"
  | "external_position";

export interface StandInOptions {
  readonly message: StandInMessage;
  /** New fixes a second. */
  readonly rate_hz: number;
  /** Messages a second; the newest fix is sent again with the same time. Default: no repeats. */
  readonly send_hz?: number;
  /** A repeat gets a new time. */
  readonly newTime?: boolean;
  readonly latency_s?: number;
  readonly sigma_m?: number;
  /** Position error that it states, metres; NaN: unknown. */
  readonly stated_m?: number;
  /** Moved on by the true velocity to the time of sending. */
  readonly extrapolate?: boolean;
  /** Time of capture on its own clock, which is this much ahead of the autopilot's. */
  readonly clockAhead_us?: number;
  readonly seed?: number;
  readonly sensorId?: number;
  readonly velocity?: boolean;
  readonly childFrame?: number;
  readonly quality?: number;
}

interface Capture {
  readonly t_us: number;
  readonly north_m: number;
  readonly east_m: number;
  readonly yaw_rad: number;
}

/** Stands in for vision: the true position with noise, late, as in the flights that were measured. */
export class StandIn {
  readonly #companion: Companion;
  readonly #options: StandInOptions;
  readonly #rng: Rng;
  #waiting: Capture[] = [];
  #newest: Capture | null = null;
  #nextCapture_us = 0;
  #nextSend_us = 0;
  on = true;
  /** Added to every fix, metres. */
  offset = { north_m: 0, east_m: 0 };
  resetCounter = 0;
  /** Results of 43003 so far. */
  readonly results: (number | null)[] = [];

  constructor(companion: Companion, options: StandInOptions) {
    this.#companion = companion;
    this.#options = options;
    this.#rng = new Rng(options.seed ?? 77);
    this.#nextCapture_us = companion.twin.t_us + this.#rng.int(1e6 / options.rate_hz / 10_000) * 10_000;
  }

  /** To be called after each step of the twin. */
  step = (): void => {
    const { twin } = this.#companion;
    const { rate_hz, send_hz, latency_s = 0.3, sigma_m = 5 } = this.#options;
    const now = twin.t_us;
    if (now >= this.#nextCapture_us) {
      this.#nextCapture_us += 1e6 / rate_hz;
      const { north_m, east_m, yaw_rad } = twin.vehicle.truth;
      this.#waiting.push({
        t_us: now,
        north_m: north_m + sigma_m * this.#rng.normal(),
        east_m: east_m + sigma_m * this.#rng.normal(),
        yaw_rad,
      });
    }
    let fresh = false;
    while (this.#waiting[0] !== undefined && this.#waiting[0].t_us + latency_s * 1e6 <= now) {
      this.#newest = this.#waiting.shift() ?? null;
      fresh = true;
    }
    const due = send_hz === undefined ? fresh : now >= this.#nextSend_us;
    if (!due || this.#newest === null || !this.on) return;
    this.#nextSend_us = now + 1e6 / (send_hz ?? rate_hz);
    this.#send(this.#newest);
  };

  #send(fix: Capture): void {
    const { twin } = this.#companion;
    const { extrapolate = false, newTime = false, latency_s = 0.3, clockAhead_us = 0 } = this.#options;
    const age_s = extrapolate ? (twin.t_us - fix.t_us) / 1e6 : 0;
    const { vn_mps, ve_mps } = twin.vehicle.truth;
    const place = offsetToLonLat(
      twin.vehicle.options.home,
      fix.north_m + this.offset.north_m + vn_mps * age_s,
      fix.east_m + this.offset.east_m + ve_mps * age_s,
    );
    const stamp_us = (newTime ? twin.t_us - latency_s * 1e6 : fix.t_us) + clockAhead_us;
    if (this.#options.message === "external_position") {
      this.results.push(
        this.#companion.commandInt(43003, {
          frame: 0 as never,
          _param1: twin.t_us / 1e6,
          _param2: (twin.t_us - fix.t_us) / 1e6,
          _param3: this.#options.stated_m ?? 5,
          _param5: Math.round(place.lat_deg * 1e7),
          _param6: Math.round(place.lon_deg * 1e7),
          _param7: Number.NaN,
          ...(twin.vehicle.traits.firmware === "px4" ? { frame: 5 as never } : {}),
        }),
      );
      return;
    }
    const message = this.#message(fix, place, Math.round(stamp_us));
    if (message !== null) this.#companion.send(message);
  }

  #message(fix: Capture, place: { lat_deg: number; lon_deg: number }, stamp_us: number): MavLinkData | null {
    const { vehicle } = this.#companion.twin;
    const { stated_m = Number.NaN, sensorId = 1, velocity = false } = this.#options;
    const lat = Math.round(place.lat_deg * 1e7);
    const lon = Math.round(place.lon_deg * 1e7);
    const covariance = new Array<number>(21).fill(0);
    covariance[0] = stated_m ** 2;
    covariance[6] = stated_m ** 2;
    covariance[11] = Number.isNaN(stated_m) ? Number.NaN : 1;
    const { origin } = vehicle.ekf;
    const local = origin === null ? { north_m: fix.north_m, east_m: fix.east_m } : vehicle.frame.toLocal(origin, place);
    switch (this.#options.message) {
      case "vision_position_estimate":
        return Object.assign(new common.VisionPositionEstimate(), {
          usec: BigInt(stamp_us),
          x: local.north_m,
          y: local.east_m,
          covariance,
          resetCounter: this.resetCounter,
        });
      case "global_vision_position_estimate":
        return Object.assign(new common.GlobalVisionPositionEstimate(), {
          usec: BigInt(stamp_us),
          x: place.lat_deg,
          y: place.lon_deg,
          covariance,
        });
      case "odometry":
        return Object.assign(new common.Odometry(), {
          timeUsec: BigInt(stamp_us),
          frameId: 20,
          childFrameId: this.#options.childFrame ?? 12,
          x: local.north_m,
          y: local.east_m,
          q: [1, 0, 0, 0],
          vx: velocity ? vehicle.truth.vn_mps : Number.NaN,
          vy: velocity ? vehicle.truth.ve_mps : Number.NaN,
          vz: Number.NaN,
          poseCovariance: covariance,
          velocityCovariance: new Array<number>(21).fill(0),
          resetCounter: this.resetCounter,
          estimatorType: common.MavEstimatorType.VISION,
          quality: this.#options.quality ?? 0,
        });
      case "global_position_sensor":
        return Object.assign(new GlobalPositionSensor(), {
          timeUsec: BigInt(stamp_us),
          lat,
          lon,
          eph: this.#options.stated_m ?? 5,
          id: sensorId,
          source: 2,
        });
      case "gps_input":
        return Object.assign(new common.GpsInput(), {
          timeUsec: BigInt(stamp_us),
          ignoreFlags: velocity ? 48 : 8 | 16 | 32,
          fixType: 3,
          lat,
          lon,
          alt: vehicle.options.home.alt_m + vehicle.truth.up_m,
          horizAccuracy: this.#options.stated_m ?? 4,
          satellitesVisible: 10,
        });
      default:
        return null;
    }
  }
}
