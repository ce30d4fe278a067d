import { common } from "node-mavlink";
import type { PublishMoment } from "../flight-publisher.js";
import type { Checks } from "./checks.js";
import { GuardedPublisher, type Turn } from "./guarded-publisher.js";
import type { ParameterReader } from "./parameter-reader.js";
import { type PositionSample, wantPosition } from "./position-sample.js";
import { isArdupilot, vehicleText, wantVehicle } from "./vehicle-kind.js";

export interface GpsInputOptions {
  /** 5 to 10 Hz: at 2 Hz ArduPilot's GPS check fails. */
  readonly rate_hz: number;
  /** The constant age of every position, at most 250 ms, to be written into GPS1_DELAY_MS. */
  readonly latency_ms: number;
  /** Altitude of the take-off place above mean sea level, used while the vehicle is disarmed and tells none; or null. */
  readonly ground_alt_m: number | null;
}

const GPS_ID = 0;
const FIX_3D = 3;
/** As many as ArduPilot's checks want; it takes fewer than 6 for a bad fix. */
const SATELLITES = 10;
const GPS_TYPE_MAV = 14;
/** ArduPilot does not arm on a GPS that states 5 m or more. */
const MAX_START_HACC_M = 5;
/** Speed accuracy and vertical accuracy are not stated or are as good as unknown. */
const VERTICAL_ACCURACY_M = 10;
const NO_VELOCITY =
  common.GpsInputIgnoreFlags.VEL_HORIZ |
  common.GpsInputIgnoreFlags.VEL_VERT |
  common.GpsInputIgnoreFlags.SPEED_ACCURACY;

/** The type of the first GPS; the second name is that of firmware before 4.6. */
export const GPS_TYPES = ["GPS1_TYPE", "GPS_TYPE"] as const;
export const SECOND_GPS_TYPES = ["GPS2_TYPE", "GPS_TYPE2"] as const;

/**
 * GPS_INPUT (232) for ArduPilot: a position in the clothes of a GPS, only where the configuration asks for it by name.
 *
 * It must be the first and only GPS of the vehicle, from the ground on: as a second one that takes over in flight it has
 * no velocity, and a copter lands about a second later. The altitude has to be a real one: the vehicle's own.
 */
export class GpsInputFlight extends GuardedPublisher {
  readonly name = "gps_input";
  readonly #options: GpsInputOptions;
  readonly #parameters: ParameterReader;
  #began = false;

  constructor(options: GpsInputOptions, parameters: ParameterReader) {
    super(options.rate_hz);
    this.#options = options;
    this.#parameters = parameters;
    parameters.want(GPS_TYPES);
  }

  protected turn(moment: PublishMoment, checks: Checks): Turn {
    const { now_us, status } = moment;
    const vehicle = wantVehicle(status, checks);
    if (vehicle !== null) {
      const ardupilot = isArdupilot(vehicle);
      checks.must("autopilot", ardupilot, ardupilot ? "ArduPilot" : `${vehicleText(vehicle)} has no GPS_INPUT`);
      const type = this.#parameters.value("GPS1_TYPE") ?? this.#parameters.value("GPS_TYPE");
      if (type === null) checks.want("first_gps", false, "GPS1_TYPE is not read yet");
      else checks.must("first_gps", type === GPS_TYPE_MAV, `GPS1_TYPE ${type}, must be ${GPS_TYPE_MAV}`);
    }
    const alt_m = this.#altitude(moment);
    const source = "the vehicle tells no altitude and no ground altitude is configured";
    checks.must("altitude", alt_m !== null, alt_m === null ? source : `${alt_m.toFixed(1)} m above sea level`);
    const sample = wantPosition(moment, now_us - this.#options.latency_ms * 1000, checks);
    if (!this.#began) {
      checks.want(
        "on_ground",
        status.armed === false,
        status.armed === false ? "disarmed" : "begins on the ground only",
      );
      if (sample !== null) {
        const good = sample.eph_m < MAX_START_HACC_M;
        checks.want("accuracy", good, `1-sigma ${sample.eph_m.toFixed(1)} m, below ${MAX_START_HACC_M} to begin`);
      }
    }
    return {
      requests: [],
      feed: () => {
        if (sample === null || alt_m === null) return [];
        this.#began = true;
        return [gpsInput(sample, alt_m)];
      },
    };
  }

  /** Altitude above mean sea level, or null where none is known for real. */
  #altitude({ status }: PublishMoment): number | null {
    const own = status.position?.alt_m;
    if (own !== undefined && Number.isFinite(own)) return own;
    return status.armed === false ? this.#options.ground_alt_m : null;
  }
}

function gpsInput(sample: PositionSample, alt_m: number): common.GpsInput {
  const message = new common.GpsInput();
  message.timeUsec = BigInt(sample.t_us);
  message.gpsId = GPS_ID;
  message.ignoreFlags = NO_VELOCITY;
  // No GPS time: ArduPilot then goes by arrival, which GPS1_DELAY_MS puts right.
  message.timeWeekMs = 0;
  message.timeWeek = 0;
  message.fixType = FIX_3D;
  message.lat = Math.round(sample.lat_deg * 1e7);
  message.lon = Math.round(sample.lon_deg * 1e7);
  message.alt = alt_m;
  message.hdop = 1;
  message.vdop = 1;
  message.vn = 0;
  message.ve = 0;
  message.vd = 0;
  message.speedAccuracy = 0;
  message.horizAccuracy = sample.eph_m;
  message.vertAccuracy = VERTICAL_ACCURACY_M;
  message.satellitesVisible = SATELLITES;
  message.yaw = 0;
  return message;
}
