import type { MavLinkData } from "node-mavlink";
import type { MavlinkFrame } from "../../frame.js";
import { encodeGlobalPositionSensor, encodeOdometryVelocity } from "../encoding.js";
import type { PublishMoment } from "../flight-publisher.js";
import type { Checks } from "./checks.js";
import { GuardedPublisher, type Turn } from "./guarded-publisher.js";
import { odometryQuality } from "./local-position.js";
import { Pace } from "./pace.js";
import type { ParameterReader } from "./parameter-reader.js";
import { sampleAt, wantPosition } from "./position-sample.js";
import { EV_DELAY } from "./px4-local.js";
import { EV_CONTROL, EV_VELOCITY_BIT, Px4Velocity } from "./px4-velocity.js";
import { isPx4, vehicleText, wantVehicle } from "./vehicle-kind.js";

export interface GlobalPositionSensorFlightOptions {
  /** 2 to 20 Hz: at 1 Hz two of two missions with turns ended badly. */
  readonly rate_hz: number;
  /** Sensor id, 0..255: PX4 binds a slot (EKF2_AGPn_ID) to the first that it sees on a link. */
  readonly sensorId: number;
  /** The least 1-sigma error that is stated, metres: with eph 2 PX4 dropped a good feed in a turn, with 5 it did not. */
  readonly eph_floor_m: number;
}

/** Gaps of 200 ms keep PX4 from taking velocities. */
const VELOCITY_RATE_HZ = 10;
/** Older velocities than this lie before any fusion horizon. */
const MAX_VELOCITY_AGE_MS = 300;

/** Firmware with the receiver has this one; older firmware has EKF2_AGP_CTRL, or nothing. */
export const AGP_CONTROL = "EKF2_AGP0_CTRL";

/**
 * GLOBAL_POSITION_SENSOR for PX4, moved on to the time of sending: PX4 stamps it on arrival, whatever time it carries.
 * Without a position nothing at all is sent: PX4 ignores the flags, so that only silence says "no fix".
 *
 * Where EKF2_EV_CTRL takes velocities, ODOMETRY with the velocity alone goes beside it: the velocity of EKF2_EV_DELAY ago,
 * which PX4 takes off.
 */
export class GlobalPositionSensorFlight extends GuardedPublisher {
  readonly name = "global_position_sensor";
  readonly #options: GlobalPositionSensorFlightOptions;
  readonly #parameters: ParameterReader;
  readonly #positions: Pace;
  readonly #velocity: Px4Velocity;

  constructor(options: GlobalPositionSensorFlightOptions, parameters: ParameterReader) {
    const rate_hz = Math.max(options.rate_hz, VELOCITY_RATE_HZ);
    super(rate_hz);
    this.#options = options;
    this.#parameters = parameters;
    this.#positions = new Pace(options.rate_hz);
    this.#velocity = new Px4Velocity(rate_hz);
    parameters.want([AGP_CONTROL, EV_CONTROL, EV_DELAY]);
  }

  override receive(frame: MavlinkFrame): void {
    this.#velocity.receive(frame);
  }

  protected turn(moment: PublishMoment, checks: Checks): Turn {
    const vehicle = wantVehicle(moment.status, checks);
    if (vehicle !== null) {
      const px4 = isPx4(vehicle);
      checks.must("autopilot", px4, px4 ? "PX4" : `${vehicleText(vehicle)} ignores this message`);
      const state = this.#parameters.state(AGP_CONTROL);
      checks.must("receiver", state !== "absent", `${AGP_CONTROL} is ${state}`);
    }
    const sample = wantPosition(moment, moment.now_us, checks);
    const { sensorId, eph_floor_m } = this.#options;
    return {
      requests: [],
      feed: () => {
        if (sample === null) return [];
        const messages = this.#velocities(moment);
        if (!this.#positions.due(moment.now_us)) return messages;
        const eph_m = Math.max(sample.eph_m, eph_floor_m);
        return [encodeGlobalPositionSensor({ ...sample, eph_m, alt_m: null }, sensorId), ...messages];
      },
    };
  }

  #velocities(moment: PublishMoment): MavLinkData[] {
    const { now_us } = moment;
    const control = this.#parameters.value(EV_CONTROL) ?? 0;
    const delay_ms = this.#parameters.value(EV_DELAY);
    if ((control & EV_VELOCITY_BIT) === 0 || delay_ms === null) return [];
    if (delay_ms < 0 || delay_ms > MAX_VELOCITY_AGE_MS) return [];
    const then = sampleAt(moment, now_us - delay_ms * 1000);
    if ("missing" in then) return [];
    const { sample } = then;
    const velocity = this.#velocity.of(sample);
    return [encodeOdometryVelocity(now_us, velocity, sample.reset_counter, odometryQuality(sample.eph_m))];
  }
}
