import type { MavlinkFrame } from "../../frame.js";
import type { GeoOrigin } from "../../origin.js";
import { encodeOdometry, encodeVisionPosition } from "../encoding.js";
import type { PublishMoment } from "../flight-publisher.js";
import type { Checks } from "./checks.js";
import { GuardedPublisher, type Turn } from "./guarded-publisher.js";
import { odometryQuality, WireResets, wantPlaced } from "./local-position.js";
import type { ParameterReader } from "./parameter-reader.js";
import { wantPosition } from "./position-sample.js";
import { Px4Velocity } from "./px4-velocity.js";
import { SharedOrigin } from "./shared-origin.js";
import { isPx4, vehicleText, wantVehicle } from "./vehicle-kind.js";

export interface Px4LocalOptions {
  readonly message: "odometry" | "vision_position_estimate";
  /** 10 to 30 Hz: a gap of 200 ms keeps PX4 from starting, at 2 Hz it never does. */
  readonly rate_hz: number;
  /** Age of the positions when they carry their own stamps, at most 250 ms. */
  readonly latency_ms: number;
  /** The link answers PX4's TIMESYNC requests, so that PX4 trusts our stamps (after some 500 answers). */
  readonly answersTimesync: boolean;
  readonly origin: GeoOrigin | null;
}

/** PX4's own delay of external vision, milliseconds. */
export const EV_DELAY = "EKF2_EV_DELAY";
/** Beyond this the fusion horizon (0.78 x EKF2_DELAY_MAX, which is 200 to 400) does not reach. */
const MAX_EV_DELAY_MS = 500;

/**
 * ODOMETRY (or VISION_POSITION_ESTIMATE) for PX4, for firmware without GLOBAL_POSITION_SENSOR.
 *
 * PX4 knows the time of a position in one of two ways, and both together stop the aiding after some 50 s, when TIMESYNC
 * has converged and the delay is taken off twice:
 * - TIMESYNC is answered and EKF2_EV_DELAY is 0: the stamp is the time of the position, on the agent's clock;
 * - TIMESYNC is not answered: PX4 stamps on arrival and takes EKF2_EV_DELAY off, so that the position of that long ago is
 *   sent.
 *
 * ODOMETRY carries the velocity too; PX4 takes it where EKF2_EV_CTRL has its bit.
 */
export class Px4LocalFlight extends GuardedPublisher {
  readonly name: Px4LocalOptions["message"];
  readonly #options: Px4LocalOptions;
  readonly #parameters: ParameterReader;
  readonly #origin: SharedOrigin;
  readonly #resets = new WireResets();
  readonly #velocity: Px4Velocity;

  constructor(options: Px4LocalOptions, parameters: ParameterReader) {
    super(options.rate_hz);
    this.name = options.message;
    this.#options = options;
    this.#parameters = parameters;
    this.#origin = new SharedOrigin(options.origin);
    this.#velocity = new Px4Velocity(options.rate_hz);
    parameters.want([EV_DELAY]);
  }

  override receive(frame: MavlinkFrame): void {
    this.#origin.receive(frame);
    this.#velocity.receive(frame);
  }

  protected turn(moment: PublishMoment, checks: Checks): Turn {
    const { now_us, status } = moment;
    this.#origin.update(status);
    const vehicle = wantVehicle(status, checks);
    if (vehicle !== null) {
      const px4 = isPx4(vehicle);
      checks.must("autopilot", px4, px4 ? "PX4" : `${vehicleText(vehicle)} needs another feed`);
    }
    const age_us = this.#wantTimeBase(moment, checks);
    const sample = wantPosition(moment, now_us - age_us, checks);
    const placed = wantPlaced(sample, vehicle, this.#origin, checks);
    return {
      requests: this.#origin.requests(now_us),
      feed: () => {
        if (placed === null) return [];
        const point = this.#resets.toPoint(placed);
        const stamped = this.#options.answersTimesync ? point : { ...point, t_us: now_us };
        return [
          this.#options.message === "odometry"
            ? encodeOdometry(stamped, "px4", odometryQuality(placed.sample.eph_m), this.#velocity.of(placed.sample))
            : encodeVisionPosition(stamped),
        ];
      },
    };
  }

  /** Adds the condition "time_base" and gives the age that positions must have, microseconds. */
  #wantTimeBase(moment: PublishMoment, checks: Checks): number {
    const delay_ms = this.#parameters.value(EV_DELAY);
    const { answersTimesync, latency_ms } = this.#options;
    if (delay_ms === null) {
      checks.want("time_base", false, `${EV_DELAY} is ${this.#parameters.state(EV_DELAY)}`);
      return 0;
    }
    if (answersTimesync) {
      const detail = `${EV_DELAY} ${delay_ms} and answered TIMESYNC stop the aiding after 50 s: set ${EV_DELAY} 0`;
      if (!checks.must("time_base", delay_ms === 0, delay_ms === 0 ? "our stamps, by TIMESYNC" : detail)) return 0;
      const synced = moment.autopilot_offset_us !== null;
      checks.want("timesync", synced, synced ? "answered" : "no TIMESYNC exchange yet");
      return latency_ms * 1000;
    }
    const possible = delay_ms >= 0 && delay_ms <= MAX_EV_DELAY_MS;
    checks.must("time_base", possible, `${EV_DELAY} ${delay_ms}${possible ? "" : `, at most ${MAX_EV_DELAY_MS}`}`);
    return possible ? Math.round(delay_ms * 1000) : 0;
  }
}
