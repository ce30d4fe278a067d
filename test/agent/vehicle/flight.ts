import type { MavLinkData } from "node-mavlink";
import { MavlinkVehicleModel, type VehicleModelOptions } from "../../../agent/vehicle/vehicle-model.js";
import { attitude, frameOf, heartbeat } from "./frames.js";

/** The autopilot's clock shows 0 at this time of ours. */
export const BOOT_AT_US = 50_000_000;

/** A model whose clock stands at the newest arrival; messages take no time. */
export function flight(options: Partial<VehicleModelOptions> = {}, first = heartbeat()) {
  let now_us = BOOT_AT_US;
  const model = new MavlinkVehicleModel({ clock: () => now_us, ...options });
  const at = (boot_ms: number) => BOOT_AT_US + boot_ms * 1000;
  const send = (boot_ms: number, ...messages: MavLinkData[]) => {
    now_us = at(boot_ms);
    for (const one of messages) model.receive(frameOf(one), now_us);
  };
  send(0, first);
  return { model, at, send, wait: (boot_ms: number) => (now_us = at(boot_ms)) };
}

/** One second of level flight at 10 Hz from 1000 ms on. */
export function levelFlight(send: (boot_ms: number, ...messages: MavLinkData[]) => void, ...others: MavLinkData[]) {
  for (let boot_ms = 1000; boot_ms <= 2000; boot_ms += 100) send(boot_ms, attitude(boot_ms, {}), ...others);
}
