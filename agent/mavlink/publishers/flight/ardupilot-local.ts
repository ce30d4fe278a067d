import type { MavLinkData } from "node-mavlink";
import type { MavlinkFrame } from "../../frame.js";
import type { GeoOrigin } from "../../origin.js";
import { encodeOdometry, encodeVisionPosition, type LocalPoint } from "../encoding.js";
import type { PublishMoment } from "../flight-publisher.js";
import type { Checks } from "./checks.js";
import { GuardedPublisher, type Turn } from "./guarded-publisher.js";
import {
  covarianceForArdupilot,
  odometryQuality,
  type PlacedSample,
  WireResets,
  wantPlaced,
} from "./local-position.js";
import { OwnHeight } from "./own-height.js";
import type { ParameterReader } from "./parameter-reader.js";
import { wantPosition } from "./position-sample.js";
import { SharedOrigin } from "./shared-origin.js";
import { isArdupilot, isPlane, vehicleText, wantVehicle } from "./vehicle-kind.js";

export interface ArdupilotLocalOptions {
  /** The message: both are fused alike. */
  readonly message: "vision_position_estimate" | "odometry";
  /** 5 to 10 Hz: the source times out after 300 ms. */
  readonly rate_hz: number;
  /** The constant age of every position, at most 250 ms; null: what the vehicle has in VISO_DELAY_MS. */
  readonly latency_ms: number | null;
  /** Without a new fix a position carried on by odometry is sent as new information after this long, seconds. */
  readonly refresh_s: number;
  /** Offered to a vehicle that has no origin; null: the vehicle's own is waited for. */
  readonly origin: GeoOrigin | null;
}

const GPS_3D_FIX = 3;
/** The delay that ArduPilot takes off every position, milliseconds, and the most that it can. */
export const VISION_DELAY = "VISO_DELAY_MS";
const MAX_DELAY_MS = 250;

/**
 * VISION_POSITION_ESTIMATE or ODOMETRY for ArduPilot.
 *
 * Every message is a position of one constant age, stamped with the agent's clock: ArduPilot takes the
 * least-lagged packet as lag zero, so that only a constant latency can be put right (VISO_DELAY_MS). A fix becomes one
 * new position; until the next fix it is sent again with the same stamp and the same counter, which keeps the source
 * healthy and is not fused twice. Where no fix comes for `refresh_s`, a position carried on by odometry is new
 * information as well: without any the EKF loses its position after 7 s.
 */
export class ArdupilotLocalFlight extends GuardedPublisher {
  readonly name: ArdupilotLocalOptions["message"];
  readonly #options: ArdupilotLocalOptions;
  readonly #parameters: ParameterReader;
  readonly #origin: SharedOrigin;
  readonly #resets = new WireResets();
  readonly #height = new OwnHeight();
  #repeated: MavLinkData | null = null;
  #repeatedFixCount = -1;
  #repeatedReset = -1;
  #repeatedOrigin: GeoOrigin | null = null;
  #new_us = Number.NEGATIVE_INFINITY;
  #hadGps = false;

  constructor(options: ArdupilotLocalOptions, parameters: ParameterReader) {
    super(options.rate_hz);
    this.name = options.message;
    this.#options = options;
    this.#parameters = parameters;
    parameters.want([VISION_DELAY]);
    this.#origin = new SharedOrigin(options.origin);
  }

  override receive(frame: MavlinkFrame): void {
    this.#origin.receive(frame);
    this.#height.receive(frame);
  }

  protected turn(moment: PublishMoment, checks: Checks): Turn {
    const { now_us, status } = moment;
    this.#origin.update(status);
    this.#height.update(status);
    const vehicle = wantVehicle(status, checks);
    if (vehicle !== null) {
      const ardupilot = isArdupilot(vehicle);
      checks.must("autopilot", ardupilot, ardupilot ? "ArduPilot" : `${vehicleText(vehicle)} needs another feed`);
      if (isPlane(vehicle)) {
        this.#hadGps ||= (status.gps_fix_type ?? 0) >= GPS_3D_FIX || status.ekf_position_valid === true;
        const detail = "a plane's EKF aligns on GPS first; without it before take-off it never takes vision";
        checks.want("gps_before", this.#hadGps, this.#hadGps ? "the EKF has had GPS" : detail);
      }
    }
    const latency_us = this.#wantLatency(checks);
    const sample = wantPosition(moment, now_us - latency_us, checks);
    const placed = wantPlaced(sample, vehicle, this.#origin, checks);
    // A position that comes back after a gap is new information, whatever its counter says.
    if (placed === null) this.#repeated = null;
    return {
      requests: this.#origin.requests(now_us),
      feed: () => (placed === null ? [] : [this.#message(placed, now_us)]),
    };
  }

  /** Adds the condition "latency" and gives the age that positions must have, microseconds. */
  #wantLatency(checks: Checks): number {
    const { latency_ms } = this.#options;
    const delay_ms = this.#parameters.value(VISION_DELAY);
    if (latency_ms !== null) {
      const other = delay_ms !== null && delay_ms !== latency_ms ? `, but ${VISION_DELAY} is ${delay_ms}` : "";
      checks.want("latency", true, `${latency_ms} ms${other}`);
      return latency_ms * 1000;
    }
    const state = this.#parameters.state(VISION_DELAY);
    if (delay_ms === null && state === "pending") {
      checks.want("latency", false, `${VISION_DELAY} is not read yet`);
      return 0;
    }
    // A firmware that does not answer is one without vision, or a bad link: the value that the guide has set.
    const age_ms = Math.min(Math.max(delay_ms ?? MAX_DELAY_MS, 0), MAX_DELAY_MS);
    checks.want("latency", true, `${age_ms} ms, ${VISION_DELAY} is ${delay_ms ?? state}`);
    return Math.round(age_ms * 1000);
  }

  /** The message for this turn: a new one where there is something new, else the last one again. */
  #message(placed: PlacedSample, now_us: number): MavLinkData {
    const { sample, origin } = placed;
    const isNew =
      sample.fix_count !== this.#repeatedFixCount ||
      sample.reset_counter !== this.#repeatedReset ||
      origin !== this.#repeatedOrigin ||
      now_us - this.#new_us >= this.#options.refresh_s * 1e6;
    if (this.#repeated !== null && !isNew) return this.#repeated;
    this.#repeatedFixCount = sample.fix_count;
    this.#repeatedReset = sample.reset_counter;
    this.#repeatedOrigin = origin;
    this.#new_us = now_us;
    const point = this.#resets.toPoint(placed, this.#height.down_m(origin));
    this.#repeated = this.#encode({ ...point, cov_ne_m2: covarianceForArdupilot(point.cov_ne_m2) }, sample.eph_m);
    return this.#repeated;
  }

  #encode(point: LocalPoint, eph_m: number): MavLinkData {
    return this.#options.message === "odometry"
      ? encodeOdometry(point, "ardupilot", odometryQuality(eph_m))
      : encodeVisionPosition(point);
  }
}
