import { common } from "node-mavlink";
import { decodeAs } from "./codec.js";
import type { MavlinkFrame } from "./frame.js";
import type { LatLon } from "./local-frame.js";

/** The point that local positions are counted from. */
export interface GeoOrigin extends LatLon {
  /** Above mean sea level. */
  readonly alt_m: number;
}

/** As GPS_GLOBAL_ORIGIN carries it: what both ends compare. */
interface OriginInts {
  readonly latitude: number;
  readonly longitude: number;
  readonly altitude: number;
}

function toInts(origin: GeoOrigin): OriginInts {
  return {
    latitude: Math.round(origin.lat_deg * 1e7),
    longitude: Math.round(origin.lon_deg * 1e7),
    altitude: Math.round(origin.alt_m * 1e3),
  };
}

function toOrigin(ints: OriginInts): GeoOrigin {
  return { lat_deg: ints.latitude / 1e7, lon_deg: ints.longitude / 1e7, alt_m: ints.altitude / 1e3 };
}

/**
 * The origin of the vehicle's local frame, as far as we know it.
 *
 * What the vehicle says (GPS_GLOBAL_ORIGIN) always counts. An origin from the configuration is offered to the vehicle
 * (SET_GPS_GLOBAL_ORIGIN), and counts by itself only on a link on which no vehicle was heard (replay into a file or a
 * listener): ArduPilot takes local positions without having an origin, and then shows the vehicle at 0/0.
 */
export class LocalOrigin {
  #configured: OriginInts | null;
  #told: OriginInts | null = null;

  constructor(configured: GeoOrigin | null = null) {
    this.#configured = configured === null ? null : toInts(configured);
  }

  /** Sets the configured origin, once. */
  configure(origin: GeoOrigin): void {
    this.#configured ??= toInts(origin);
  }

  get configured(): boolean {
    return this.#configured !== null;
  }

  /** The vehicle has told its origin. */
  get confirmed(): boolean {
    return this.#told !== null;
  }

  /** The origin to count from now, or null if there is none that the other end shares. */
  current(vehicleHeard: boolean): GeoOrigin | null {
    if (this.#told !== null) return toOrigin(this.#told);
    return this.#configured !== null && !vehicleHeard ? toOrigin(this.#configured) : null;
  }

  /** Takes a GPS_GLOBAL_ORIGIN of the vehicle; 0/0 stands for none. */
  observe(frame: MavlinkFrame): void {
    const { latitude, longitude, altitude } = decodeAs(frame, common.GpsGlobalOrigin);
    if (latitude !== 0 || longitude !== 0) this.#told = { latitude, longitude, altitude };
  }

  /** What to send so that vehicle `targetSystem` takes the configured origin; null when there is nothing to ask. */
  request(targetSystem: number): common.SetGpsGlobalOrigin | null {
    if (this.#configured === null || this.#told !== null) return null;
    const message = new common.SetGpsGlobalOrigin();
    Object.assign(message, this.#configured, { targetSystem, timeUsec: 0n });
    return message;
  }
}
