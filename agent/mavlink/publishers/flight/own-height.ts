import { common } from "node-mavlink";
import type { VehicleStatus } from "../../../vehicle/vehicle-state.js";
import { decodeAs } from "../../codec.js";
import type { MavlinkFrame } from "../../frame.js";
import type { GeoOrigin } from "../../origin.js";

/**
 * How far below its origin ArduPilot believes itself to be.
 *
 * Where ArduPilot begins to use vision it sets its height to that of the message, whatever its source of height is: with 0
 * it believes itself on the ground for the five seconds until the barometer is let back in, and climbs. So it is told its
 * own height back.
 *
 * While it has no position its altitude above the sea is an old one, and only the height over home goes on (over the ground
 * where it was switched on, before there is a home); where home lies is known from when it had one.
 */
export class OwnHeight {
  #heard: { readonly alt_m: number; readonly over_home_m: number } | null = null;
  #home_amsl_m: number | null = null;

  /** Takes a frame of the vehicle. */
  receive(frame: MavlinkFrame): void {
    if (frame.msgid !== common.GlobalPositionInt.MSG_ID) return;
    const { alt, relativeAlt } = decodeAs(frame, common.GlobalPositionInt);
    this.#heard = { alt_m: alt / 1000, over_home_m: relativeAlt / 1000 };
  }

  /** Looks at whether the vehicle has a position, as its EKF says. */
  update({ position, ekf_flags }: VehicleStatus): void {
    if (this.#heard === null || position === null || ekf_flags === null) return;
    this.#home_amsl_m = this.#heard.alt_m - this.#heard.over_home_m;
  }

  /** Metres below an origin; 0 while the vehicle has told no height. */
  down_m(origin: GeoOrigin): number {
    if (this.#heard === null) return 0;
    return origin.alt_m - (this.#home_amsl_m ?? origin.alt_m) - this.#heard.over_home_m;
  }
}
