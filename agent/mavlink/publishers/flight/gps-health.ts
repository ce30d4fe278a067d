import { common } from "node-mavlink";
import type { VehicleStatus } from "../../../vehicle/vehicle-state.js";
import { decodeAs } from "../../codec.js";
import type { MavlinkFrame } from "../../frame.js";
import { ARDUPILOT_FRAME } from "../../local-frame.js";
import type { PositionSample } from "./position-sample.js";
import { isArdupilot, isPx4 } from "./vehicle-kind.js";

/** unknown: too early to say; healthy: a 3D fix that the EKF does not doubt; lost: none, or one it does not use. */
export type GpsState = "unknown" | "healthy" | "lost";

const FIX_3D = 3;
/** GPS_RAW_INT comes at 1 Hz and more; after this long without it the receiver is gone. */
const SILENT_US = 3_000_000;
/** PX4 without a receiver sends no GPS_RAW_INT at all: after this long there is none. */
const NEVER_US = 10_000_000;
/** A change counts when it has lasted this long. */
const LOST_AFTER_US = 500_000;
const HEALTHY_AFTER_US = 1_000_000;
/** EKF_STATUS_REPORT and ESTIMATOR_STATUS have different bits for "GPS glitch". */
const ARDUPILOT_GLITCH = 32768;
const PX4_GLITCH = 1024;
/** A GPS this far from our position, beyond what both may be wrong, is not believed: it may be spoofed. */
const DISAGREES_M = 100;
const DISAGREES_SIGMA = 5;

/**
 * Whether the autopilot's own GPS can be flown on, from what the autopilot reports.
 *
 * Silence means different things: PX4 sends GPS_RAW_INT only while there is data, ArduPilot always, so that on ArduPilot
 * silence is a stream that was not asked for, or was lost, and no reason to leave a GPS that may well be healthy.
 */
export class GpsHealth {
  #state: GpsState = "unknown";
  #since_us = Number.NEGATIVE_INFINITY;
  /** What the newest reports say, and since when they say it without a break. */
  #seen: GpsState = "unknown";
  #seenSince_us = Number.NEGATIVE_INFINITY;
  #detail = "no report yet";
  #first_us: number | null = null;
  #raw_us: number | null = null;
  #rawFixType: number | null = null;
  #place: { readonly lat_deg: number; readonly lon_deg: number } | null = null;
  #sysid: number | null = null;

  get state(): GpsState {
    return this.#state;
  }

  /** Since when the state holds: the time of the first report that said so, microseconds. */
  get since_us(): number {
    return this.#since_us;
  }

  /** For people: what was seen. */
  get detail(): string {
    return this.#detail;
  }

  receive(frame: MavlinkFrame, now_us: number): void {
    if (frame.msgid !== common.GpsRawInt.MSG_ID || (this.#sysid !== null && frame.sysid !== this.#sysid)) return;
    const { fixType, lat, lon } = decodeAs(frame, common.GpsRawInt);
    this.#raw_us = now_us;
    this.#rawFixType = fixType;
    this.#place = fixType >= FIX_3D && (lat !== 0 || lon !== 0) ? { lat_deg: lat / 1e7, lon_deg: lon / 1e7 } : null;
  }

  /** Judges; call it at 5 Hz or more. `unused`: by its parameters the EKF has no GPS to use. */
  update(now_us: number, status: VehicleStatus, unused = false): void {
    const { vehicle, alive } = status;
    if (vehicle === null || !alive) return;
    this.#sysid = vehicle.sysid;
    this.#first_us ??= now_us;
    const { seen, detail } = unused
      ? ({ seen: "lost", detail: "by its parameters the EKF uses no GPS" } as const)
      : this.#look(now_us, status, this.#first_us, isPx4(vehicle));
    this.#detail = detail;
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.#seenSince_us = now_us;
    }
    if (seen === this.#state) return;
    const lasting_us = now_us - this.#seenSince_us;
    if (lasting_us >= (seen === "lost" ? LOST_AFTER_US : HEALTHY_AFTER_US)) {
      this.#state = seen;
      this.#since_us = this.#seenSince_us;
    }
  }

  /** Whether the GPS is where we are; null when it tells no place. */
  agrees(sample: Pick<PositionSample, "lat_deg" | "lon_deg" | "eph_m">): boolean | null {
    if (this.#place === null) return null;
    const { north_m, east_m } = ARDUPILOT_FRAME.toLocal(this.#place, sample);
    return Math.hypot(north_m, east_m) <= Math.max(DISAGREES_M, DISAGREES_SIGMA * sample.eph_m);
  }

  #look(now_us: number, status: VehicleStatus, first_us: number, px4: boolean): { seen: GpsState; detail: string } {
    if (this.#raw_us !== null && now_us - this.#raw_us > SILENT_US) {
      return { seen: px4 ? "lost" : "unknown", detail: "GPS_RAW_INT has stopped" };
    }
    const fixType = this.#rawFixType ?? status.gps_fix_type;
    if (fixType === null) {
      if (px4 && now_us - first_us >= NEVER_US) return { seen: "lost", detail: "the vehicle reports no GPS" };
      return { seen: "unknown", detail: "no GPS_RAW_INT yet" };
    }
    if (fixType < FIX_3D) return { seen: "lost", detail: `GPS fix type ${fixType}` };
    if (glitch(status)) return { seen: "lost", detail: "the EKF reports a GPS glitch" };
    return { seen: "healthy", detail: `GPS fix type ${fixType}` };
  }
}

function glitch({ vehicle, ekf_flags }: VehicleStatus): boolean {
  if (vehicle === null || ekf_flags === null) return false;
  if (isArdupilot(vehicle)) return (ekf_flags & ARDUPILOT_GLITCH) !== 0;
  return isPx4(vehicle) && (ekf_flags & PX4_GLITCH) !== 0;
}
