import type { MavLinkData } from "node-mavlink";
import type { LinksPart } from "../../agent/daemon/parts.js";
import { encodeMessage } from "../../agent/mavlink/codec.js";
import { frameFromBytes } from "../../agent/mavlink/frame.js";
import { SenderIdentity } from "../../agent/mavlink/identity.js";
import { MessageRequests } from "../../agent/mavlink/message-requests.js";
import { Timesync } from "../../agent/mavlink/timesync.js";
import type { FrameListener } from "../../agent/mavlink/vehicle-port.js";
import type { ClockMap } from "../../agent/vehicle/boot-clock.js";
import type { Twin } from "../../sim/autopilot/twin.js";

const TICK_US = 50_000;
const NO_LATENESS = { ticks: 0, missed: 0, p50_us: 0, p99_us: 0, max_us: 0 };

/**
 * The daemon's links on a channel of the twin, in the time of the flight: no sockets, but everything goes through the codec,
 * with the agent's own TIMESYNC and its own requests for messages.
 */
export class Wire implements LinksPart {
  readonly statuses = [];
  readonly heartbeatLateness = NO_LATENESS;
  readonly #twin: Twin;
  readonly #channel;
  readonly #identity = new SenderIdentity();
  readonly #timesync = new Timesync(this.#identity, { answer: false });
  readonly #requests = new MessageRequests(this.#identity);
  readonly #listeners = new Set<FrameListener>();
  readonly #now_us: () => number;
  #sent = 0;
  #heard = 0;
  #tick_us = 0;

  constructor(twin: Twin, now_us: () => number) {
    this.#twin = twin;
    this.#channel = twin.openChannel();
    this.#now_us = now_us;
  }

  /** The autopilot's clock by TIMESYNC. */
  readonly clockMap: ClockMap = {
    toAgent_us: (boot_us) => {
      const offset_us = this.offsetAt(this.#now_us());
      return offset_us === null ? null : boot_us - offset_us;
    },
  };

  /** Hears what the autopilot has said; to be called after each of its steps. */
  listen(): void {
    const now_us = this.#now_us();
    const { sysid } = this.#twin.vehicle.traits;
    for (const message of this.#channel.take()) {
      const frame = frameFromBytes(encodeMessage(message, { sysid, compid: 1, seq: this.#heard++ & 0xff }));
      this.#identity.observe(frame, now_us / 1000);
      for (const service of [this.#timesync, this.#requests]) this.#sendAll(service.observe(frame, now_us));
      for (const listener of this.#listeners) listener(frame, now_us);
    }
    if (now_us < this.#tick_us) return;
    this.#tick_us = now_us + TICK_US;
    for (const service of [this.#timesync, this.#requests]) this.#sendAll(service.tick(now_us));
  }

  onVehicleFrame(listener: FrameListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  send(message: MavLinkData): Promise<boolean> {
    const { sysid, compid } = this.#identity;
    this.#channel.receive(frameFromBytes(encodeMessage(message, { sysid, compid, seq: this.#sent++ & 0xff })));
    return Promise.resolve(true);
  }

  async broadcast(message: MavLinkData): Promise<number> {
    await this.send(message);
    return 1;
  }

  statusText(): boolean {
    return true;
  }

  offsetAt(t_us: number): number | null {
    return this.#timesync.offsetAt(t_us);
  }

  close(): Promise<void> {
    this.#twin.closeChannel(this.#channel);
    return Promise.resolve();
  }

  #sendAll(messages: readonly MavLinkData[]): void {
    for (const message of messages) void this.send(message);
  }
}
