import { encodeGlobalPositionSensor } from "../encoding.js";
import type { PublishMoment } from "../flight-publisher.js";
import type { Checks } from "./checks.js";
import { GuardedPublisher, type Turn } from "./guarded-publisher.js";
import type { ParameterReader } from "./parameter-reader.js";
import { wantPosition } from "./position-sample.js";
import { isPx4, vehicleText, wantVehicle } from "./vehicle-kind.js";

export interface GlobalPositionSensorFlightOptions {
  /** 2 to 20 Hz: at 1 Hz two of two missions with turns ended badly. */
  readonly rate_hz: number;
  /** Sensor id, 0..255: PX4 binds a slot (EKF2_AGPn_ID) to the first that it sees on a link. */
  readonly sensorId: number;
  /** The least 1-sigma error that is stated, metres: with eph 2 PX4 dropped a good feed in a turn, with 5 it did not. */
  readonly eph_floor_m: number;
}

/** Firmware with the receiver has this one; older firmware has EKF2_AGP_CTRL, or nothing. */
export const AGP_CONTROL = "EKF2_AGP0_CTRL";

/**
 * GLOBAL_POSITION_SENSOR for PX4, moved on to the time of sending: PX4 stamps it on arrival, whatever time it carries.
 * Without a position nothing at all is sent: PX4 ignores the flags, so that only silence says "no fix".
 */
export class GlobalPositionSensorFlight extends GuardedPublisher {
  readonly name = "global_position_sensor";
  readonly #options: GlobalPositionSensorFlightOptions;
  readonly #parameters: ParameterReader;

  constructor(options: GlobalPositionSensorFlightOptions, parameters: ParameterReader) {
    super(options.rate_hz);
    this.#options = options;
    this.#parameters = parameters;
    parameters.want([AGP_CONTROL]);
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
        const eph_m = Math.max(sample.eph_m, eph_floor_m);
        return [encodeGlobalPositionSensor({ ...sample, eph_m, alt_m: null }, sensorId)];
      },
    };
  }
}
