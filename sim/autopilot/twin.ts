import { Rng } from "../world/random.js";
import type { TwinKind } from "./kinds.js";
import type { FlightLog } from "./log/flight-log.js";
import { type TwinOptions, twinOptions } from "./options.js";
import { Channel } from "./protocol/channel.js";
import { MAKERS } from "./protocol/telemetry.js";
import { Vehicle } from "./vehicle.js";

const ORIGIN = 49;

/**
 * An autopilot in flight that speaks MAVLink messages: deterministic, in steps of 10 ms, without sockets and without a
 * clock. What is sent to it goes into a channel; what it says comes out of the same.
 */
export class Twin {
  readonly vehicle: Vehicle;
  readonly #rng: Rng;
  readonly #channels = new Set<Channel>();
  #originTold = false;

  /** Throws a UserError for options that cannot be flown. */
  constructor(options: Partial<TwinOptions> & { readonly kind: TwinKind }) {
    this.vehicle = new Vehicle(twinOptions(options));
    this.#rng = new Rng(this.vehicle.options.seed ^ 0x5eed);
  }

  /** Microseconds since boot. */
  get t_us(): number {
    return this.vehicle.t_us;
  }
  get log(): FlightLog {
    return this.vehicle.log;
  }

  /** A new link of the autopilot. */
  openChannel(): Channel {
    const channel: Channel = new Channel(this.vehicle, new Rng(this.#rng.seed()), (name) => {
      for (const other of this.#channels) if (other !== channel) other.announce(name);
    });
    this.#channels.add(channel);
    return channel;
  }

  closeChannel(channel: Channel): void {
    this.#channels.delete(channel);
  }

  /** 10 ms of flight. */
  step(): void {
    this.vehicle.step();
    for (const { severity, text } of this.vehicle.texts.splice(0)) {
      for (const channel of this.#channels) channel.text(severity, text);
    }
    if (!this.#originTold && this.vehicle.ekf.origin !== null) {
      this.#originTold = true;
      for (const channel of this.#channels) this.#tellOrigin(channel);
    }
    for (const channel of this.#channels) channel.step();
  }

  /** Flies for so many seconds. */
  run(seconds: number): void {
    const until_us = this.t_us + Math.round(seconds * 1e6);
    while (this.t_us < until_us) this.step();
  }

  #tellOrigin(channel: Channel): void {
    const message = MAKERS[this.vehicle.traits.firmware].get(ORIGIN)?.(this.vehicle);
    if (message !== undefined && message !== null) channel.send(message);
  }
}
