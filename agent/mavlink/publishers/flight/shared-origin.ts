import { common, type MavLinkData } from "node-mavlink";
import type { VehicleStatus } from "../../../vehicle/vehicle-state.js";
import { decodeAs } from "../../codec.js";
import type { MavlinkFrame } from "../../frame.js";
import type { Vehicle } from "../../identity.js";
import { type GeoOrigin, LocalOrigin } from "../../origin.js";
import { commandLong } from "./commands.js";
import { Pace } from "./pace.js";
import { isArdupilot } from "./vehicle-kind.js";

/** How often the vehicle is asked for its origin, or offered one, until it has told it. */
const REQUEST_HZ = 1;
/** GLOBAL_POSITION_INTs in a row that show an ArduPilot at 0/0, after which it is taken to have no origin. */
const NOWHERE = 10;

/**
 * The origin that both ends count local positions from. Only what the vehicle itself tells counts; a configured origin is
 * offered to it, and its answer waited for: ArduPilot takes local positions without an origin, reports a good absolute
 * position, and shows the vehicle at 0/0. Where it shows itself there although it has told an origin, it has restarted so
 * soon after its start that its times did not show it.
 */
export class SharedOrigin {
  readonly #configured: GeoOrigin | null;
  #offer: LocalOrigin;
  readonly #pace = new Pace(REQUEST_HZ);
  #current: GeoOrigin | null = null;
  #fromStatus: GeoOrigin | null = null;
  #vehicle: Vehicle | null = null;
  #nowhere = 0;

  constructor(configured: GeoOrigin | null) {
    this.#configured = configured;
    this.#offer = new LocalOrigin(configured);
  }

  /** The origin that the vehicle has told, or null. */
  get current(): GeoOrigin | null {
    return this.#current;
  }

  /** For people: the origin, or what is being done to get one. */
  get detail(): string {
    const origin = this.#current;
    if (origin !== null)
      return `${origin.lat_deg.toFixed(7)} ${origin.lon_deg.toFixed(7)} ${origin.alt_m.toFixed(1)} m`;
    return this.#configured !== null
      ? "offered to the vehicle, not confirmed"
      : "the vehicle has none, and none is configured";
  }

  /** Takes what the vehicle model knows: it may have heard the origin before this publisher was there. */
  update(status: VehicleStatus): void {
    if (status.vehicle !== null) this.#vehicle = status.vehicle;
    const { origin } = status;
    if (origin === null && this.#fromStatus !== null) {
      // The vehicle began anew: it has forgotten its origin, and must be offered one again.
      this.#fromStatus = null;
      this.#forget();
    }
    if (origin === null || (this.#fromStatus !== null && sameOrigin(origin, this.#fromStatus))) return;
    this.#fromStatus = origin;
    this.#take(origin);
  }

  /** Keeps the same object for the same origin: a repetition is no change. */
  #take(origin: GeoOrigin): void {
    if (this.#current === null || !sameOrigin(this.#current, origin)) this.#current = origin;
  }

  #forget(): void {
    this.#current = null;
    this.#nowhere = 0;
    this.#offer = new LocalOrigin(this.#configured);
  }

  /** Takes a GPS_GLOBAL_ORIGIN of the vehicle, and looks at where it shows itself. */
  receive(frame: MavlinkFrame): void {
    if (this.#vehicle !== null && frame.sysid !== this.#vehicle.sysid) return;
    if (frame.msgid === common.GlobalPositionInt.MSG_ID) {
      const { lat, lon } = decodeAs(frame, common.GlobalPositionInt);
      const nowhere = this.#vehicle !== null && isArdupilot(this.#vehicle) && lat === 0 && lon === 0;
      this.#nowhere = nowhere && this.#current !== null ? this.#nowhere + 1 : 0;
      if (this.#nowhere >= NOWHERE) this.#forget();
      return;
    }
    if (frame.msgid !== common.GpsGlobalOrigin.MSG_ID) return;
    this.#offer.observe(frame);
    const told = this.#offer.current(true);
    if (told !== null) this.#take(told);
  }

  /** Offers the configured origin and asks for the vehicle's, once a second until it is known. */
  requests(now_us: number): readonly MavLinkData[] {
    if (this.#current !== null || this.#vehicle === null || !this.#pace.due(now_us)) return [];
    const { sysid } = this.#vehicle;
    const offer = this.#offer.request(sysid);
    const ask = commandLong(sysid, common.MavCmd.REQUEST_MESSAGE, common.GpsGlobalOrigin.MSG_ID);
    return offer === null ? [ask] : [offer, ask];
  }
}

export function sameOrigin(a: GeoOrigin, b: GeoOrigin): boolean {
  return a.lat_deg === b.lat_deg && a.lon_deg === b.lon_deg && a.alt_m === b.alt_m;
}
